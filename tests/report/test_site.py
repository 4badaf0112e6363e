"""The report of a real publication, looked at in a real browser."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe

from orchestration.definitions import definitions
from orchestration.instance import open_instance
from orchestration.job import JOB
from orchestration.publication import CURRENT, DATABASE, current_publication
from orchestration.query import query
from orchestration.report.__main__ import main, report
from orchestration.report.page import Page
from orchestration.report.pages import PAGES, scorecards
from orchestration.report.reading import open_reading
from orchestration.report.shelf import INDEX, names
from orchestration.report.site import file_of, make_site
from orchestration.run import describe_failure, run
from orchestration.workspace import PROJECT, Workspace, read_workspace
from tests.environment import run_environment
from tests.report import company as made_up
from tests.report.browser import opened_browser, visited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

WIDTHS = (360, 768, 1440)
FILES = [file_of(page) for page in PAGES]
FLAGS = {
    "low n": "is_small_sample",
    "left-truncated": "is_left_truncated",
    "immature": "is_immature",
}


@dataclass(frozen=True)
class Reported:
    workspace: Workspace
    summary: list[str]

    @property
    def folder(self) -> Path:
        return self.workspace.reports / CURRENT

    @property
    def database(self) -> Path:
        return (self.workspace.published / CURRENT / DATABASE).resolve()

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("set search_path = 'marts,quality'")
            found = connection.execute(sql, values)
            columns = [column[0] for column in found.description or []]
            return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reported]:
    root = tmp_path_factory.mktemp("reported")
    exports = made_up.write_exports(root / "company")
    with run_environment(exports, root / "workspaces"):
        workspace = read_workspace()
        yield Reported(workspace, run(workspace))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as opened:
        yield opened


def test_the_summary_names_the_page(reported: Reported) -> None:
    publication = current_publication(reported.workspace.published)
    assert publication is not None
    index = reported.workspace.reports / publication.run / INDEX
    assert f"report         {index}" in reported.summary
    assert reported.folder.resolve() == index.parent
    assert sorted(path.name for path in reported.folder.iterdir()) == sorted(FILES)


def test_a_report_that_fails_leaves_the_publication(reported: Reported) -> None:
    """Before a browser is open, since it publishes once more: the folder cannot be written."""
    reports = reported.workspace.reports
    kept = reports.rename(reports.with_name("reports.kept"))
    reports.write_text("in the way")
    former = current_publication(reported.workspace.published)
    with open_instance(reported.workspace) as instance:
        result = (
            definitions()
            .resolve_job_def(JOB)
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                op_selection=["published__marts", "report"],
            )
        )
    assert not result.success
    words = str(describe_failure(result))
    assert words.startswith("report: ")
    assert str(reports) in words
    current = current_publication(reported.workspace.published)
    assert current is not None
    assert former is not None
    assert current.run > former.run
    reports.unlink()
    kept.rename(reports)
    assert names(reports) == [former.run]
    # Of a publication that is not the current one it is made beside: `current` stays.
    (reports / CURRENT).unlink()
    report(reported.workspace, former.run)
    assert not (reports / CURRENT).exists()
    assert names(reports) == [former.run]
    report(reported.workspace)
    assert reported.folder.resolve().name == current.run


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("file", FILES)
def test_every_page_at_every_width(
    reported: Reported, browser: Browser, file: str, scheme: str
) -> None:
    for width in WIDTHS:
        path = reported.folder / file
        with visited(browser, path, width, color_scheme=scheme) as visit:
            page = visit.page
            assert visit.complaints == []
            assert [one for one in visit.requests if not one.startswith("file://")] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("html").get_attribute("lang") == "en"
            for chart in page.locator("figure.chart").all():
                drawn = chart.locator("svg:visible")
                assert drawn.count() == 1
                marks = drawn.locator("[class*='role-mark'] path, [class*='role-mark'] line")
                boxes = [box for one in marks.all()[:4] if (box := one.bounding_box())]
                assert boxes, f"{chart.get_attribute('data-chart')} has no mark"
                assert all(box["width"] + box["height"] > 0 for box in boxes)
            ink = page.evaluate("getComputedStyle(document.body).color")
            assert ink == ("rgb(23, 33, 43)" if scheme == "light" else "rgb(231, 237, 243)")


def test_there_are_charts(reported: Reported) -> None:
    """What the test above looks at is there."""
    drawn = {file: (reported.folder / file).read_text().count('"chart"') for file in FILES}
    assert {file for file, charts in drawn.items() if charts} >= {
        "funnel.html", "handoffs.html", "rejections.html", "definitions.html", "wins.html",
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_everybody_can_use_it(reported: Reported, browser: Browser, file: str) -> None:
    for width, scheme in ((1440, "light"), (360, "dark")):
        with visited(browser, reported.folder / file, width, color_scheme=scheme) as visit:
            # What is folded is looked at, too.
            visit.page.evaluate(
                "document.querySelectorAll('details').forEach((d) => d.open = true)"
            )
            found = Axe().run(visit.page)
            serious = [
                (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
                for one in found.response["violations"]
                if one["impact"] in {"serious", "critical"}
            ]
            assert serious == []


def _lines(table: Locator) -> list[list[str]]:
    found: list[list[str]] = table.evaluate(
        "(t) => [...t.tBodies[0].rows].filter((r) => !r.hidden)"
        ".map((r) => [...r.cells].map((c) => c.dataset.v ?? c.textContent.trim()))"
    )
    return found


def test_tables_sort_and_filter_by_keyboard(reported: Reported, browser: Browser) -> None:
    with visited(browser, reported.folder / "rejections.html") as visit:
        table = visit.page.locator("#last table")
        place = 1
        button = table.locator("thead th").nth(place).locator("button")
        button.focus()
        visit.page.keyboard.press("Enter")
        rising = [line[place] for line in _lines(table)]
        assert rising == sorted(rising)
        assert table.locator("thead th").nth(place).get_attribute("aria-sort") == "ascending"
        visit.page.keyboard.press("Enter")
        assert [line[place] for line in _lines(table)] == sorted(rising, reverse=True)
        assert len(set(rising)) > 1
    with visited(browser, reported.folder / "funnel.html") as visit:
        table = visit.page.locator("#conversion table")
        numbers = table.locator("thead th").nth(2).locator("button")
        numbers.click()
        entered = [float(line[2]) for line in _lines(table)]
        assert entered == sorted(entered)
        assert len(entered) == 21
        visit.page.locator("#conversion input[type=search]").fill("inquiry won")
        assert [line[:2] for line in _lines(table)] == [["Inquiry", "Customer won"]]
        assert visit.page.locator("#conversion .found").inner_text() == "1 of 21 rows"
        # What is picked is filtered and sorted as what was there before.
        visit.page.locator("#conversion select").nth(1).select_option(label="Any: really entered")
        (line,) = _lines(table)
        (row,) = reported.ask(
            "select entered, converted from rpt_funnel_conversion where unit = 'person'"
            " and policy = 'any' and method = 'cohort' and window_days is null"
            " and period_type = 'all' and segment = 'all' and from_stage = 'inquiry'"
            " and to_stage = 'won'"
        )
        assert [int(one) for one in line[2:4]] == [row["entered"], row["converted"]]


def test_without_its_script_each_page_shows_its_first_choice(
    reported: Reported, browser: Browser
) -> None:
    with visited(browser, reported.folder / "funnel.html", java_script_enabled=False) as visit:
        assert visit.page.locator("#as-it-was li .count").count() == 7
        assert visit.page.locator("#conversion tbody tr").count() == 21


def test_on_paper_there_is_no_menu_and_nothing_is_cut(reported: Reported, browser: Browser) -> None:
    with visited(browser, reported.folder / INDEX, 760) as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.locator("nav").is_visible()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 760


# -- The numbers ----------------------------------------------------------------------------------


def _is_shown(value: Any, shown: str) -> bool:
    if value is None:
        return shown == "–"
    if isinstance(value, bool):
        return shown == ("yes" if value else "no")
    if isinstance(value, (int, float)):
        return float(shown.replace(",", "")) == pytest.approx(float(value), rel=1e-9, abs=1e-9)
    return True


@pytest.mark.parametrize("file", FILES)
def test_every_number_comes_from_the_statement_beside_it(
    reported: Reported, browser: Browser, file: str
) -> None:
    """Each row that is first shown, cell by cell and mark by mark; and each can be asked again."""
    with visited(browser, reported.folder / file) as visit:
        numbers = 0
        for section in visit.page.locator("section.figure").all():
            sql = section.locator("[data-sql]").text_content() or ""
            rows = reported.ask(sql)
            assert query(reported.workspace, sql).endswith(("row)", "rows)", "more)"))
            for table in section.locator("table").all():
                heads = table.locator("thead th")
                columns = heads.evaluate_all("(all) => all.map((h) => h.dataset.column ?? '')")
                of = table.get_attribute("data-table")
                picked = section.locator(f"select[data-picker='{of}']").evaluate_all(
                    "(all) => all.map((s) => [s.dataset.column, s.value])"
                )
                of_choice = [
                    row
                    for row in rows
                    if all(
                        value == ("" if row[name] is None else f"={row[name]}")
                        for name, value in picked
                    )
                ]
                lines = _lines(table)
                assert len(lines) <= len(of_choice)
                for row, line in zip(of_choice, lines, strict=False):
                    for name, shown in zip(columns, line, strict=True):
                        if name:
                            assert _is_shown(row[name], shown), (name, row[name], shown)
                            numbers += isinstance(row[name], (int, float))
                        else:
                            expected = {mark for mark, flag in FLAGS.items() if row.get(flag)}
                            assert {mark for mark in FLAGS if mark in shown} == expected
                if len(lines) < len(of_choice):
                    cut = section.locator(f"[data-cut='{of}']").text_content() or ""
                    assert cut.startswith(
                        f"{len(lines)} of {len(of_choice):,} rows; the rest is in"
                    )
        assert numbers or file == "agreement.html"


def test_low_numbers_are_marked_in_words(reported: Reported, browser: Browser) -> None:
    """The test above compares marks: there are some, of each kind that the law knows."""
    with visited(browser, reported.folder / "funnel.html") as visit:
        text = visit.page.locator("#conversion-over-time").text_content() or ""
        assert all(mark in text for mark in FLAGS)
    (few,) = reported.ask(
        "select count(*) as n from rpt_funnel_conversion where is_small_sample and unit = 'person'"
    )
    assert few["n"] > 0


def _tiles(visit: Any, figure: str) -> dict[str, float | None]:
    found = visit.page.locator(f"#{figure} .value[data-row]").evaluate_all(
        "(all) => all.map((v) => [v.dataset.row, v.dataset.v ?? null, v.textContent])"
    )
    assert [told for _, value, told in found if value is None and told != "–"] == []
    return {row: None if value is None else float(value) for row, value, _ in found}


def test_every_number_of_the_overview_is_that_of_its_table(
    reported: Reported, browser: Browser
) -> None:
    """Asked in other words than the page does."""
    with visited(browser, reported.folder / INDEX) as visit:
        promises = _tiles(visit, "promises")
        assert len(promises) == 6
        for row, value in promises.items():
            team, metric, start = row.split("/")
            ((actual, status),) = [
                (one["actual"], one["status"])
                for one in reported.ask(
                    "select s.actual, s.status from rpt_scorecards as s"
                    " inner join dim_slas as d on s.metric = d.sla and d.is_in_force"
                    " and s.period_type = d.period"
                    " where s.team = ? and s.metric = ? and s.period_start = ?"
                    " and s.kind <> 'restated'",
                    *(team, metric, start),
                )
            ]
            assert value == (None if actual is None else pytest.approx(actual))
            tile = visit.page.locator(f".tile:has([data-row='{row}'])")
            assert (status or "none") in (tile.get_attribute("class") or "").split()
        targets = _tiles(visit, "targets")
        assert {row.split("/")[1] for row in targets} == {
            "stage:marketing_qualified", "pipeline_created", "won_value", "win_rate",
        }  # fmt: skip
        for row, value in targets.items():
            _, metric, start = row.split("/")
            expected = _target(reported, metric, start)
            assert value == (None if expected is None else pytest.approx(expected))
        data = _tiles(visit, "data")
        assert data == {
            name: float(reported.ask(f"select count(*) as n from {table}")[0]["n"])
            for name, table in {
                "persons": "dim_persons where not is_placeholder",
                "open_passes": "fct_passes where outcome = 'open'",
                "open_opportunities": "fct_opportunities where not is_closed and not is_deleted",
                "stale_exports": "source_freshness where is_stale",
                "findings": "findings",
            }.items()
        }
        balances = _lines(visit.page.locator("#standing table"))
    closing = reported.ask(
        "select closing from rpt_stage_balance where balance_date = ? order by stage_rank",
        "2025-12-31",
    )
    assert [int(line[4]) for line in balances] == [one["closing"] for one in closing]


def _target(reported: Reported, metric: str, start: str) -> float | None:
    if metric.startswith("stage:"):
        return float(
            reported.ask(
                "select sum(entered) as n from rpt_funnel_conversion where unit = 'pass'"
                " and policy = 'any' and method = 'cohort' and window_days is null"
                " and segment = 'all' and period_type = 'month' and period_start = ?"
                " and from_stage = ? and to_stage = 'won'",
                start, metric.removeprefix("stage:"),
            )[0]["n"] or 0
        )  # fmt: skip
    table = "rpt_win_loss" if metric == "win_rate" else "rpt_pipeline"
    (row,) = reported.ask(
        f"select {metric} as value from {table} where segment = 'all'"
        " and period_type = 'quarter' and period_start = ?", start,
    )  # fmt: skip
    return None if row["value"] is None else float(row["value"])


def _funnel(visit: Any) -> list[tuple[int, int, str]]:
    return [
        (int(reached), int(standing.replace(",", "")), of)
        for reached, standing, of in visit.page.locator("#as-it-was li").evaluate_all(
            "(all) => all.map((l) => [l.querySelector('.count').dataset.v,"
            " l.querySelector('[data-standing]').textContent, l.querySelector('.of').textContent])"
        )
    ]


def _reached(reported: Reported, day: str) -> list[tuple[int, int]]:
    """Passes that had reached each stage by a day, and of these the next one: pass by pass."""
    passes: dict[str, list[int]] = {}
    for row in reported.ask(
        "select pass_key, stage_rank from fct_pass_stages where entered_date <= ?", day
    ):
        passes.setdefault(row["pass_key"], []).append(row["stage_rank"])
    ranks = [
        row["r"]
        for row in reported.ask("select distinct stage_rank as r from fct_pass_stages order by 1")
    ]
    spans = [(min(entered), max(entered)) for entered in passes.values()]
    found = []
    for rank, following in zip(ranks, [*ranks[1:], None], strict=True):
        here = [span for span in spans if span[0] <= rank <= span[1]]
        on = [span for span in here if following is not None and span[1] >= following]
        found.append((len(here), len(on)))
    return found


def test_the_funnel_is_as_it_was_at_any_month_end(reported: Reported, browser: Browser) -> None:
    with visited(browser, reported.folder / "funnel.html") as visit:
        pick = visit.page.locator("#as-it-was select")
        days = [one.inner_text() for one in pick.nth(0).locator("option").all()]
        assert days[0] == "2025-12-31"
        assert len(days) > 30
        for day in (days[0], days[7], days[20], days[-1]):
            pick.nth(0).select_option(label=day)
            shown = _funnel(visit)
            balance = reported.ask(
                "select closing from rpt_stage_balance where balance_date = ?"
                " order by stage_rank", day,
            )  # fmt: skip
            expected = [one["closing"] for one in balance] or [0] * 7
            assert [standing for _, standing, _ in shown] == expected
            for (reached, _, of), (here, on) in zip(shown, _reached(reported, day), strict=True):
                assert reached == here
                assert of in ("", f"{on:,} of {here:,}")
        # Nobody is lost between the values of a segment.
        pick.nth(0).select_option(label=days[7])
        totals = [reached for reached, *_ in _funnel(visit)]
        by_origin = [
            one.inner_text()
            for one in pick.nth(1).locator("option").all()
            if one.inner_text().startswith("Origin: ")
        ]
        sums = [0] * 7
        for label in by_origin:
            pick.nth(1).select_option(label=label)
            sums = [one + two[0] for one, two in zip(sums, _funnel(visit), strict=True)]
        assert sums == totals
        assert f"Origin: {made_up.LEAD_SOURCE}" in by_origin
        pick.nth(1).select_option(label="All passes")
        marks = visit.page.locator("#as-it-was li .rate").evaluate_all(
            "(all) => all.map((r) => [...r.querySelectorAll('.mark')].map((m) => m.textContent))"
        )
    # And at the end it is the mart's own conversion, with its marks.
    rows = reported.ask(
        "select from_stage, entered, converted, is_left_truncated from rpt_funnel_conversion as c"
        " inner join dim_stages as a on a.stage = c.from_stage"
        " inner join dim_stages as b on b.stage = c.to_stage and b.stage_rank = a.stage_rank + 10"
        " where unit = 'pass' and policy = 'implied' and method = 'cohort' and window_days is null"
        " and period_type = 'all' and segment = 'all' order by a.stage_rank"
    )
    assert [(one["entered"], one["converted"]) for one in rows] == _reached(reported, "2025-12-31")[
        :-1
    ]
    expected = [
        (["low n"] if reached < 30 else []) + (["left-truncated"] if flag else [])
        for reached, flag in zip(totals, [one["is_left_truncated"] for one in rows], strict=False)
    ]
    assert marks[:-1] == expected
    assert any(marks)


def test_what_was_restated_stands_beside_what_was_frozen(reported: Reported) -> None:
    """On a copy of the publication in which late data changed a closed month."""
    copy = reported.workspace.folder / "restated"
    shutil.copytree(reported.database.parent, copy)
    database = copy / DATABASE
    database.chmod(0o644)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into marts.rpt_scorecards select * replace ('restated' as kind,"
            " actual + 1 as actual, null as frozen_at) from marts.rpt_scorecards"
            " where metric = 'won' and period_type = 'quarter' and kind = 'frozen'"
            " and period_start = date '2025-07-01'"
        )
        (frozen,) = connection.execute(
            "select actual from marts.rpt_scorecards where metric = 'won' and kind = 'frozen'"
            " and period_type = 'quarter' and period_start = date '2025-07-01'"
        ).fetchone() or (None,)
    text = make_site(copy, (PAGES[0], scorecards.PAGE)).files["scorecards.html"]
    restatements = text[text.index('id="restatements"') :]
    assert f">{frozen:,.0f}</td>" in restatements
    assert f">{frozen + 1:,.0f}</td>" in restatements
    shutil.rmtree(copy)


# -- What must not happen -------------------------------------------------------------------------


def test_names_that_would_be_scripts_are_names(reported: Reported, browser: Browser) -> None:
    seen = ""
    for file in FILES:
        text = (reported.folder / file).read_text()
        # Ours, and data: nothing else opens a script.
        kinds = re.findall(r"<script([^>]*)>", text)
        assert kinds.count("") == 1
        assert all(one.startswith((' type="application/json"', "")) for one in kinds)
        assert len(kinds) == 1 + text.count("data-choices=") - text.count("[data-choices=")
        assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;|\\u003c.*?\\u003e", "", text)
        with visited(browser, reported.folder / file) as visit:
            assert visit.complaints == []
            assert visit.page.locator("script").count() == len(kinds)
            assert visit.page.locator("img, b, [onerror], [onload], [onfocus]").count() == 0
            if file == "wins.html":
                visit.page.locator("#reasons select").select_option("=competitor")
            seen += visit.page.locator("main").inner_text()
            visit.page.evaluate(
                "document.querySelectorAll('details').forEach((d) => d.open = true)"
            )
            seen += visit.page.locator("main").inner_text()
    for name in (
        made_up.LEAD_SOURCE, made_up.OWNER, made_up.ACCOUNT, made_up.REASON, made_up.COMPETITOR,
        made_up.CAMPAIGN, made_up.REGION,
    ):  # fmt: skip
        assert name in seen, name
    assert "49<b" not in seen


def test_a_name_in_a_chart_is_drawn_as_it_is(reported: Reported, browser: Browser) -> None:
    with visited(browser, reported.folder / "rejections.html") as visit:
        drawn = visit.page.locator("#reasons svg:visible text").all_text_contents()
        told = visit.page.locator("#reasons svg:visible title").all_text_contents()
        assert any(one.startswith("</script><script>") for one in drawn)
        assert any(made_up.REASON in one for one in told)


def test_no_personal_value_is_in_it(reported: Reported) -> None:
    """Of a publication that has none: read where they are, in the warehouse."""
    with duckdb.connect(str(reported.workspace.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select email, phone, first_name || ' ' || last_name from marts.dim_person_details"
        ).fetchall()
    values = {value for row in rows for value in row if value}
    assert len(values) > 200
    text = "\n".join((reported.folder / file).read_text() for file in FILES).lower()
    owners = {row["name"].lower() for row in reported.ask("select name from dim_owners")}
    assert [one for one in values if one.lower() in text and one.lower() not in owners] == []


def test_no_statement_asks_for_personal_values(reported: Reported) -> None:
    with open_reading((reported.workspace.published / CURRENT).resolve()) as reading:
        statements = [one.answer.sql for page in PAGES for one in page.figures(reading)]
    assert len(statements) > 30
    assert [one for one in statements if "dim_person_details" in one] == []
    # They stand in quotes behind `make query SQL=`.
    assert [one for one in statements if '"' in one or "$" in one] == []


# -- How it is made -------------------------------------------------------------------------------


def test_a_page_whose_tables_are_not_published_is_left_out_and_that_is_told(
    reported: Reported,
) -> None:
    extra = Page(
        key="weather", title="Weather", lead="Not here.", needs=("marts.rpt_weather",),
        figures=lambda _: (),
    )  # fmt: skip
    site = make_site((reported.workspace.published / CURRENT).resolve(), (PAGES[0], extra))
    assert site.left_out == {"weather": ("marts.rpt_weather",)}
    assert "weather.html" not in site.files
    assert "Left out: the page weather" in site.files[INDEX]
    assert 'href="weather.html"' not in site.files[INDEX]


def test_the_page_that_the_docs_show_is_a_page(reported: Reported) -> None:
    text = (PROJECT / "docs" / "report.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    module: dict[str, Any] = {"__name__": "campaigns"}
    exec(compile(block, "docs/report.md", "exec"), module)  # noqa: S102  # it is ours
    site = make_site((reported.workspace.published / CURRENT).resolve(), (PAGES[0], module["PAGE"]))
    assert site.left_out == {}
    page = site.files["campaigns.html"]
    assert page.count("<svg") == 2
    assert 'href="campaigns.html"' in site.files[INDEX]
    (most,) = reported.ask(
        "select max(n) as n from (select count(*) as n from dim_persons"
        " where not is_placeholder group by campaign)"
    )
    assert f">{most['n']:,}</td>" in page


def test_pages_and_figures_have_keys_of_their_own(reported: Reported) -> None:
    assert len({page.key for page in PAGES}) == len(PAGES)
    with open_reading((reported.workspace.published / CURRENT).resolve()) as reading:
        for page in PAGES:
            keys = [figure.key for figure in page.figures(reading)]
            assert len(set(keys)) == len(keys), page.key
            assert all(re.fullmatch(r"[a-z][a-z-]*", key) for key in keys)


def test_the_command_makes_the_same_again(
    reported: Reported, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: (reported.folder / file).read_text() for file in FILES}
    assert main([]) == 0
    assert {file: (reported.folder / file).read_text() for file in FILES} == before
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == f"report: {reported.folder.resolve() / INDEX}"
    assert re.fullmatch(rf"{len(PAGES)} pages, \d\.\d MB, \d+\.\d s", told[-2])
    assert main(["--run", "yesterday"]) == 1
    assert "there is no such publication" in capsys.readouterr().err


def test_it_is_small(reported: Reported) -> None:
    """Of 200 people; docs/report.md has the figures of a million."""
    assert sum((reported.folder / file).stat().st_size for file in FILES) < 5_000_000
