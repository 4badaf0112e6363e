"""Money and counts from the landing to every mart, of a company whose records are as bad as can be.

The project's own tests (dbt_project/tests) reconcile layer with layer on each build. Here they run
on duplicates, merges, deletions and bad values, and are shown to fail where a row is there twice or
not at all.
"""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.landing import Landing
from tests.truth.companies import PROJECT, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.truth.companies import Company

INTEGRITY = (
    "assert_every_row_has_one_bucket",
    "assert_records_are_kept_once_in_every_layer",
    "assert_opportunities_are_not_fanned_out",
    "assert_reports_equal_their_facts",
    "assert_segments_and_periods_sum_to_the_total",
    "assert_stage_balance_reconciles",
    "assert_opportunity_states_cover_each_day",
    "assert_scorecards_equal_their_reports",
    "assert_touches_of_content_add_up",
    "assert_coverage_is_a_share_of_all_cells",
)


EXPORTED_AT = "exported_at: 2026-01-01 06:00:00"

TOTAL = "segment = 'all' and period_type = 'all'"
MONTHS = "segment = 'all' and period_type = 'month' and unit = 'pass'"
COHORT = f"{TOTAL} and method = 'cohort' and window_days is null and unit = 'pass'"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return write(tmp_path_factory.mktemp("integrity"), "awful", mess="awful", people=300, seed=7)


@pytest.fixture(scope="module")
def built(company: Company, land_and_build: Callable[..., Path]) -> Path:
    """Two exports a day apart; the second one lacks every fortieth lead and deal.

    The build runs the project's tests too. Returns dbt's file, which has the target beside it.
    """
    exports = company.exports
    shutil.copy(PROJECT / "agreement.yml", exports)
    land_and_build(exports, company.workspace, is_built=False)
    mapping = exports / "mapping.yml"
    mapping.write_text(mapping.read_text().replace(EXPORTED_AT, "exported_at: 2026-01-02 06:00:00"))
    for name in ("salesforce_leads.csv", "salesforce_opportunities.csv"):
        with (exports / name).open(newline="") as file:
            header, *lines = csv.reader(file)
        with (exports / name).open("w", newline="") as file:
            kept = [line for number, line in enumerate(lines, 1) if number % 40]
            csv.writer(file).writerows([header, *kept])
    return land_and_build(
        exports, company.workspace, has_tests=True, UNIFIED_FUNNEL_AS_OF="2026-01-02"
    )


@pytest.fixture
def warehouse(built: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy that a test may break. The compiled tests name the database after its file."""
    with duckdb.connect(str(shutil.copy(built, tmp_path / built.name))) as connection:
        yield connection


def broken(warehouse: duckdb.DuckDBPyConnection, built: Path) -> dict[str, str]:
    """Return the name of the first integrity test that fails -> the first row that it found."""
    compiled = built.parent / "target" / "compiled" / "unified_funnel"
    # The layers are counted anew: the table tells what was there when it was built.
    counts = (compiled / "models" / "quality" / "layer_counts.sql").read_text()
    warehouse.execute(f"create or replace table quality.layer_counts as {counts}")
    folder = compiled / "tests"
    for name in INTEGRITY:
        rows = warehouse.execute((folder / f"{name}.sql").read_text()).fetchmany(1)
        if rows:
            return {name: str(rows[0])}
    return {}


def test_the_company_is_messy_enough_to_show_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    buckets = warehouse.execute(
        "select bucket, sum(row_count) from quality.reconciliation group by all"
    ).fetchall()
    # Which records a merge leaves behind in a file depends on the system: test_identity has some.
    assert {bucket for bucket, count in buckets if not count} <= {"merged"}
    for query in (
        "select count(*) from marts.dim_persons where record_count > 1",
        "select count(*) from marts.dim_persons where is_placeholder",
        "select count(*) from marts.fct_passes where pass_number > 1",
        "select count(*) from marts.fct_opportunities where is_deleted",
        "select count(*) from marts.rpt_pipeline where segment_value is null",
        "select count(*) from intermediate.int_opportunity_persons where not is_primary",
    ):
        assert warehouse.execute(query).fetchall() > [(0,)], query


def test_every_landed_row_is_in_raw(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    landing = Landing(company.workspace / "landing")
    for entity in ("persons", "opportunities", "accounts", "activities", "field_changes"):
        loads = [one for one in landing.loads("files") if one.object == entity]
        paths = [path for one in loads for path in landing.paths(one)]
        in_files = warehouse.execute(
            "select count(*) from read_parquet($1, union_by_name = true)", [paths]
        ).fetchall()
        assert in_files == [(sum(one.rows_landed for one in loads),)]
        assert warehouse.execute(f"select count(*) from raw_files.{entity}").fetchall() == in_files
        assert in_files > [(0,)]


def test_layers_and_reports_reconcile(warehouse: duckdb.DuckDBPyConnection, built: Path) -> None:
    assert broken(warehouse, built) == {}


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("staging.stg_files__persons", "true"),
        ("staging.stg_files__activities", "true"),
        ("intermediate.int_person_records", "true"),
        ("intermediate.int_persons_resolved", "is_record"),
        ("intermediate.int_activities", "person_key is not null"),
        ("intermediate.int_signals", "field = 'activity'"),
        ("intermediate.int_opportunities", "not is_deleted"),
        ("intermediate.int_stage_transitions", "true"),
        ("intermediate.int_journeys", "true"),
        ("marts.dim_persons", "true"),
        ("marts.dim_person_details", "true"),
        ("marts.dim_accounts", "true"),
        ("marts.dim_owners", "true"),
        ("marts.dim_content", "marketing_touches > 0"),
        ("marts.dim_campaigns", "true"),
        ("marts.fct_touches", "content_key is not null"),
        ("marts.rpt_content_coverage", "campaign = 'all'"),
        ("marts.fct_passes", "true"),
        ("marts.fct_pass_stages", "true"),
        ("marts.fct_stage_transitions", "true"),
        ("marts.fct_opportunities", "not is_deleted and amount > 0"),
        ("marts.fct_opportunity_states", "is_last"),
        ("marts.rpt_funnel_conversion", f"{TOTAL} and entered > 0"),
        ("marts.rpt_funnel_conversion", "segment <> 'all' and entered > 0"),
        ("marts.rpt_funnel_conversion", f"{MONTHS} and method = 'in_period' and entered > 0"),
        ("marts.rpt_funnel_velocity", f"{MONTHS} and completed > 0"),
        ("marts.rpt_funnel_velocity", "segment <> 'all' and completed > 0"),
        ("marts.rpt_win_loss", TOTAL),
        ("marts.rpt_win_loss", "segment <> 'all' and won > 0"),
        ("marts.rpt_loss_reasons", TOTAL),
        ("marts.rpt_loss_reasons", "segment <> 'all'"),
        ("marts.rpt_pipeline", TOTAL),
        ("marts.rpt_pipeline", "segment <> 'all' and created > 0"),
        ("marts.rpt_stage_balance", "moved_in > 0"),
        ("staging.stg_files__field_changes", "true"),
        ("intermediate.int_field_changes", "change_key like 'field_changes/%'"),
        ("intermediate.int_handoffs", "true"),
        ("intermediate.int_sla_clocks_started", "true"),
        ("marts.fct_handoffs", "decision = 'rejected'"),
        ("marts.fct_sla_clocks", "handoff_key is not null"),
        ("marts.rpt_rejected_leads", "true"),
        ("marts.rpt_sla_attainment", "segment = 'all' and period_type = 'all'"),
        ("marts.rpt_handoff_acceptance", "segment = 'all' and period_type = 'all'"),
        ("marts.rpt_velocity_by_arrival", "period_type = 'month'"),
        ("marts.rpt_velocity_by_arrival", "period_type = 'all'"),
        ("marts.rpt_scorecards", "kind = 'current'"),
        ("marts.rpt_scorecards", "kind = 'frozen'"),
    ],
)  # fmt: skip
def test_a_row_twice_or_not_at_all_is_seen(
    warehouse: duckdb.DuckDBPyConnection, built: Path, table: str, condition: str
) -> None:
    for change in (
        f"insert into {table} select * from {table} where {condition} limit 1",
        f"delete from {table} where rowid = (select min(rowid) from {table} where {condition})",
    ):
        warehouse.execute("begin")
        (count,) = warehouse.execute(change).fetchone() or (0,)
        assert count == 1
        assert broken(warehouse, built) != {}, change
        warehouse.execute("rollback")


@pytest.mark.parametrize(
    "change",
    [
        f"update marts.rpt_win_loss set won_value = won_value + 1 where {TOTAL}",
        f"update marts.rpt_loss_reasons set share_of_lost = share_of_lost / 2 where {TOTAL}",
        "update marts.rpt_scorecards set actual = actual + 1 where kind = 'current'",
        (
            "update marts.rpt_velocity_by_arrival set median_days = median_days + 1"
            " where period_type = 'month'"
        ),
        "update marts.rpt_key_deals set amount_reporting = amount_reporting + 1",
        f"update marts.rpt_pipeline set pipeline_created = pipeline_created + 1 where {TOTAL}",
        f"update marts.rpt_funnel_velocity set completed = completed + 1 where {TOTAL}",
        "update marts.rpt_definition_gap set qualified = qualified + 1 where period_type = 'all'",
        "update marts.rpt_criteria_lift set n_false = n_false + 1 where period_type = 'all'",
        f"delete from marts.rpt_funnel_conversion where {COHORT} and from_stage = 'inquiry'",
        "delete from marts.rpt_pipeline where segment_value is null and created > 0",
    ],
)
def test_a_wrong_figure_is_seen(
    warehouse: duckdb.DuckDBPyConnection, built: Path, change: str
) -> None:
    (count,) = warehouse.execute(change).fetchone() or (0,)
    assert count > 0
    assert broken(warehouse, built) != {}
