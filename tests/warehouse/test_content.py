"""The content audit: whom an asset serves, in what state it is, who uses it, what went with it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: content
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{status: [inquiry]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted],
         entered_when: [{status: [sal]}]}
    exits:
      - {key: lost, label: Lost, team: sales, left_when: [{status: [lost]}]}
    activities:
      types:
        - {key: call, is_attempt: true, direction: outbound}
        - {key: download, direction: inbound}
    engine: {debounce_minutes: 0, expiry_days: null}
    attribution: {influence_window_days: 90, qualifying_touches: [download]}
    reporting:
      time_zone: America/New_York
      currency: USD
      minimum_sample_size: 3
      content_stale_after_days: 365
      content_unused_after_days: 180
      segments: [{key: lead_source, label: Source, field: person.lead_source}]
      personas: [{key: ceo, label: CEO}, {key: cfo, label: CFO}, {key: cio, label: CIO}]
      buying_stages:
        - {key: aware, label: Sees the problem}
        - {key: consider, label: Compares}
        - {key: decide, label: Chooses}
        - {key: adopt, label: Uses it}
"""

MAPPING = """
name: content
title: Content
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-05-01, key: id,
     columns: {lead_source: source, created_at: created}}
  - {file: history.csv, system: crm, entity: field_changes, load: full, exported_at: 2026-05-01,
     key: id, columns: {record_entity: {value: persons}, changed_record_id: lead,
       field: {value: status}, old_value: old, new_value: new, changed_at: at}}
  - {file: downloads.csv, system: crm, entity: activities, load: full, exported_at: 2026-05-01,
     key: id, columns: {person_id: lead, activity_type: {value: download}, content: content,
       campaign: campaign, is_automated: automated, occurred_at: at}}
  - {file: calls.csv, system: crm, entity: activities, load: full, exported_at: 2026-05-01,
     key: id, columns: {person_id: lead, activity_type: {value: call}, content: content,
       content_source: {value: library}, occurred_at: at}}
  - {file: users.csv, system: crm, entity: owners, load: full, exported_at: 2026-05-01, key: id,
     columns: {name: name, team: team, is_active: active}}
  - {file: assets.csv, system: crm, entity: contents, load: full, exported_at: 2026-05-01, key: id,
     columns: {name: name, content_type: type, persona: {column: personas, map: {CFO: cfo,
       CIO: cio, Boss: ceo}}, buying_stage: stages, message_type: {column: message,
       map: {Helps: helpful, Sells: selling}}, campaign: campaign, owner_id: owner,
       owner_team: team, location: url, created_at: created, updated_at: updated,
       last_used_at: used, retired_at: retired, is_deleted: deleted}}
  - {file: library.csv, system: library, entity: contents, load: full, exported_at: 2026-05-01,
     key: Title, columns: {name: Title, persona: {column: For, separator: " / ", map: {CFO: cfo},
       other: keep}, owner_team: Team, created_at: Since}}
  - {file: programs.csv, system: crm, entity: campaigns, load: full, exported_at: 2026-05-01,
     key: id, columns: {name: name, parent_id: parent, cost: cost, created_at: created}}
"""

COLUMNS = {
    "leads": "id source created",
    "history": "id lead old new at",
    "downloads": "id lead content campaign automated at",
    "calls": "id lead content at",
    "users": "id name team active",
    "assets": "id name type personas stages message campaign owner team url created updated used"
    " retired deleted",
    "library": "Title For Team Since",
    "programs": "id name parent cost created",
}
LIVING = {"owner": "U1", "created": "2025-06-01", "updated": "2026-03-01"}
NAMED = "(select content_key from marts.dim_content where name = '{}')"


class Files:
    """Collects the rows of the files; what a row does not name is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in COLUMNS}

    def add(self, file: str, **values: str) -> None:
        key = COLUMNS[file].split()[0]
        values.setdefault(key, f"{file}-{len(self.rows[file]) + 1}")
        self.rows[file].append(values)

    def asset(self, key: str, **values: str) -> None:
        """Add an asset that lives, unless it is said otherwise."""
        self.add("assets", **{"id": key, "name": key, **LIVING, **values})

    def touch(self, name: str, at: str, lead: str = "reader", **values: str) -> None:
        self.add("downloads", lead=lead, content=name, at=at, **values)

    def write(self, folder: Path) -> None:
        (folder / "agreement.yml").write_text(AGREEMENT)
        (folder / "mapping.yml").write_text(MAPPING)
        for name, columns in COLUMNS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, columns.split())
                writer.writeheader()
                writer.writerows(self.rows[name])


def state_cases(files: Files) -> None:
    files.add("users", id="U1", name="Here", team="Marketing", active="true")
    files.add("users", id="U9", name="Gone", team="Sales", active="false")
    files.add("leads", id="reader", created="2025-01-01")
    used = "2026-04-01 12:00:00"
    for name, changed in (("364 days", "2025-05-01"), ("365 days", "2025-04-30")):
        files.asset(name, created="2024-01-01", updated=changed)
    files.asset("never changed", created="2025-04-01", updated="")
    files.asset("undated", created="", updated="")
    files.asset("retired", retired="2026-04-30")
    files.asset("retires later", retired="2026-05-01")
    files.asset("deleted", deleted="true")
    files.asset("nobody's", owner="")
    files.asset("of one who left", owner="U9")
    files.asset("of one who left a team", owner="U9", team="Sales")
    files.asset("of a team", owner="", team="Product")
    for row in list(files.rows["assets"]):
        files.touch(row["name"], used)
    files.asset("untouched")
    files.asset("new", created="2026-04-20", updated="2026-04-20")
    files.asset("used, it says", used="2026-04-01")
    files.asset("179 days ago")
    files.touch("179 days ago", "2025-11-02 12:00:00")
    files.asset("180 days ago")
    files.touch("180 days ago", "2025-11-01 12:00:00")
    files.asset("not yet", created="2026-05-01")
    files.touch("brochure of old", "2025-02-01 12:00:00")
    files.touch("brochure of old", "2025-03-01 12:00:00")
    # All at once: the first of the order counts.
    files.asset("worst", owner="", created="2024-01-01", updated="2024-01-01", retired="2026-01-01")
    files.asset("old and nobody's", owner="", created="2024-01-01", updated="2024-01-01")


def use_cases(files: Files) -> None:
    at = "2026-04-01 12:00:00"
    files.asset("of both")
    files.touch("of both", at)
    files.add("calls", lead="reader", content="of both", at=at)
    files.asset("of sales", url="https://www.example.com/deck")
    files.add("calls", lead="reader", content="https://www.example.com/deck", at=at)
    files.asset("of a machine")
    files.touch("of a machine", at, automated="yes")
    # In the system that the call names, unless the CRM has one of that name itself.
    files.add(
        "library", Title="battle card", For="CFO / Janitor / CFO", Team="Sales", Since="2026-01-01"
    )
    files.add("library", Title="of sales", For="", Team="Sales", Since="2026-01-01")
    files.add("calls", lead="reader", content="battle card", at=at)
    files.add("calls", lead="reader", content="of sales", at=at)
    files.add("calls", lead="reader", content="nowhere", at=at)
    # An id before a name; of two names the living one.
    files.asset("7", name="seven")
    files.asset("the number", name="7")
    files.touch("7", at)
    files.asset("guide-1", name="guide", retired="2026-01-01")
    files.asset("guide-2", name="guide")
    files.touch("guide", at)
    files.asset("twin-1", name="twin")
    files.asset("twin-2", name="twin")
    files.touch("twin", at)


def tag_cases(files: Files) -> None:
    files.add("programs", id="P1", name="Spring", cost="1200.50", created="2026-01-01")
    files.add("programs", id="P2", name="Spring mails", parent="P1", created="2026-01-01")
    files.add("programs", id="P3", name="Autumn", created="2026-05-01")
    files.asset(
        "tagged",
        personas="CFO; CIO;CFO",
        stages="consider;decide",
        campaign="Spring",
        message="Helps",
    )
    files.asset("sold", personas="CIO", stages="decide", campaign="P1", message="Sells")
    files.asset(
        "out of date", personas="CIO", stages="adopt", campaign="P1", created="2024-01-01",
        updated="2024-01-01",
    )  # fmt: skip
    files.asset("withdrawn", personas="CFO", stages="decide", campaign="P1", retired="2026-04-01")
    files.asset("by hand", personas="CFO", stages="aware", campaign="Fair")
    files.asset("half", personas="Boss")
    files.asset("foreign", personas="Boss;Gardener", stages="aware;renew")
    files.touch("tagged", "2026-04-01 12:00:00", campaign="P2")


def influence_cases(files: Files) -> None:
    """Of the web two of four leads were touched, of the ads one of six, of the fair all of one."""
    files.asset("studied")
    leads = [
        ("web", True, True), ("web", True, False), ("web", False, True), ("web", False, False),
        ("ads", True, True), *[("ads", False, n < 2) for n in range(5)], ("fair", True, True),
    ]  # fmt: skip
    for number, (source, is_touched, goes_on) in enumerate(leads):
        lead = f"lead-{number}"
        files.add("leads", id=lead, source=source, created="2026-01-02")
        files.add("history", lead=lead, old="", new="mql", at="2026-03-10 10:00:00")
        if goes_on:
            files.add("history", lead=lead, old="mql", new="sal", at="2026-03-20 10:00:00")
        if is_touched:
            files.touch("studied", "2026-03-01 10:00:00", lead)
            files.touch("studied", "2026-03-02 10:00:00", lead)
    # A day too early, a minute too late, by a machine; and at the last and at the first moment.
    for lead, at, automated in (
        ("lead-2", "2025-12-09 10:00:00", ""), ("lead-3", "2026-03-10 10:01:00", ""),
        ("lead-5", "2026-03-09 10:00:00", "yes"),
    ):  # fmt: skip
        files.touch("studied", at, lead, automated=automated)
    files.asset("at the edges")
    files.touch("at the edges", "2026-03-10 10:00:00", "lead-0")
    files.touch("at the edges", "2025-12-10 10:00:00", "lead-1")


@pytest.fixture(scope="module")
def content(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of all cases, read-only; the project's own tests hold on it."""
    files = Files()
    for cases in (state_cases, use_cases, tag_cases, influence_cases):
        cases(files)
    folder = tmp_path_factory.mktemp("content")
    files.write(folder)
    path = land_and_build(folder, tmp_path_factory.mktemp("workspace"), has_tests=True)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_g65_content(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> None:
    """One asset for two personas and two buying stages, and one that is retired."""
    files = Files()
    files.add("users", id="U1", name="Here", team="Marketing", active="true")
    files.add("leads", id="reader", created="2026-01-01")
    files.asset("comparison", personas="CFO;CIO", stages="consider;decide")
    files.asset("leaflet", personas="Boss", stages="aware", retired="2026-01-31")
    folder = tmp_path_factory.mktemp("g65")
    files.write(folder)
    path = land_and_build(
        folder,
        tmp_path_factory.mktemp("workspace"),
        arguments=["--select", "+rpt_content_coverage"],
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        found = rows(
            connection,
            "select persona, buying_stage, campaign, assets, is_covered, retired, campaign_assets,"
            " coverage from marts.rpt_content_coverage",
        )
    assert len(found) == 12
    served = {("cfo", "consider"), ("cfo", "decide"), ("cio", "consider"), ("cio", "decide")}
    assert {row[:2] for row in found if row[3] == 1} == served
    assert {row[:2] for row in found if row[4]} == served
    assert sum(row[3] for row in found) == 4
    assert {row[:2] for row in found if row[5]} == {("ceo", "aware")}
    assert {row[2] for row in found} == {"all"}
    assert {row[6] for row in found} == {1}
    assert [row[7] for row in found] == pytest.approx([1 / 3] * 12)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("364 days", "active"), ("365 days", "stale"), ("never changed", "stale"),
        ("undated", "active"), ("retired", "retired"), ("retires later", "active"),
        ("deleted", "retired"), ("nobody's", "orphaned"), ("of one who left", "orphaned"),
        ("of one who left a team", "active"), ("of a team", "active"), ("untouched", "unused"),
        ("new", "active"), ("used, it says", "active"), ("179 days ago", "active"),
        ("180 days ago", "unused"), ("brochure of old", "lost"), ("worst", "retired"),
        ("old and nobody's", "stale"), ("battle card", "active"), ("nowhere", "lost"),
    ],
)  # fmt: skip
def test_states(content: duckdb.DuckDBPyConnection, name: str, state: str) -> None:
    query = "select state from marts.rpt_content_audit where name = ?"
    assert content.execute(query, [name]).fetchall() == [(state,)]


def test_every_state_stands_beside_the_first(content: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select is_lost, is_retired, is_stale, is_orphaned, is_unused, is_current"
        " from marts.dim_content where name = '{}'"
    )
    assert rows(content, query.format("worst")) == [(False, True, True, True, True, False)]
    assert rows(content, query.format("old and nobody''s")) == [
        (False, False, True, True, True, False)
    ]
    # What is lost was touched, if long ago.
    assert rows(content, query.format("brochure of old")) == [
        (True, False, False, False, True, False)
    ]


def test_what_was_not_there_yet_is_left_out(content: duckdb.DuckDBPyConnection) -> None:
    assert rows(content, "select name from marts.dim_content where name = 'not yet'") == []
    assert rows(content, "select name from marts.dim_campaigns where name = 'Autumn'") == []


def test_owner_teams(content: duckdb.DuckDBPyConnection) -> None:
    """As told, else that of the owner, unless they left."""
    query = (
        "select name, owner_team from marts.dim_content where name in ('364 days', 'of a team',"
        " 'of one who left', 'of one who left a team') order by name"
    )
    assert rows(content, query) == [
        ("364 days", "Marketing"), ("of a team", "Product"), ("of one who left", None),
        ("of one who left a team", "Sales"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "used"),
    [
        ("crm/main/assets.csv/of both", ("both", 1, 1, 1)),
        # By its address, and by its name though the library has one so called.
        ("crm/main/assets.csv/of sales", ("sales", 0, 2, 1)),
        ("library/main/library.csv/of sales", ("nobody", 0, 0, 0)),
        ("library/main/library.csv/battle card", ("sales", 0, 1, 1)),
        ("crm/main/assets.csv/of a machine", ("marketing", 1, 0, 0)),
        ("crm/main/assets.csv/untouched", ("nobody", 0, 0, 0)),
        ("crm/main/assets.csv/7", ("marketing", 1, 0, 1)),
        ("crm/main/assets.csv/the number", ("nobody", 0, 0, 0)),
        ("crm/main/assets.csv/guide-1", ("nobody", 0, 0, 0)),
        ("crm/main/assets.csv/guide-2", ("marketing", 1, 0, 1)),
        ("crm/main/assets.csv/twin-1", ("marketing", 1, 0, 1)),
        ("crm/main/assets.csv/twin-2", ("nobody", 0, 0, 0)),
        ("crm/main//nowhere", ("sales", 0, 1, 1)),
    ],
)
def test_who_uses_it(content: duckdb.DuckDBPyConnection, key: str, used: tuple[Any, ...]) -> None:
    query = (
        "select used_by, marketing_touches, sales_touches, people_touched from marts.dim_content"
        f" where content_key = '{key}'"
    )
    assert rows(content, query) == [used]


def test_touches(content: duckdb.DuckDBPyConnection) -> None:
    """Each once, with team, asset, campaign and the pass that it lies in."""
    query = (
        "select t.team, t.activity_type, t.direction, t.is_automated, t.is_qualifying, c.name,"
        " g.name, t.pass_number from marts.fct_touches as t"
        " left join marts.dim_content as c using (content_key)"
        " left join marts.dim_campaigns as g on t.campaign_key = g.campaign_key"
        " where {} order by all"
    )
    assert rows(content, query.format("c.name in ('of both', 'of a machine', 'tagged')")) == [
        ("marketing", "download", "inbound", False, True, "of both", None, None),
        ("marketing", "download", "inbound", False, True, "tagged", "Spring mails", None),
        ("marketing", "download", "inbound", True, False, "of a machine", None, None),
        ("sales", "call", "outbound", False, False, "of both", None, None),
    ]
    # Three days before the pass begins, at its first moment, a minute after.
    query = (
        "select cast(t.occurred_at as varchar), t.pass_number from marts.fct_touches as t"
        " where t.person_key like '%/{}' order by 1"
    )
    assert rows(content, query.format("lead-0")) == [
        ("2026-03-01 15:00:00", None), ("2026-03-02 15:00:00", None), ("2026-03-10 14:00:00", 1),
    ]  # fmt: skip
    assert rows(content, query.format("lead-3")) == [("2026-03-10 14:01:00", 1)]
    (counts,) = rows(
        content,
        "select count(*), count(distinct activity_key), (select count(*) from raw_files.activities)"
        " from marts.fct_touches",
    )
    assert len(set(counts)) == 1


def test_tags(content: duckdb.DuckDBPyConnection) -> None:
    """Several in a cell, translated one by one; what nobody translated stays in sight."""
    query = (
        "select name, personas, buying_stages from marts.dim_content"
        " where name in ('tagged', 'foreign', 'half', 'battle card') order by name"
    )
    assert rows(content, query) == [
        ("battle card", "Janitor;cfo", None), ("foreign", "ceo;unmapped", "aware;renew"),
        ("half", "ceo", None), ("tagged", "cfo;cio", "consider;decide"),
    ]  # fmt: skip
    query = (
        "select record_key, severity from quality.findings where finding = 'content_tag_unmapped'"
        " order by 1"
    )
    assert rows(content, query) == [
        ("crm/main/buying_stage/renew", "warning"), ("crm/main/persona/Gardener", "warning"),
        ("library/main/persona/Janitor", "warning"),
    ]  # fmt: skip


def test_coverage_by_campaign(content: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select persona, buying_stage, assets, helpful, selling, stale, retired"
        " from marts.rpt_content_coverage where campaign_name {} and assets + stale + retired > 0"
        " order by all"
    )
    assert rows(content, query.format("= 'Spring'")) == [
        ("cfo", "consider", 1, 1, 0, 0, 0), ("cfo", "decide", 1, 1, 0, 0, 1),
        ("cio", "adopt", 0, 0, 0, 1, 0), ("cio", "consider", 1, 1, 0, 0, 0),
        ("cio", "decide", 2, 1, 1, 0, 0),
    ]  # fmt: skip
    assert rows(content, query.format("= 'Fair'")) == [("cfo", "aware", 1, 0, 0, 0, 0)]
    assert rows(content, query.format("is null")) == [
        ("ceo", "aware", 1, 0, 0, 0, 0), ("cfo", "aware", 1, 0, 0, 0, 0),
        ("cfo", "consider", 1, 1, 0, 0, 0), ("cfo", "decide", 1, 1, 0, 0, 1),
        ("cio", "adopt", 0, 0, 0, 1, 0), ("cio", "consider", 1, 1, 0, 0, 0),
        ("cio", "decide", 2, 1, 1, 0, 0),
    ]  # fmt: skip
    query = (
        "select distinct campaign_name, campaign_assets, covered_cells, cells, round(coverage, 4)"
        " from marts.rpt_content_coverage order by all"
    )
    assert rows(content, query) == [
        ("Fair", 1, 1, 12, 0.0833), ("Spring", 2, 4, 12, 0.3333), (None, 4, 6, 12, 0.5),
    ]  # fmt: skip


def test_campaigns(content: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select c.name, p.name, c.cost, c.contents, c.touches from marts.dim_campaigns as c"
        " left join marts.dim_campaigns as p on c.parent_key = p.campaign_key order by 1"
    )
    assert rows(content, query) == [
        ("Spring", None, 1200.5, 4, 0), ("Spring mails", "Spring", None, 0, 1),
    ]  # fmt: skip


def test_influence(content: duckdb.DuckDBPyConnection) -> None:
    """Each pass once; compared with those of the same source that were not touched."""
    query = (
        "select stage, next_stage, touched_passes, touched_converted, untouched_passes,"
        " untouched_converted, compared_passes, compared_others, compared_conversion,"
        " expected_conversion, associated_difference, is_small_sample"
        f" from marts.rpt_content_influence where content_key = {NAMED} order by stage_rank"
    )
    # The web's: 2 touched, 1 of 2 others went on. The ads': 1 touched, 2 of 5. The fair's: alone.
    expected = (2 * 1 / 2 + 1 * 2 / 5) / 3
    found = {row[0]: row[1:] for row in rows(content, query.format("studied"))}
    assert found["mql"] == (
        "sal", 4, 3, 7, 3, 3, 7, pytest.approx(2 / 3), pytest.approx(expected),
        pytest.approx(2 / 3 - expected), False,
    )  # fmt: skip
    # Of the last stage there is no conversion.
    assert found["sal"][:5] == (None, 3, None, 3, None)
    assert found["sal"][7:10] == (None, None, None)
    assert found["inquiry"][:4] == ("mql", 0, 0, 0)
    edges = {row[0]: row[1:] for row in rows(content, query.format("at the edges"))}
    assert edges["mql"][1:3] == (2, 1)
    assert edges["mql"][-1] is True


def test_the_interval_of_an_association(content: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select touched_conversion_lower, touched_conversion, touched_conversion_upper,"
        " associated_difference_lower, associated_difference, associated_difference_upper,"
        f" from marts.rpt_content_influence where content_key = {NAMED} and stage = 'mql'"
    )
    (found,) = rows(content, query.format("studied"))
    # Wilson's score interval of 3 in 4, and of 2 in 3 less 0.4667.
    assert found[:3] == pytest.approx((0.300642, 0.75, 0.954413), abs=1e-5)
    assert found[3:] == pytest.approx((-0.259011, 0.2, 0.471843), abs=1e-5)


def test_findings(content: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select record_key, severity, detail from quality.findings where finding = '{}' order by 1"
    )
    assert rows(content, query.format("content_lost")) == [
        ("crm/main//brochure of old", "warning",
         "2 touches name 'brochure of old', which is in no inventory of crm"),
        ("crm/main//nowhere", "warning",
         "1 touches name 'nowhere', which is in no inventory of crm"),
    ]  # fmt: skip
    orphans = [row[0].split("/")[-1] for row in rows(content, query.format("content_orphaned"))]
    assert orphans == ["nobody's", "of one who left", "old and nobody's"]
    assert [row[0] for row in rows(content, query.format("content_name_ambiguous"))] == [
        "crm/main/twin"
    ]


def test_every_row_is_accounted_for(content: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select entity, bucket, row_count from quality.reconciliation"
        " where entity in ('contents', 'campaigns') and row_count > 0 order by all"
    )
    assets = rows(content, "select count(*) from raw_files.contents")[0][0]
    assert rows(content, query) == [
        ("campaigns", "reference", 3), ("contents", "deleted", 1),
        ("contents", "reference", assets - 1),
    ]  # fmt: skip
    query = "select layer from quality.layer_counts where expected <> found"
    assert rows(content, query) == []
