from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ingestion.files import find_mapping, land_file
from ingestion.landing import Landing
from ingestion.sandbox.clock import DAY, ever
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.company.opportunities import NEW_BUSINESS
from ingestion.sandbox.company.people import MARKETING, SALES_CONTACT
from ingestion.sandbox.exports import write_full
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import hubspot
from ingestion.sandbox.systems.dialect import text_table, write_csv
from ingestion.sandbox.systems.held import EMEA, MAIN, CrmLinks
from ingestion.sandbox.systems.hubspot.histories import purged_at
from ingestion.sandbox.systems.hubspot.statuses import LIFECYCLES

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.files.mapping import Column
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"
MORNING = 6 * 3600


@dataclass(frozen=True)
class Portal:
    company: Company
    held: Held

    @cached_property
    def moment(self) -> float:
        return self.company.settings.end + MORNING

    @cached_property
    def texts(self) -> dict[str, pd.DataFrame]:
        """All objects on the morning after the last day, as their files say it."""
        return {
            stem: text_table(stored.at(self.moment), self.held.dialect).to_pandas()
            for stem, stored in self.held.objects.items()
        }

    @cached_property
    def human_of(self) -> dict[str, int]:
        """Every contact id there ever was."""
        records = self.held.records
        return dict(zip(records.record_id.to_pylist(), records.human.tolist(), strict=True))


def portal(people: int, profile: str, instance: str = MAIN) -> Portal:
    company = simulate(Settings(people=people, set_up="hubspot", mess=PROFILES[profile]))
    members = np.ones(len(company.people), dtype=bool)
    return Portal(company, hubspot.hold(company, members, instance, None))


@pytest.fixture(scope="module")
def usual() -> Portal:
    return portal(12_000, "usual")


@pytest.fixture(scope="module")
def clean() -> Portal:
    return portal(3_000, "clean")


@pytest.fixture(scope="module")
def beside_salesforce() -> Portal:
    """A marketing portal; the CRM knows everybody with a hand-off as a lead, some as a contact."""
    settings = Settings(people=2_000, set_up="salesforce_hubspot", mess=PROFILES["usual"])
    company = simulate(settings)
    rounds = company.rounds
    known = np.flatnonzero(ever(rounds.crm_at))
    known = known[np.lexsort((rounds.crm_at[known], rounds.human[known]))]
    human = rounds.human[known]
    names = [f"00Q{one}" for one in human]
    contacts = [f"003{one}" if one % 3 == 0 else None for one in human]
    links = CrmLinks(human, rounds.crm_at[known], pa.array(names), pa.array(contacts))
    members = np.ones(len(company.people), dtype=bool)
    return Portal(company, hubspot.hold(company, members, MAIN, links))


# -- Form -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "column", "pattern"),
    [
        ("contacts", "hs_object_id", r"\d{5,}"),
        ("contacts", "createdate", INSTANT),
        ("contacts", "lastmodifieddate", INSTANT),
        ("contacts", "archived", "true|false"),
        ("contacts", "archivedAt", f"|{INSTANT}"),
        ("contacts", "hs_merged_object_ids", r"|\d+(;\d+)+"),
        ("contacts", "hubspotscore", r"\d{1,2}"),
        ("contacts", "hs_lifecyclestage_customer_date", f"|{INSTANT}"),
        ("contact_property_history", "timestamp", INSTANT),
        ("contact_property_history", "sourceType", "[A-Z_]+"),
        ("contact_property_history", "sourceId", ".+"),
        ("companies", "hs_lastmodifieddate", INSTANT),
        ("deals", "closedate", INSTANT),
        ("deals", "amount", r"\d+(\.\d\d)?"),
        ("deals", "deal_currency_code", "USD|EUR|GBP"),
        ("deals", "hs_deal_stage_probability", r"[01]\.\d+"),
        ("deals", "hs_is_closed_won", "true|false"),
        ("calls", "hs_call_direction", "OUTBOUND"),
        ("calls", "hs_call_duration", r"0|\d+000"),
        ("emails", "hs_email_direction", "EMAIL|INCOMING_EMAIL"),
        ("meetings", "hs_meeting_start_time", INSTANT),
        ("tasks", "hs_task_status", "NOT_STARTED"),
        ("form_submissions", "submittedAt", INSTANT),
        ("form_submissions", "email", r"\S+@\S+"),
        ("email_events", "type", "SENT|DELIVERED|OPEN|CLICK"),
        ("campaigns", "hs_start_date", r"\d{4}-\d\d-\d\d"),
        ("pipeline_stages", "probability", r"[01]\.\d+"),
    ],
)
def test_values_have_hubspots_form(usual: Portal, stem: str, column: str, pattern: str) -> None:
    values = usual.texts[stem][column]
    assert len(values)
    assert values[~values.str.fullmatch(pattern)].tolist() == []


def test_the_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for place in ("one", "other"):
        one = portal(300, "awful")
        folder = tmp_path / place
        folder.mkdir()
        for stem, stored in one.held.objects.items():
            write_csv(stored.at(one.moment), folder / stem, one.held.dialect)
        files.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert files[0] == files[1]


def test_ids_are_unique_in_a_portal_and_shared_between_portals(usual: Portal) -> None:
    for stem, key in (("contacts", "hs_object_id"), ("deals", "hs_object_id")):
        assert usual.texts[stem][key].is_unique
    other = portal(1_000, "usual", EMEA)
    assert set(other.texts["contacts"]["hs_object_id"]) & set(usual.human_of)
    guids = [set(one.texts["form_submissions"]["conversionId"]) for one in (usual, other)]
    assert not guids[0] & guids[1]


# -- What hangs together ----------------------------------------------------------------------

REFERENCES = [
    ("contact_property_history", "contact_id", "contacts", "hs_object_id"),
    ("contacts", "associatedcompanyid", "companies", "hs_object_id"),
    ("contacts", "hubspot_owner_id", "owners", "id"),
    ("companies", "hs_parent_company_id", "companies", "hs_object_id"),
    ("deals", "hs_primary_associated_company", "companies", "hs_object_id"),
    ("deals", "hubspot_owner_id", "owners", "id"),
    ("deals", "dealstage", "pipeline_stages", "id"),
    ("deals", "pipeline", "pipelines", "id"),
    ("deal_property_history", "deal_id", "deals", "hs_object_id"),
    ("deal_contacts", "deal_id", "deals", "hs_object_id"),
    ("deal_contacts", "contact_id", "contacts", "hs_object_id"),
    ("deal_companies", "company_id", "companies", "hs_object_id"),
    ("form_submissions", "contact_id", "contacts", "hs_object_id"),
    ("form_submissions", "form_id", "forms", "id"),
    ("email_events", "contact_id", "contacts", "hs_object_id"),
    ("email_events", "marketing_email_id", "marketing_emails", "id"),
    ("page_views", "contact_id", "contacts", "hs_object_id"),
    *((stem, "contact_id", "contacts", "hs_object_id")
      for stem in ("calls", "emails", "meetings", "tasks")),
    *((stem, "hubspot_owner_id", "owners", "id")
      for stem in ("calls", "emails", "meetings", "tasks")),
]  # fmt: skip


@pytest.mark.parametrize(("stem", "column", "of", "key"), REFERENCES)
def test_what_is_referred_to_is_there(
    usual: Portal, stem: str, column: str, of: str, key: str
) -> None:
    given = set(usual.texts[stem][column]) - {""}
    assert given
    assert given <= set(usual.texts[of][key])


@pytest.mark.parametrize("stem", ["form_submissions", "calls", "emails", "page_views"])
def test_what_people_did_is_told_of_their_own_contact(usual: Portal, stem: str) -> None:
    attempts, touches = usual.company.attempts, usual.company.touches
    told = usual.held.objects[stem].at(usual.moment)["contact_id"].to_pylist()
    humans = {usual.human_of[one] for one in told}
    assert humans <= set(attempts.human) | set(touches.human)


@pytest.mark.parametrize(
    ("stem", "of", "key"),
    [
        ("contact_property_history", "contacts", "contact_id"),
        ("deal_property_history", "deals", "deal_id"),
    ],
)
@pytest.mark.parametrize("profile", ["usual", "clean"])
def test_histories_end_in_the_value_of_today(
    request: pytest.FixtureRequest, profile: str, stem: str, of: str, key: str
) -> None:
    one: Portal = request.getfixturevalue(profile)
    history = one.texts[stem].astype({"number": int})
    last = history.sort_values("number").drop_duplicates([key, "property"], keep="last")
    told = last.pivot_table(index=key, columns="property", values="value", aggfunc="first")
    today = one.texts[of].set_index("hs_object_id")
    assert len(told) > 100
    for name in told:
        value = told[name].dropna()
        differs = value[value != today[name].reindex(value.index)]
        assert len(differs) == 0, name


def test_numbers_of_a_history_follow_time(usual: Portal) -> None:
    history = usual.texts["contact_property_history"].astype({"number": int})
    history = history.sort_values(["contact_id", "property", "number"])
    same = history.duplicated(["contact_id", "property"])
    assert (history["timestamp"] >= history["timestamp"].shift())[same].all()
    assert (history["number"] == history["number"].shift() + 1)[same].all()


def test_lifecycle_goes_forward_only(usual: Portal) -> None:
    history = usual.texts["contact_property_history"]
    own = history[history["property"] == "lifecyclestage"].astype({"number": int})
    own = own.sort_values(["contact_id", "number"])
    rank = own["value"].map({name: place for place, name in enumerate(LIFECYCLES)})
    same = own.duplicated("contact_id")
    assert (rank > rank.shift())[same].all()
    assert set(own["value"]) == set(LIFECYCLES)


# -- Mess -------------------------------------------------------------------------------------


def mess_seen(one: Portal) -> dict[str, tuple[int, int]]:
    """Kind -> how often it happened, of how many that it could happen to."""
    company, held, texts = one.company, one.held, one.texts
    people, rounds, deals = company.people, company.rounds, company.deals
    lines = held.records.human
    contacts, history = texts["contacts"], texts["contact_property_history"]
    merged = contacts["hs_merged_object_ids"]
    members = len(people)
    last_at = pd.Series(held.objects["contacts"].record).duplicated(keep="last")
    stored = held.objects["contacts"]
    stamp = stored.varying["lastmodifieddate"].cast(pa.int64()).to_numpy()
    late = (stored.shown_from > stamp) & ~last_at.to_numpy()
    survivor = merged != ""
    new_ids = len(lines) - members - int(survivor.sum()) - int((merged.str.count(";") == 3).sum())
    doubles = new_ids - int((merged.str.count(";") == 3).sum())
    second = contacts[contacts["hs_additional_emails"] != ""]["hs_additional_emails"]
    status = history[history["property"] == "hs_lead_status"].astype({"number": int})
    status = status.sort_values(["contact_id", "number"])
    at = pd.to_datetime(status["timestamp"])
    same = status.duplicated("contact_id")
    gap = (at - at.shift()).dt.total_seconds()
    back = same & (gap == 60) & (gap.shift() == 60) & (status["value"] == status["value"].shift(2))
    back &= status["contact_id"] == status["contact_id"].shift(2)
    noted = ever(rounds.accepted_at) & rounds.is_acceptance_noted
    in_deals = texts["deals"]
    new = (in_deals["dealtype"] == "newbusiness").sum()
    is_new = deals.kind == NEW_BUSINESS
    primary = texts["deal_contacts"]
    primary = primary[primary["label"] == "Primary contact"]
    undecided = (
        ever(rounds.attempt_at) & ~ever(rounds.accepted_at) & ~ever(rounds.rejected_at)
        & (rounds.entry != SALES_CONTACT)
    )  # fmt: skip
    idle = np.ones(members, dtype=bool)
    idle[rounds.human[ever(rounds.assigned_at)]] = False
    archived_at = history_of_flag(held, "archived")
    email = history[(history["property"] == "email")]
    won = deals.is_won & is_new
    closed = pd.to_datetime(in_deals["closedate"])
    early = closed < pd.to_datetime(in_deals["createdate"])
    return {
        "duplicate_prospect": (doubles, members),
        "merged_duplicate": (int((merged.str.count(";") >= 1).sum()), doubles),
        "merge_chain": (int((merged.str.count(";") == 3).sum()), int(survivor.sum())),
        "plus_address": (int(second.str.contains("+web@", regex=False).sum()), len(second)),
        "email_changed": (int(email.duplicated("contact_id").sum()), members),
        "filled_later": (
            int(history[history["property"] == "phone"].duplicated("contact_id").sum()),
            int(((people.phone != people.phone_known)).sum()),
        ),
        "deleted_record": (int(archived_at.sum()), int(idle.sum())),
        "flicker": (int(back.sum()), len(status)),
        "same_second": (int((same & (gap == 0)).sum()), int(0.8 * noted.sum())),
        "late_commit": (int(late.sum()), len(lines)),
        "unmapped_status": (int((status["value"] == "PARKED").sum()), int(undecided.sum())),
        "missing_field": (int((contacts["company"] == "").sum()), len(contacts)),
        "custom_field": (int("favourite_topic" in contacts), 1),
        "deal_without_role": (int(is_new.sum()) - primary_of_new(in_deals, primary), int(new)),
        "deal_without_account": (
            int((in_deals["hs_primary_associated_company"] == "").sum()), len(in_deals)
        ),
        "deal_before_contact": (int(early.sum()), int(won.sum())),
    }  # fmt: skip


def history_of_flag(held: Held, field: str) -> np.ndarray:
    """Per contact: whether the flag was ever set."""
    stored = held.objects["contacts"]
    was = np.zeros(int(stored.record.max()) + 1, dtype=bool)
    was[stored.record[stored.varying[field].to_numpy(zero_copy_only=False)]] = True
    return was


def primary_of_new(deals: pd.DataFrame, primary: pd.DataFrame) -> int:
    new = deals[deals["dealtype"] == "newbusiness"]["hs_object_id"]
    return int(new.isin(primary["deal_id"]).sum())


def test_each_kind_of_mess_is_about_as_frequent_as_its_rate(usual: Portal) -> None:
    mess = usual.company.settings.mess
    for kind, (count, among) in mess_seen(usual).items():
        rate = getattr(mess, kind)
        assert count > 0, kind
        # Some come after the last day, so there are rather fewer.
        spread = 3 * np.sqrt(among * rate * (1 - rate)) / among
        assert 0.35 * rate - spread <= count / among <= 1.1 * rate + spread, (kind, count, among)


def test_a_clean_company_has_no_mess(clean: Portal) -> None:
    seen = mess_seen(clean)
    assert {kind: count for kind, (count, _) in seen.items() if count} == {}
    assert len(clean.human_of) == len(clean.company.people)


def test_a_merge_makes_a_new_record_and_both_old_ones_are_gone(usual: Portal) -> None:
    contacts = usual.texts["contacts"]
    merged = contacts[contacts["hs_merged_object_ids"] != ""]
    gone = set(";".join(merged["hs_merged_object_ids"]).split(";"))
    assert len(gone) > 100
    assert not gone & set(contacts["hs_object_id"])
    stored = usual.held.objects["contacts"]
    born = pd.Series(stored.shown_from).groupby(stored.record).min()
    ids = stored.fixed["hs_object_id"].to_pylist()
    began = {ids[record]: at for record, at in born.items()}
    created = dict(zip(ids, stored.fixed["createdate"].cast(pa.int64()).to_pylist(), strict=True))
    for survivor, before in zip(
        merged["hs_object_id"], merged["hs_merged_object_ids"].str.split(";"), strict=True
    ):
        assert {usual.human_of[one] for one in before} == {usual.human_of[survivor]}
        assert created[survivor] == min(created[one] for one in before) < began[survivor]
        assert int(survivor) > max(int(one) for one in before)
        assert not any(one in usual.texts["contacts"]["hs_object_id"].to_numpy() for one in before)


def test_deleted_contacts_are_archived_and_some_come_back(usual: Portal) -> None:
    contacts = usual.texts["contacts"]
    archived = contacts["archived"] == "true"
    assert ((contacts["archivedAt"] != "") == archived).all()
    assert 0 < archived.sum() < history_of_flag(usual.held, "archived").sum()


def test_an_address_stands_in_one_contact_only(usual: Portal) -> None:
    contacts = usual.texts["contacts"]
    email = contacts["email"][contacts["email"] != ""]
    assert email.is_unique
    assert 0 < (contacts["email"] == "").sum() < 0.02 * len(contacts)


def test_what_was_written_late_is_shown_within_an_hour(usual: Portal) -> None:
    for stem, stamp in (("contacts", "lastmodifieddate"), ("deals", "hs_lastmodifieddate")):
        stored = usual.held.objects[stem]
        late = stored.shown_from - stored.varying[stamp].cast(pa.int64()).to_numpy()
        born = ~pd.Series(stored.record).duplicated().to_numpy()
        # The first version of a survivor bears the moment of the merge.
        assert late[~born].max() > 0
        assert late.min() >= 0
        assert late.max() < 3600


def test_the_oldest_values_make_room() -> None:
    record = np.array([0, 0, 0, 1])
    at = np.array([10.0, 20.0, 30.0, 15.0])
    np.testing.assert_array_equal(purged_at(record, at, 2), [30, np.nan, np.nan, np.nan])
    assert len(purged_at(record[:0], at[:0], 2)) == 0


# -- What the data prove ----------------------------------------------------------------------


def test_a_clean_portal_proves_every_stage(clean: Portal) -> None:
    company, evidence = clean.company, clean.held.evidence
    rounds, deals, people = company.rounds, company.deals, company.people
    told = set(zip(evidence.round.tolist(), evidence.stage, evidence.at.tolist(), strict=True))
    by_marketing = (rounds.entry == MARKETING) & people.responds[rounds.human]
    happened = {
        "inquiry": np.where(by_marketing, rounds.begins_at, np.nan),
        "sales_accepted": rounds.accepted_at,
        "sales_qualified": rounds.qualified_at,
        "rejected": rounds.rejected_at,
        "recycled": rounds.recycled_at,
        "disqualified": rounds.disqualified_at,
    }
    for stage, at in happened.items():
        for place in np.flatnonzero(ever(at)):
            assert (place, stage, at[place]) in told
    scored = {round_: at for round_, stage, at in told if stage == "marketing_qualified"}
    for place in np.flatnonzero(rounds.mql_at + 60 < company.settings.end):
        assert 0 <= scored[place] - rounds.mql_at[place] < 60
    for place in np.flatnonzero((deals.kind == NEW_BUSINESS) & ever(deals.closed_at)):
        stage = "won" if deals.is_won[place] else "lost"
        assert (deals.round[place], stage, deals.closed_at[place]) in told
    customers = company.customers
    retained = set(evidence.round[evidence.stage == "retained"])
    alone = pd.Series(customers.human)
    # The lifecycle of somebody who bought twice tells the first renewal only.
    alone = (~alone.duplicated(keep=False)).to_numpy() & ever(customers.retained_at)
    assert set(deals.round[customers.deal[alone]]) <= retained
    assert np.isinf(evidence.shown_until).all()


def test_the_data_hold_what_the_evidence_says(usual: Portal) -> None:
    """Each status and lifecycle stage that proves something is in the history, at that moment."""
    evidence, rounds = usual.held.evidence, usual.company.rounds
    words = {
        "sales_accepted": ("hs_lead_status", ("ACCEPTED",)),
        "rejected": ("hs_lead_status", ("REJECTED",)),
        "recycled": ("hs_lead_status", ("RECYCLED", "NURTURE")),
        "disqualified": ("hs_lead_status", ("DISQUALIFIED",)),
        "retained": ("lifecyclestage", (LIFECYCLES[-2],)),
        "churned": ("lifecyclestage", (LIFECYCLES[-1],)),
    }
    history = usual.held.objects["contact_property_history"].at(usual.moment).to_pandas()
    history["human"] = history["contact_id"].map(usual.human_of)
    history["at"] = history["timestamp"].astype("datetime64[s]").astype("int64")
    for stage, (name, values) in words.items():
        own = history[(history["property"] == name) & history["value"].isin(values)]
        told = set(zip(own["human"], own["at"], strict=True))
        wanted = evidence.stage == stage
        assert wanted.sum()
        for round_, at in zip(evidence.round[wanted], evidence.at[wanted], strict=True):
            assert (rounds.human[round_], int(at)) in told, stage


def test_links_name_every_contact_of_a_human(usual: Portal) -> None:
    links = usual.held.links
    assert links is not None
    assert links.lead_id.null_count == len(links.lead_id)
    assert set(links.human) == set(range(len(usual.company.people)))
    same = np.diff(links.human) == 0
    assert (np.diff(links.human) >= 0).all()
    assert same.any()
    assert (np.diff(links.at)[same] > 0).all()
    assert [usual.human_of[one] for one in links.contact_id.to_pylist()] == links.human.tolist()


# -- Increments -------------------------------------------------------------------------------


def test_increments_add_up_to_the_full_export(clean: Portal) -> None:
    contacts = clean.held.objects["contacts"]
    start, end = clean.company.settings.start, clean.moment
    days = np.arange(start, end + 30 * DAY, 30 * DAY)
    seen: dict[str, dict[str, object]] = {}
    for since, until in pairwise(days):
        for row in contacts.between(since, until).to_pylist():
            seen[row["hs_object_id"]] = row
    full = {row["hs_object_id"]: row for row in contacts.at(days[-1]).to_pylist()}
    assert seen == full


# -- Beside Salesforce ------------------------------------------------------------------------


def test_a_marketing_portal_knows_whom_marketing_found(beside_salesforce: Portal) -> None:
    held, people = beside_salesforce.held, beside_salesforce.company.people
    assert held.deals is None
    assert held.account_id is None
    assert held.links is None
    assert not {"deals", "companies", "calls", "deal_contacts"} & held.objects.keys()
    assert set(held.records.human) == set(np.flatnonzero(people.known_by == MARKETING))
    assert set(held.evidence.stage) == {"inquiry", "marketing_qualified"}


def test_a_marketing_portal_names_the_ids_of_the_crm(beside_salesforce: Portal) -> None:
    contacts = beside_salesforce.texts["contacts"]
    human = contacts["hs_object_id"].map(beside_salesforce.human_of).astype(str)
    lead, contact = contacts["hs_salesforceleadid"], contacts["hs_salesforcecontactid"]
    assert (lead != "").sum() > 300
    assert (lead == "00Q" + human)[lead != ""].all()
    assert (contact == "003" + human)[contact != ""].all()
    assert "hs_lead_status" not in contacts


# -- The mapping ------------------------------------------------------------------------------


def _single(cell: str, column: Column) -> set[str]:
    """The values of a cell: one, unless the mapping says what stands between several."""
    values = [cell] if column.separator is None else cell.split(column.separator)
    return {one.strip() for one in values}


@pytest.mark.parametrize("name", ["usual", "beside_salesforce"])
def test_all_rows_land_and_every_label_has_a_meaning(
    request: pytest.FixtureRequest, name: str, tmp_path: Path
) -> None:
    one: Portal = request.getfixturevalue(name)
    folder = tmp_path / "exports"
    written = write_full(folder, one.company.settings, (one.held,))
    mapping = find_mapping(folder)
    landing = Landing(tmp_path / "landing")
    for export in mapping.files:
        load = land_file(landing, mapping, export, folder)
        aside = written.set_aside.get(export.file, 0)
        assert (load.delivered, load.set_aside) == (written.rows[export.file], aside)
    texts = {f"hubspot_{stem}.csv": table for stem, table in one.texts.items()}
    unknown = {
        (export.file, column.column, value)
        for export in mapping.files
        for column in export.columns.values()
        if column.map is not None and column.other is None
        for cell in set(texts[export.file][column.column or ""])
        for value in _single(cell, column) - column.map.keys() - {""}
    }
    expected = {("hubspot_email_events.csv", "type", "DELIVERED")}
    history = ("hubspot_contact_property_history.csv", "property")
    expected |= {(*history, "email"), (*history, "phone")}
    if name == "usual":
        expected |= {
            ("hubspot_contacts.csv", "hs_lead_status", "PARKED"),
            ("hubspot_deal_property_history.csv", "property", "amount"),
            ("hubspot_owners.csv", "teams", "Systems"),
        }
    else:
        expected |= {(*history, "hs_salesforceleadid"), (*history, "hs_salesforcecontactid")}
    assert unknown == expected
    if name == "usual":
        # What the integration sends is nobody's attempt.
        (owners,) = (one_ for one_ in mapping.files if one_.entity == "owners")
        kind = owners.columns["kind"]
        kinds = [(kind.map or {}).get(team, kind.other)
                 for team in texts[owners.file][kind.column or ""]]  # fmt: skip
        assert kinds.count("machine") == 1
        assert set(kinds) == {"machine", "person"}
    with_start = [one_ for one_ in mapping.files if one_.history_start is not None]
    assert {one_.history_start for one_ in with_start} == {one.company.settings.first_day}
