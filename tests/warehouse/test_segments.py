"""Segments and owners as of the entry: two exports between which much was edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# The fiscal year starts in February: January belongs to the quarter that began in November.
AGREEMENT = """
name: segments
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: sal, label: SAL, rank: 30, team: sales, roles: [accepted],
         entered_when: [{status: [sal]}]}
      - {key: opportunity, label: Opportunity, rank: 50, team: sales, roles: [opportunity],
         entered_when: [{opportunity_stage: [proposal]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
    identity: {survivorship: {default: [crm, marketing]}}
    reporting:
      time_zone: America/New_York
      currency: USD
      fiscal_year_start_month: 2
      minimum_sample_size: 1
      segments:
        - {key: country, label: Country, field: person.country}
        - {key: persona, label: Persona, field: person.persona}
        - {key: industry, label: Industry, field: account.industry}
        - {key: owner, label: Owner, field: owner.owner_key}
        - {key: region, label: Region, field: owner.region}
        - {key: product, label: Product, field: opportunity.product}
"""

MAPPING = """
name: segments
title: Two exports of one CRM
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {{file: leads.csv, system: crm, entity: persons, load: full, exported_at: {at}, key: id,
     columns: {{email: email, country: country, persona: persona, owner_id: owner,
       account_id: account, status: status, created_at: created_at}},
     stamps: {{status: {{mql: mql, sal: sal}}}}}}
  - {{file: prospects.csv, system: marketing, entity: persons, load: full, exported_at: {at},
     key: id, columns: {{email: email, country: country}}}}
  - {{file: personas.csv, system: crm, entity: field_changes, load: full, exported_at: {at},
     key: id, columns: {{record_entity: {{value: persons}}, changed_record_id: lead,
       field: {{column: field, map: {{Persona: persona, Owner: owner_id}}}}, old_value: old,
       new_value: new, changed_at: at}}}}
  - {{file: companies.csv, system: crm, entity: accounts, load: full, exported_at: {at}, key: id,
     columns: {{industry: industry}}}}
  - {{file: users.csv, system: crm, entity: owners, load: full, exported_at: {at}, key: id,
     columns: {{region: region}}}}
  - {{file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: {at}, key: id,
     columns: {{person_id: lead, owner_id: owner, product: product,
       stage: {{column: stage, map: {{Proposal: proposal, Won: closed_won}}}},
       is_closed: {{column: stage, map: {{Won: "true"}}, other: "false"}},
       is_won: {{column: stage, map: {{Won: "true"}}, other: "false"}},
       created_at: created_at, closed_at: closed_at}}}}
"""

COLUMNS = {
    "leads": "id email country persona owner account created_at mql sal status",
    "prospects": "id email country",
    "personas": "id lead field old new at",
    "companies": "id industry",
    "users": "id region",
    "deals": "id lead owner product stage created_at closed_at",
}

# Of each file the rows, `before|after` where the two exports differ.
ROWS = {
    "leads": [
        "moved,,DE|US,,,,,2026-01-10 09:00:00,2026-03-10 09:00:00",
        "same,,ES,,,,,2026-01-10 09:00:00,",
        "empty,,|FR,,,,,2026-01-10 09:00:00,",
        "undated,,IT|PT,,,,,,,sal",
        "told,,,finance,,,,2026-01-10 09:00:00,2026-02-20 09:00:00",
        "works,,,,,X,,2026-01-10 09:00:00,",
        "handed,,,,S,,2026-01-05 09:00:00,2026-01-10 09:00:00,",
        "reassigned,,,,T,,2026-01-05 09:00:00,2026-01-10 09:00:00,2026-02-20 09:00:00",
        "twice,twice@example.com,,,,,,2026-01-10 09:00:00,2026-03-10 09:00:00",
    ],
    "prospects": ["twice-P,twice@example.com,NL|BE"],
    "personas": [
        "p1,told,Persona,it,finance,2026-02-15 09:00:00",
        "p2,reassigned,Owner,R,T,2026-02-15 09:00:00",
    ],
    "companies": ["X,trade|retail"],
    "users": ["A,west|east", "B,north", "S,south"],
    "deals": [
        "won,,A|B,old|new,Won,2026-01-20 09:00:00,2026-02-20",
        "open,,A|B,open,Proposal,2026-01-20 09:00:00,",
        "stays,,A,stays,Won,2026-01-20 09:00:00,2026-02-20",
        "handed-deal,handed,A,handed,Proposal,2026-02-05 09:00:00,",
    ],
}  # fmt: skip


def write(folder: Path, at: str, side: int) -> None:
    (folder / "agreement.yml").write_text(AGREEMENT)
    (folder / "mapping.yml").write_text(MAPPING.format(at=at))
    for file, columns in COLUMNS.items():
        lines = [columns.replace(" ", ",")]
        for row in ROWS[file]:
            values = [value.split("|") for value in row.split(",")]
            values += [[""]] * (len(columns.split()) - len(values))
            lines.append(",".join(value[min(side, len(value) - 1)] for value in values))
        (folder / f"{file}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("segments")
    workspace = tmp_path_factory.mktemp("workspace")
    for side, at in enumerate(("2026-03-01 06:00:00", "2026-04-15 06:00:00")):
        write(folder, at, side)
        path = land_and_build(folder, workspace, is_built=side == 1)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def entered(
    connection: Any, segment: str, value: str | None, period: str = "all", stage: str = "mql"
) -> int:
    """Return the passes that entered a stage, ever or in the fiscal quarter or month."""
    (found,) = connection.execute(
        "select coalesce(sum(entered), 0) from marts.rpt_funnel_conversion"
        " where method = 'cohort' and unit = 'pass' and policy = 'implied' and window_days is null"
        " and to_stage = 'won' and from_stage = ? and segment = ?"
        " and segment_value is not distinct from ? and period_type = ?",
        [stage, segment, value, period],
    ).fetchone()
    return int(found)


def owner(connection: Any, lead: str) -> tuple[Any, ...]:
    (found,) = connection.execute(
        "select owner_key, owner_evidence from marts.fct_passes where person_key = ?",
        [f"crm/main/{lead}"],
    ).fetchall()
    return tuple(found)


def won(connection: Any, segment: str, value: str, period: str = "month") -> int:
    (found,) = connection.execute(
        "select coalesce(sum(won), 0) from marts.rpt_win_loss"
        " where period_type = ? and segment = ? and segment_value = ?",
        [period, segment, value],
    ).fetchone()
    return int(found)


@pytest.mark.parametrize("period", ["month", "quarter", "all"])
def test_a_later_edit_does_not_move_an_earlier_entry(warehouse: Any, period: str) -> None:
    assert entered(warehouse, "country", "DE", period) == 1
    assert entered(warehouse, "country", "US", period) == 0


def test_an_entry_after_a_told_change_has_the_new_value(warehouse: Any) -> None:
    assert entered(warehouse, "persona", "it", "month", "mql") == 1
    assert entered(warehouse, "persona", "finance", "month", "mql") == 0
    assert entered(warehouse, "persona", "finance", "month", "sal") == 1


def test_without_history_it_is_the_first_known_value(warehouse: Any) -> None:
    assert entered(warehouse, "country", "ES") == 1
    assert owner(warehouse, "handed") == ("crm/main/S", "inferred")


def test_an_undated_entry_takes_the_first_known_value(warehouse: Any) -> None:
    assert entered(warehouse, "country", "IT", stage="sal") == 1
    assert entered(warehouse, "country", "PT", stage="sal") == 0


def test_null_stays_null(warehouse: Any) -> None:
    assert entered(warehouse, "country", "FR") == 0
    assert warehouse.execute(
        "select g.person_country from intermediate.int_journey_segments as g"
        " where g.journey_key = 'crm/main/empty#1' order by g.valid_from"
    ).fetchall() == [(None,), ("FR",)]


def test_a_value_of_another_record_of_the_person_is_as_of_the_entry_too(warehouse: Any) -> None:
    assert entered(warehouse, "country", "NL") == 1
    assert entered(warehouse, "country", "BE") == 0


def test_the_industry_of_the_account_is_as_of_the_entry(warehouse: Any) -> None:
    assert entered(warehouse, "industry", "trade") == 1
    assert entered(warehouse, "industry", "retail") == 0


def test_a_closed_deal_stays_with_the_owner_and_the_product_of_its_closing(warehouse: Any) -> None:
    assert won(warehouse, "owner", "crm/main/A") == 2
    assert won(warehouse, "owner", "crm/main/B") == 0
    assert won(warehouse, "product", "old") == 1
    assert won(warehouse, "product", "new", "all") == 0


def test_a_closed_deal_stays_in_the_region_that_its_owner_had(warehouse: Any) -> None:
    assert won(warehouse, "region", "west") == 2
    assert won(warehouse, "region", "east", "all") == 0


def test_what_is_open_is_with_its_owner_of_now(warehouse: Any) -> None:
    found = warehouse.execute(
        'select segment_value, "open" from marts.rpt_pipeline'
        " where period_type = 'all' and segment in ('owner', 'region') and \"open\" > 0 order by 1"
    ).fetchall()
    assert found == [("crm/main/A", 1), ("crm/main/B", 1), ("east", 1), ("north", 1)]


def test_a_pass_keeps_the_owner_of_its_beginning(warehouse: Any) -> None:
    assert owner(warehouse, "reassigned") == ("crm/main/R", "inferred")
    assert entered(warehouse, "owner", "crm/main/R", stage="mql") == 1
    assert entered(warehouse, "owner", "crm/main/T", stage="sal") == 1


def test_before_the_opportunity_is_created_the_lead_owner_counts(warehouse: Any) -> None:
    assert entered(warehouse, "owner", "crm/main/S", stage="mql") == 1
    assert entered(warehouse, "region", "south", stage="mql") == 1
    assert entered(warehouse, "owner", "crm/main/A", stage="mql") == 0


def test_spans_of_one_attribute_neither_overlap_nor_leave_a_gap(warehouse: Any) -> None:
    for table, keys in (
        ("int_segment_spans", "entity, entity_key, field"),
        ("int_journey_segments", "journey_type, journey_key"),
    ):
        assert warehouse.execute(
            "select count(*) from (select valid_until, lead(valid_from, 1, timestamp '9999-12-31')"
            f" over (partition by {keys} order by valid_from) as next_from"
            f" from intermediate.{table}) where valid_until <> next_from"
        ).fetchone() == (0,)


def test_a_quarter_is_a_quarter_of_the_fiscal_year(warehouse: Any) -> None:
    for report, condition in (
        ("rpt_funnel_conversion", "method = 'cohort' and from_stage = 'mql'"),
        ("rpt_win_loss", "true"),
        ("rpt_pipeline", "created > 0"),
        ("rpt_funnel_velocity", "from_stage = 'mql'"),
    ):
        found = warehouse.execute(
            "select distinct cast(period_start as varchar)"
            f" from marts.{report} where period_type = 'quarter' and {condition} order by 1"
        ).fetchall()
        assert ("2025-11-01",) in found, report
        assert {start for (start,) in found} <= {"2025-11-01", "2026-02-01"}
