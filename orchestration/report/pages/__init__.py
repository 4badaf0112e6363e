"""The pages of the report, in the order of the menu. A new page is a module here and a line below."""

from orchestration.report.page import Page
from orchestration.report.pages import (
    agreement,
    definitions,
    funnel,
    handoffs,
    overview,
    quality,
    rejections,
    scorecards,
    wins,
)

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    funnel.PAGE,
    handoffs.PAGE,
    rejections.PAGE,
    definitions.PAGE,
    wins.PAGE,
    scorecards.PAGE,
    quality.PAGE,
    agreement.PAGE,
)
