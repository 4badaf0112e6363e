"""Data Docs: verdicts as pages of one folder that a browser reads without the internet.

Great Expectations renders the results; the page around them is ours, since its own is made of style
sheets and scripts that come from the internet. No page holds a value of a row, only keys.
"""

from __future__ import annotations

import html
import json
import shutil
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expectations.validation import Failure, Verdict

CURRENT = "current"
INDEX = "index.html"

Boundary = Literal["what enters", "what leaves"]
_BOUNDARIES: tuple[Boundary, ...] = ("what enters", "what leaves")

_TEMPLATE = "data_docs_page.j2"

# What Great Expectations calls the rows that it shows; here they are told by their keys.
_SAMPLE = "Sampled Unexpected Values"
_KEYS = "Rows, by their keys (the first few)"


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """When and for what a boundary was looked at; times are ISO text in UTC."""

    run_id: str
    as_of: str
    looked_at: str


def write_data_docs(
    folder: Path, boundary: Boundary, verdicts: Sequence[Verdict], occasion: Occasion
) -> Path:
    """Write the pages of a boundary beside those of the other one, and return the page of all.

    `<folder>/current` is switched to the new pages in one step; the former ones are removed. Only
    the holder of the run lock may call this.
    """
    folder.mkdir(parents=True, exist_ok=True)
    former = (folder / CURRENT).resolve()
    draft = _free(folder)
    draft.mkdir()
    parts = {}
    for one in _BOUNDARIES:
        note = former / _note(one)
        if one != boundary and note.is_file():
            parts[one] = json.loads(note.read_text())
            shutil.copy(note, draft)
            for suite in parts[one]["suites"]:
                shutil.copy(former / f"{suite['name']}.html", draft)
    parts[boundary] = {**asdict(occasion), "suites": [_told(one) for one in verdicts]}
    (draft / _note(boundary)).write_text(json.dumps(parts[boundary], indent=1))
    view = _view()
    for verdict in verdicts:
        (draft / f"{verdict.suite}.html").write_text(_page(view, verdict))
    (draft / INDEX).write_text(_index(view, boundary, parts))
    _switch(folder, draft)
    return folder / CURRENT / INDEX


def _note(boundary: Boundary) -> str:
    return f"{boundary.replace(' ', '_')}.json"


def _free(folder: Path) -> Path:
    taken = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
    return folder / str(max(taken, default=0) + 1)


def _switch(folder: Path, draft: Path) -> None:
    link = folder / f".{CURRENT}"
    link.unlink(missing_ok=True)
    link.symlink_to(draft.name)
    link.replace(folder / CURRENT)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path != draft:
            shutil.rmtree(path)


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.suite,
        "verdict": _word(verdict),
        "rules": verdict.rules,
        "rows": verdict.rows,
        "failures": [_failure(one) for one in verdict.failures],
        "errors": len(verdict.errors),
    }


def _word(verdict: Verdict) -> str:
    if verdict.errors:
        return "error"
    if verdict.is_passed:
        return "passed"
    return "critical" if verdict.is_blocking else "warning"


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "severity": failure.severity,
        "description": failure.description,
        "count": failure.count,
    }


def _view() -> Any:
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415  # slow

    return DefaultJinjaPageView(custom_views_directory=str(Path(__file__).parent))


def _index(view: Any, boundary: Boundary, parts: dict[Boundary, dict[str, Any]]) -> str:
    run_id = parts[boundary]["run_id"]
    boundaries = [
        {"title": one.capitalize(), "is_former": parts[one]["run_id"] != run_id, **parts[one]}
        for one in _BOUNDARIES
        if one in parts
    ]
    page = view.env.get_template(_TEMPLATE).render(heading="Data Docs", boundaries=boundaries)
    return str(page)


def _page(view: Any, verdict: Verdict) -> str:
    from great_expectations.core import ExpectationSuiteValidationResult  # noqa: PLC0415
    from great_expectations.render.renderer.page_renderer import (  # noqa: PLC0415
        ValidationResultsPageRenderer,
    )

    sections: list[dict[str, Any]] = []
    if verdict.results:
        results = [_shown(one) for one in verdict.results]
        holding = sum(bool(one.success) for one in results)
        document = ValidationResultsPageRenderer().render(
            ExpectationSuiteValidationResult(
                success=verdict.is_passed,
                results=results,
                suite_name=verdict.suite,
                statistics={
                    "evaluated_expectations": len(results),
                    "successful_expectations": holding,
                    "unsuccessful_expectations": len(results) - holding,
                    "success_percent": 100 * holding / len(results),
                },
                meta={},
            )
        )
        # The first one tells of Great Expectations itself.
        sections = document.to_json_dict()["sections"][1:]
    unread = len(verdict.errors) - sum(
        bool(one.exception_info.get("raised_exception")) for one in verdict.results
    )
    page = view.env.get_template(_TEMPLATE).render(
        heading=verdict.suite,
        sections=sections,
        renderer_type="ValidationResultsPageRenderer",
        errors=["The columns could not be read: the log of the run says why"] if unread else [],
    )
    return str(page).replace(_SAMPLE, _KEYS)


def _shown(result: Any) -> Any:
    """A result with its severity, and safe to put into a page: its templates do not escape."""
    shown = deepcopy(result)
    config = shown.expectation_config
    config.description = f"{html.escape(config.description)} ({config.severity.value})"
    if keys := shown.result.get("partial_unexpected_list"):
        shown.result["partial_unexpected_list"] = [html.escape(one) for one in keys]
    return shown
