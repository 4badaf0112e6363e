"""Identity: two exports of several systems, before and after what happened between them."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AGREEMENT = """
name: identity
versions:
  - version: 1
    effective_from: 2024-01-01
    signed:
      marketing: {by: Head of Marketing, date: 2023-12-14}
      sales: {by: Head of Sales, date: 2023-12-14}
    stages:
      - {key: inquiry, label: Inquiry, rank: 10, team: marketing, roles: [inquiry],
         entered_when: [{activity: [form_fill]}]}
      - {key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{status: [mql]}]}
      - {key: opportunity, label: Opportunity, rank: 50, team: sales, roles: [opportunity],
         entered_when: [{opportunity_stage: [discovery]}]}
      - {key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{opportunity_outcome: [won]}]}
    exits:
      - {key: lost, label: Lost, team: sales, left_when: [{opportunity_outcome: [lost]}]}
    identity:
      role_mailboxes: [info]
      free_mail_domains: [gmail.com]
      survivorship:
        default: [crm, marketing]
        title: [marketing]
    reporting: {time_zone: America/New_York, currency: USD}
"""

FIRST, SECOND = "2026-02-01 06:00:00", "2026-04-01 06:00:00"

# The systems `erp` and `graph_crm` are named by ids; `erp` delivers one instance, `graph_crm` none.
MAPPING = """
name: identity
title: Records of humans
as_of: 2026-04-30
source_time_zone: America/New_York
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {{file: leads.csv, system: crm, entity: persons, load: full, exported_at: "{at}", key: id,
     columns: {{email: email, title: title, phone: phone, lead_source: source,
       account_id: account, converted_id: contact, converted_at: converted_at,
       merged_into_id: master, created_at: created_at, updated_at: updated_at,
       is_deleted: is_deleted}}}}
  - {{file: prospects.csv, system: marketing, entity: persons, load: full, exported_at: "{at}",
     key: id, columns: {{email: email, title: title, linked_id: crm_id, linked_source: crm,
       created_at: created_at, updated_at: updated_at}}}}
  - {{file: merges.csv, system: marketing, entity: field_changes, load: full, exported_at: "{at}",
     key: id, columns: {{record_entity: {{value: persons}}, changed_record_id: survivor,
       field: {{value: merged_ids}}, new_value: gone, changed_at: at}}}}
  - {{file: contacts.csv, system: hub, entity: persons, load: full, exported_at: "{at}", key: id,
     columns: {{email: email, merged_ids: merged, created_at: created_at}}}}
  - {{file: forms.csv, system: hub, entity: activities, load: full, exported_at: "{at}", key: id,
     columns: {{person_id: contact, activity_type: type, occurred_at: at}}}}
  - {{file: sends.csv, system: marketing, entity: activities, load: full, exported_at: "{at}",
     key: id, columns: {{person_id: prospect, activity_type: type, occurred_at: at}}}}
  - {{file: history.csv, system: crm, entity: field_changes, load: full, exported_at: "{at}",
     key: id, columns: {{record_entity: {{value: persons}}, changed_record_id: lead,
       field: {{value: status}}, old_value: old, new_value: new, changed_at: at}}}}
  - {{file: deals.csv, system: crm, entity: opportunities, load: full, exported_at: "{at}", key: id,
     columns: {{person_id: lead, stage: stage, is_closed: is_closed, is_won: is_won,
       amount: amount, created_at: created_at, closed_at: closed_at, updated_at: updated_at,
       is_deleted: is_deleted}}}}
  - {{file: accounts.csv, system: crm, entity: accounts, load: full, exported_at: "{at}", key: id,
     columns: {{name: name, domain: site, created_at: created_at, is_deleted: is_deleted}}}}
  - {{file: portal.csv, system: portal, instance: emea, entity: persons, load: full,
     exported_at: "{at}", key: id, columns: {{linked_id: link, linked_source: system}}}}
  - {{file: erp.csv, system: erp, instance: berlin, entity: persons, load: full,
     exported_at: "{at}", key: id, columns: {{created_at: created_at}}}}
  - {{file: desk.csv, system: desk, entity: persons, load: full, exported_at: "{at}", key: id,
     columns: {{created_at: created_at}}}}
  - {{file: desk_emea.csv, system: desk, instance: emea, entity: persons, load: full,
     exported_at: "{at}", key: id, columns: {{created_at: created_at}}}}
  - {{file: graph.csv, system: graph, entity: persons, load: full, exported_at: "{at}", key: id,
     columns: {{email: email, merged_into_id: master, merged_ids: merged, linked_id: crm_id,
       linked_source: {{value: graph_crm}}, created_at: created_at}}}}
"""

COLUMNS = {
    "leads": "id email title phone source account contact converted_at master created_at "
    "updated_at is_deleted",
    "prospects": "id email title crm_id crm created_at updated_at",
    "merges": "id survivor gone at",
    "contacts": "id email merged created_at",
    "forms": "id contact type at",
    "sends": "id prospect type at",
    "history": "id lead old new at",
    "deals": "id lead stage is_closed is_won amount created_at closed_at updated_at is_deleted",
    "accounts": "id name site created_at is_deleted",
    "portal": "id link system",
    "erp": "id created_at",
    "desk": "id created_at",
    "desk_emea": "id created_at",
    "graph": "id email master merged crm_id created_at",
}

Rows = dict[str, list[dict[str, str]]]


def first_export() -> Rows:
    rows: Rows = defaultdict(list)

    def add(file: str, id_: str, **values: str) -> None:
        rows[file].append({"id": id_} | values)

    for cases in (
        merge_cases, deletion_cases, link_cases, account_cases, attribute_cases, instance_cases,
    ):  # fmt: skip
        cases(add)
    rows["graph"] = random_graph()
    return rows


def merge_cases(add: Callable[..., None]) -> None:
    # G16: two leads, one contact.
    add("leads", "G16-L1", contact="G16-C0", converted_at="2024-01-20", created_at="2024-01-02")
    add("leads", "G16-C0", created_at="2024-01-20")
    add("leads", "G16-L2", contact="G16-C0", converted_at="2024-07-10", created_at="2024-06-01")
    add("history", "G16-1", lead="G16-L1", old="new", new="mql", at="2024-01-10 09:00:00")
    add("history", "G16-2", lead="G16-L2", old="new", new="mql", at="2024-06-05 09:00:00")
    add("deals", "G16-O", lead="G16-C0", stage="lost", is_closed="yes", is_won="no", amount="1",
        created_at="2024-01-20", closed_at="2024-03-15 09:00:00")  # fmt: skip
    # G18: A is merged into B in January, B into C in March.
    add("leads", "G18-A", master="G18-B", is_deleted="yes", created_at="2025-01-01 08:00:00",
        updated_at="2026-01-20 10:00:00")  # fmt: skip
    add("leads", "G18-B", created_at="2025-02-01 08:00:00")
    add("leads", "G18-C", created_at="2025-03-01 08:00:00")
    add("history", "G18", lead="G18-A", old="new", new="mql", at="2025-01-10 09:00:00")
    add("deals", "G18", lead="G18-B", stage="discovery", created_at="2025-02-10 09:00:00")
    # G19: 101 and 102, before they become 103.
    add("contacts", "101", created_at="2025-05-01 08:00:00")
    add("contacts", "102", created_at="2025-06-01 08:00:00")
    add("forms", "G19", contact="101", type="form_fill", at="2025-05-02 08:00:00")
    # 201 and 202 became 203 before anything landed.
    add("contacts", "203", merged="201:1767225600000;202", created_at="2025-05-01 08:00:00")
    add("forms", "G19-old", contact="201", type="form_fill", at="2025-05-02 08:00:00")
    # Merges that only a log tells: in March, with a list of ids.
    for one in ("M1", "M2"):
        add("prospects", one, created_at=f"2025-0{one[1]}-01 08:00:00")


def deletion_cases(add: Callable[..., None]) -> None:
    add("leads", "G21", created_at="2025-01-01 08:00:00")
    add("history", "G21", lead="G21", old="new", new="mql", at="2026-01-05 09:00:00")
    add("leads", "gone-undated", is_deleted="yes")
    add("deals", "G21", stage="discovery", amount="50000", created_at="2026-01-05 09:00:00",
        updated_at="2026-01-05 09:00:00", is_deleted="no")  # fmt: skip
    add("deals", "G22", stage="discovery", amount="1", created_at="2026-01-05 09:00:00",
        updated_at="2026-01-10 09:00:00", is_deleted="no")  # fmt: skip


def link_cases(add: Callable[..., None]) -> None:
    # G23: CRM ids differ; those of a CRM that is in the files, and those of one that is not.
    for one in ("1", "2"):
        add("leads", f"G23-L{one}", created_at="2025-01-01 08:00:00")
        add("prospects", f"G23-P{one}", email="G23@shared.example.com", crm="crm",
            crm_id=f"G23-L{one}")  # fmt: skip
        add("prospects", f"G23-Q{one}", email="g23.q@shared.example.com", crm="elsewhere",
            crm_id=f"E{one}")  # fmt: skip
        for number in range(5):
            add("sends", f"G23-{one}-{number}", prospect=f"G23-P{one}", type="email_sent",
                at="2026-01-05 09:00:00")  # fmt: skip
    # One CRM person and their doubles: by e-mail, also inside one system.
    add("leads", "same-L", email="same@acme.example.com", created_at="2025-01-01 08:00:00")
    add("leads", "same-M", email=" Same@ACME.example.com ", created_at="2025-01-02 08:00:00")
    add("prospects", "same-P", email="same@acme.example.com", crm="crm", crm_id="same-L")
    # Ids and addresses that are nobody's.
    for one in ("1", "2"):
        add("prospects", f"nobody-a{one}", email="noreply@acme.example.com", crm="crm", crm_id="0")
        add("prospects", f"nobody-b{one}", email="none@none.com", crm="crm", crm_id="not-there")
        add("prospects", f"nobody-c{one}", email="info+web@acme.example.com")
    # A stored id that the second export has and the first one lacks.
    add("leads", "stored-L", created_at="2025-01-01 08:00:00")
    add("prospects", "stored-P", created_at="2025-01-02 08:00:00")
    # Whose address changes, and who has the former one now.
    add("prospects", "moved", email="moved@old.example.com")
    add("prospects", "heir", email="moved@old.example.com", crm="crm", crm_id="heir-L")
    add("leads", "heir-L", created_at="2025-01-01 08:00:00")


def account_cases(add: Callable[..., None]) -> None:
    # G25: the older one of two accounts, then the one with the smaller id.
    add("accounts", "A3", name="Acme new", site="acme.com", created_at="2025-02-01")
    add("accounts", "A2", name="Acme", site="https://www.Acme.com/de", created_at="2025-01-01")
    add("accounts", "A1", name="Acme too", site="acme.com", created_at="2025-01-01")
    add("accounts", "A0", name="Acme gone", site="acme.com", created_at="2024-01-01",
        is_deleted="yes")  # fmt: skip
    add("accounts", "solo", name="n/a", site="solo.com", created_at="2025-01-01")
    add("accounts", "mail", name="Mail", site="gmail.com", created_at="2025-01-01")
    add("leads", "G25", email="ann@acme.com")
    add("leads", "by-domain", email="bob@solo.com")
    add("leads", "by-id", email="cid@acme.com", account="solo")
    add("leads", "by-unknown-id", email="dan@solo.com", account="not-there")
    add("leads", "by-free-mail", email="eve@gmail.com")
    add("leads", "by-role", email="info@solo.com")


def attribute_cases(add: Callable[..., None]) -> None:
    # Marketing is believed first on titles, the CRM on everything else.
    add("leads", "S-1", email="s@s.example.com", title="Boss", phone=" N/A ", source="first",
        created_at="2025-01-01 08:00:00", updated_at="2026-01-09 08:00:00")  # fmt: skip
    add("leads", "S-2", email="s@s.example.com", title="Chief", phone="+1 2", source="second",
        created_at="2025-01-02 08:00:00", updated_at="2026-01-08 08:00:00")  # fmt: skip
    add("leads", "S-3", email="s@s.example.com", phone="+1 3", is_deleted="yes",
        created_at="2025-01-03 08:00:00", updated_at="2026-01-20 08:00:00")  # fmt: skip
    add("prospects", "S-P", email="s@s.example.com", title="Head", created_at="2025-01-04 08:00:00")


def instance_cases(add: Callable[..., None]) -> None:
    # The only one of the other system, the one of the same name.
    add("portal", "to-erp", link="E", system="erp")
    add("erp", "E", created_at="2025-01-01")
    add("portal", "to-desk", link="D", system="desk")
    add("desk", "D", created_at="2025-01-01")
    add("desk_emea", "D", created_at="2025-01-01")


def second_export(first: Rows) -> Rows:
    rows: Rows = defaultdict(
        list, {file: [dict(row) for row in found] for file, found in first.items()}
    )
    changed = {
        ("leads", "G18-B"): {
            "master": "G18-C", "is_deleted": "yes", "updated_at": "2026-03-20 10:00:00",
        },
        ("leads", "G21"): {"is_deleted": "yes", "updated_at": "2026-03-10 10:00:00"},
        ("deals", "G21"): {"is_deleted": "yes", "updated_at": "2026-03-10 10:00:00"},
        ("deals", "G22"): {"is_deleted": "yes"},
        ("prospects", "stored-P"): {"crm": "crm", "crm_id": "stored-L"},
        ("prospects", "moved"): {"email": "moved@new.example.com"},
    }  # fmt: skip
    for (file, id_), values in changed.items():
        next(row for row in rows[file] if row["id"] == id_).update(values)
    gone = {("contacts", "101"), ("contacts", "102"), ("prospects", "M2")}
    for file, found in rows.items():
        rows[file] = [row for row in found if (file, row["id"]) not in gone]
    rows["contacts"].append({"id": "103", "merged": "101;102", "created_at": "2025-05-01 08:00:00"})
    rows["merges"].append(
        {"id": "1", "survivor": "M1", "gone": "M2, M3", "at": "2026-03-15 10:00:00"}
    )
    rows["merges"].append({"id": "2", "survivor": "X1", "gone": "X2", "at": "2026-03-15 10:00:00"})
    return rows


def random_graph() -> list[dict[str, str]]:
    """Chains in random and in awkward orders, trees, stars, shared addresses, claims by a CRM."""
    rng = random.Random(7)  # noqa: S311 - no secret
    ids = [f"{number:04d}" for number in range(2400)]
    rows = {one: {"id": one, "created_at": f"2025-01-{rng.randint(1, 28):02d}"} for one in ids}
    chain = rng.sample(ids[:500], 500)
    for one, other in pairwise(chain):
        rows[one]["master"] = other
    # 500, 749, 501, 748, …
    zigzag = [ids[500 + (n // 2 if n % 2 == 0 else 249 - n // 2)] for n in range(250)]
    for one, other in pairwise(zigzag):
        rows[one]["master"] = other
    for one in ids[750:]:
        draw = rng.random()
        if draw < 0.25:
            rows[one]["master"] = rng.choice(ids[750:])
        elif draw < 0.35:
            separator = rng.choice([";", ", "])
            rows[one]["merged"] = separator.join(
                rng.choice([*ids[750:], "lost-1", "lost-2", "lost-3"]) for _ in range(2)
            )
    for one in ids:
        if rng.random() < 0.3:
            rows[one]["email"] = f"{rng.choice('abcdefgh')}{rng.randint(1, 99)}@graph.example.com"
        if rng.random() < 0.02:
            rows[one]["crm_id"] = f"C{rng.randint(1, 30)}"
    return list(rows.values())


def persons_of_graph(rows: list[dict[str, str]]) -> dict[str, tuple[str, bool]]:
    """Union-find, one link after the other: id → (name of its component, flagged)."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    def join(one: str, other: str) -> None:
        parent[root(one)] = root(other)

    for row in rows:
        root(row["id"])
        if master := row.get("master"):
            join(row["id"], master)
        for gone in row.get("merged", "").replace(",", ";").split(";"):
            if gone.strip():
                join(row["id"], gone.strip())
        if crm_id := row.get("crm_id"):
            join(row["id"], f"crm/{crm_id}")
    hard = {row["id"]: root(row["id"]) for row in rows}
    claimed = {hard[row["id"]] for row in rows if row.get("crm_id")}
    parent = {}
    holders: dict[str, str] = {}
    for row in rows:
        if email := row.get("email"):
            join(hard[row["id"]], holders.setdefault(email, hard[row["id"]]))
    claims = Counter(root(one) for one in claimed)
    return {
        one: (of, True) if claims[root(of)] > 1 else (root(of), False) for one, of in hard.items()
    }


@pytest.fixture(scope="module")
def build(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Callable[..., duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("identity")
    first = first_export()

    def _build(**environment: str) -> duckdb.DuckDBPyConnection:
        workspace = tmp_path_factory.mktemp("workspace")
        for at, rows in ((FIRST, first), (SECOND, second_export(first))):
            (folder / "agreement.yml").write_text(AGREEMENT)
            (folder / "mapping.yml").write_text(MAPPING.format(at=at))
            for name, columns in COLUMNS.items():
                with (folder / f"{name}.csv").open("w", newline="") as file:
                    writer = csv.DictWriter(file, columns.split())
                    writer.writeheader()
                    writer.writerows(rows[name])
            path = land_and_build(folder, workspace, is_built=at == SECOND, **environment)
        return duckdb.connect(str(path), read_only=True)

    return _build


@pytest.fixture(scope="module")
def warehouse(build: Callable[..., duckdb.DuckDBPyConnection]) -> Iterator[Any]:
    with build() as connection:
        yield connection


@pytest.fixture(scope="module")
def ninth_of_march(build: Callable[..., duckdb.DuckDBPyConnection]) -> Iterator[Any]:
    with build(UNIFIED_FUNNEL_AS_OF="2026-03-09") as connection:
        yield connection


@pytest.fixture(scope="module")
def tenth_of_march(build: Callable[..., duckdb.DuckDBPyConnection]) -> Iterator[Any]:
    with build(UNIFIED_FUNNEL_AS_OF="2026-03-10") as connection:
        yield connection


def person(connection: Any, record_key: str) -> str | None:
    """Key of the person that a key leads to, as a reader of the marts would find it."""
    found = connection.execute(
        "select person_key from marts.dim_persons where person_key = $1"
        " union all select person_key from marts.dim_person_aliases where alias_key = $1",
        [record_key],
    ).fetchall()
    assert len(found) <= 1
    return found[0][0] if found else None


def one(connection: Any, query: str, *values: str) -> tuple[Any, ...]:
    (found,) = connection.execute(query, list(values)).fetchall()
    return tuple(found)


def test_g16_two_leads_of_one_contact_are_one_person_with_two_passes(warehouse: Any) -> None:
    key = "crm/main/G16-L1"
    assert {person(warehouse, f"crm/main/G16-{of}") for of in ("L1", "L2", "C0")} == {key}
    assert one(
        warehouse,
        "select record_count, (select count(*) from marts.fct_passes where person_key = $1)"
        " from marts.dim_persons where person_key = $1",
        key,
    ) == (3, 2)


def test_merged_records_have_a_bucket_of_their_own(warehouse: Any) -> None:
    (merged,) = warehouse.execute(
        "select row_count from quality.reconciliation"
        " where entity = 'persons' and bucket = 'merged'"
    ).fetchone()
    (gone,) = warehouse.execute(
        """
        select count(distinct s.record_key) from staging.stg_files__persons as s
        join intermediate.int_person_links as l using (record_key)
        where l.kind = 'merge' and l.has_happened
        """
    ).fetchone()
    assert merged == gone > 0


def test_g18_a_chain_of_merges_closes_link_by_link(warehouse: Any, ninth_of_march: Any) -> None:
    key = "crm/main/G18-A"
    keys = [f"crm/main/G18-{of}" for of in "ABC"]
    assert [person(ninth_of_march, of) for of in keys] == [key, key, keys[2]]
    assert [person(warehouse, of) for of in keys] == [key] * 3
    # A was qualified, B has the deal: C is who did both.
    for connection in (warehouse, ninth_of_march):
        assert connection.execute(
            "select pass_number, to_stage from marts.fct_stage_transitions"
            " where person_key = ? order by transition_number",
            [key],
        ).fetchall() == [(1, "mql"), (1, "opportunity")]
    assert one(
        warehouse, "select person_key from marts.fct_opportunities where opportunity_id = 'G18'"
    ) == (key,)
    assert one(warehouse, "select record_count from marts.dim_persons where person_key = ?",
               key) == (3,)  # fmt: skip


def test_g19_a_merge_under_a_new_id_is_no_inquiry_and_keeps_the_first_date(
    warehouse: Any, ninth_of_march: Any
) -> None:
    key = "hub/main/101"
    assert {person(warehouse, f"hub/main/{of}") for of in (101, 102, 103)} == {key}
    assert person(ninth_of_march, "hub/main/102") == "hub/main/102"
    assert one(
        warehouse,
        "select cast(first_seen_at as varchar), is_deleted, (select string_agg(to_stage) from"
        " marts.fct_stage_transitions where person_key = $1) from marts.dim_persons"
        " where person_key = $1",
        key,
    ) == ("2025-05-01 12:00:00", False, "inquiry")


def test_g19_ids_that_only_the_survivor_names_are_the_survivor(
    warehouse: Any, ninth_of_march: Any
) -> None:
    for connection in (warehouse, ninth_of_march):
        assert {person(connection, f"hub/main/{of}") for of in (201, 202)} == {"hub/main/203"}
    assert one(
        warehouse,
        "select record_count, (select count(*) from marts.fct_passes where person_key = $1)"
        " from marts.dim_persons where person_key = $1",
        "hub/main/203",
    ) == (1, 1)


def test_a_merge_that_only_a_log_tells_counts_from_its_date_on(
    warehouse: Any, ninth_of_march: Any
) -> None:
    keys = [f"marketing/main/M{of}" for of in (1, 2, 3)]
    assert [person(warehouse, of) for of in keys] == [keys[0]] * 3
    assert [person(ninth_of_march, of) for of in keys] == [keys[0], keys[1], keys[0]]


def test_a_merge_of_records_that_no_file_has_makes_no_person(warehouse: Any) -> None:
    assert person(warehouse, "marketing/main/X2") is None
    assert one(
        warehouse, "select outcome from quality.person_links where record_key like '%/X2'"
    ) == ("unknown",)


def test_a_stored_id_counts_from_the_export_on_that_first_has_it(
    warehouse: Any, ninth_of_march: Any
) -> None:
    assert person(warehouse, "marketing/main/stored-P") == "crm/main/stored-L"
    assert person(ninth_of_march, "marketing/main/stored-P") == "marketing/main/stored-P"


def test_g21_a_deleted_record_is_there_before_its_deletion(
    warehouse: Any, ninth_of_march: Any
) -> None:
    query = """
        select p.is_deleted, (
            select count(*) from marts.fct_opportunities
            where opportunity_key = 'crm/main/G21' and not is_deleted
        ) from marts.dim_persons as p where p.person_key = 'crm/main/G21'
    """
    assert one(ninth_of_march, query) == (False, 1)
    assert one(warehouse, query) == (True, 0)
    undated = "select is_deleted from marts.dim_persons where person_key = 'crm/main/gone-undated'"
    assert one(ninth_of_march, undated) == one(warehouse, undated) == (True,)


def test_g21_the_pipeline_has_it_until_the_day_before(
    ninth_of_march: Any, tenth_of_march: Any
) -> None:
    query = """
        select open, open_pipeline from marts.rpt_pipeline
        where period_type = 'all' and segment = 'all'
    """
    # Beside it: G22 of 1, archived in April, and the deal of G18, which has no amount.
    assert one(ninth_of_march, query) == (3, 50001.0)
    assert one(tenth_of_march, query) == (2, 1.0)


def test_g21_a_deletion_takes_an_open_pass_out_of_the_balance(
    warehouse: Any, ninth_of_march: Any
) -> None:
    passes = "select outcome, ended_at from marts.fct_passes where person_key = 'crm/main/G21'"
    assert one(ninth_of_march, passes) == ("open", None)
    # 10:00 in New York, summer time since the 8th.
    deleted_at = datetime(2026, 3, 10, 14)
    assert one(warehouse, passes) == ("deleted", deleted_at)
    last = """
        select from_stage, to_stage, kind, transition_at, evidence
        from marts.fct_stage_transitions where person_key = 'crm/main/G21'
        order by transition_number desc limit 1
    """
    assert one(warehouse, last) == ("mql", "deleted", "delete", deleted_at, "observed")
    balance = """
        select opening, moved_in, moved_out, closing from marts.rpt_stage_balance
        where stage = 'mql' and balance_date = date '2026-03-10'
    """
    opening, moved_in, moved_out, closing = one(warehouse, balance)
    assert (moved_in, moved_out) == (0, 1)
    assert opening - 1 == closing


def test_g22_an_archive_that_moves_no_date_happened_at_the_export_that_tells_of_it(
    warehouse: Any, ninth_of_march: Any
) -> None:
    query = """
        select is_record_deleted, cast(deleted_at as varchar)
        from staging.stg_files__opportunities where record_id = 'G22'
    """
    assert one(warehouse, query) == (True, "2026-04-01 10:00:00")
    assert one(ninth_of_march, query) == (False, "2026-04-01 10:00:00")


@pytest.mark.parametrize("of", ["P", "Q"])
def test_g23_one_address_joins_nobody_whose_crm_ids_differ(warehouse: Any, of: str) -> None:
    found = warehouse.execute(
        "select distinct r.person_key, p.is_email_ambiguous and f.record_key is not null"
        " from intermediate.int_persons_resolved as r"
        " join marts.dim_persons as p using (person_key)"
        " left join quality.findings as f"
        " on r.record_key = f.record_key and f.finding = 'email_ambiguous'"
        " where r.record_key like ?",
        [f"marketing/main/G23-{of}%"],
    ).fetchall()
    assert [is_flagged for _, is_flagged in found] == [True, True]


def test_g23_ten_sends_stay_ten(warehouse: Any) -> None:
    assert one(
        warehouse,
        "select count(*), count(distinct person_key) from intermediate.int_activities"
        " where person_record_key like 'marketing/main/G23-P%'",
    ) == (10, 2)


def test_one_address_joins_records_also_inside_one_system(warehouse: Any) -> None:
    keys = ["crm/main/same-L", "crm/main/same-M", "marketing/main/same-P"]
    assert {person(warehouse, of) for of in keys} == {"crm/main/same-L"}


@pytest.mark.parametrize("of", ["a", "b", "c"])
def test_placeholders_and_role_mailboxes_join_nobody(warehouse: Any, of: str) -> None:
    keys = [f"marketing/main/nobody-{of}{number}" for number in (1, 2)]
    assert [person(warehouse, key) for key in keys] == keys


def test_a_former_address_is_evidence_and_no_link(warehouse: Any, ninth_of_march: Any) -> None:
    assert person(warehouse, "marketing/main/moved") == "marketing/main/moved"
    assert one(
        warehouse,
        "select email, other_person_key from quality.former_emails where record_key = ?",
        "marketing/main/moved",
    ) == ("moved@old.example.com", "crm/main/heir-L")
    detail = one(
        warehouse,
        "select detail from quality.findings where finding = 'former_email_of_another_person'",
    )
    assert detail == ("an address that it once had is that of marketing/main/heir",)


@pytest.mark.parametrize(
    ("lead", "account", "match", "is_ambiguous"),
    [
        ("G25", "A1", "domain", True),
        ("by-domain", "solo", "domain", False),
        ("by-id", "solo", "stored_id", False),
        ("by-unknown-id", "solo", "domain", False),
        ("by-free-mail", None, None, False),
        ("by-role", None, None, False),
    ],
)
def test_g25_a_lead_has_one_account(
    warehouse: Any, lead: str, account: str | None, match: str | None, is_ambiguous: bool
) -> None:
    assert one(
        warehouse,
        "select account_key, account_match, is_account_match_ambiguous from marts.dim_persons"
        " where person_key = ?",
        f"crm/main/{lead}",
    ) == (account and f"crm/main/{account}", match, is_ambiguous)


def test_a_value_survives_by_source_then_date_and_placeholders_lose(warehouse: Any) -> None:
    assert one(
        warehouse,
        "select title, phone, email, phones, record_keys from marts.dim_person_details"
        " where person_key = 'crm/main/S-1'",
    ) == (
        "Head",
        "+1 2",
        "s@s.example.com",
        "+1 2; +1 3",
        "crm/main/S-1; crm/main/S-2; crm/main/S-3; marketing/main/S-P",
    )
    assert one(
        warehouse,
        "select p.lead_source, a.name from marts.dim_persons as p, marts.dim_accounts as a"
        " where p.person_key = 'crm/main/S-1' and a.account_key = 'crm/main/solo'",
    ) == ("first", None)


def test_an_id_of_another_system_belongs_to_the_instance_that_landed(warehouse: Any) -> None:
    assert person(warehouse, "portal/emea/to-erp") == "erp/berlin/E"
    assert person(warehouse, "portal/emea/to-desk") == "desk/emea/D"
    assert person(warehouse, "desk/main/D") == "desk/main/D"


def test_links_explain_a_person_step_by_step(warehouse: Any, ninth_of_march: Any) -> None:
    query = """
        select record_key, other_record_key, kind, cast(linked_at as varchar), outcome
        from quality.person_links where record_key like 'crm/main/G18-%' order by 1
    """
    first = ("crm/main/G18-A", "crm/main/G18-B", "merge", "2026-01-20 15:00:00", "joined")
    then = ("crm/main/G18-B", "crm/main/G18-C", "merge", "2026-03-20 14:00:00")
    assert warehouse.execute(query).fetchall() == [first, (*then, "joined")]
    assert ninth_of_march.execute(query).fetchall() == [first, (*then, "later")]


def test_every_record_of_a_person_is_traced_to_files_and_lines(warehouse: Any) -> None:
    found = warehouse.execute(
        "select record_key, file, line, cast(exported_at as varchar) from quality.traced_rows"
        " where traced_key = 'hub/main/101' and entity = 'persons' order by exported_at, line"
    ).fetchall()
    assert found == [
        ("hub/main/101", "contacts.csv", 2, "2026-02-01 11:00:00"),
        ("hub/main/102", "contacts.csv", 3, "2026-02-01 11:00:00"),
        ("hub/main/103", "contacts.csv", 3, "2026-04-01 10:00:00"),
    ]


def test_random_links_make_the_same_persons_as_union_find(warehouse: Any) -> None:
    told = {
        record: (key, flagged)
        for record, key, flagged in warehouse.execute(
            "select replace(record_key, 'graph/main/', ''), person_key, is_email_ambiguous"
            " from intermediate.int_persons_resolved where record_key like 'graph/%' and is_record"
        ).fetchall()
    }
    expected = persons_of_graph(random_graph())
    assert told.keys() == expected.keys()
    assert {one for one in told if told[one][1]} == {one for one in expected if expected[one][1]}
    assert any(flagged for _, flagged in expected.values())
    pairs = {(told[record][0], expected[record][0]) for record in expected}
    sizes = Counter(component for component, _ in expected.values())
    # One key for each component, one component for each key.
    assert len(pairs) == len({key for key, _ in pairs}) == len(sizes)
    assert max(sizes.values()) > 500
