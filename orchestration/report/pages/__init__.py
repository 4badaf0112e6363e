"""The pages, in the order of the menu. A new one is a module here and two lines below."""

from orchestration.report.page import Page
from orchestration.report.pages import (
    agreement,
    content,
    definitions,
    funnel,
    handoffs,
    overview,
    profiles,
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
    profiles.PAGE,
    content.PAGE,
    wins.PAGE,
    scorecards.PAGE,
    quality.PAGE,
    agreement.PAGE,
)
