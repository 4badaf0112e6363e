from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from ingestion.sandbox.clock import DAY, HOUR, ever
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.company.people import MARKETING
from ingestion.sandbox.company.touches import (
    BOOTH,
    CLICKED,
    DOWNLOAD,
    FORM,
    OPENED,
    SENT,
    VISIT,
    WEBINAR,
)
from ingestion.sandbox.mess import PROFILES, Mess, with_rate
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import marketo
from ingestion.sandbox.systems.dialect import text_table
from ingestion.sandbox.systems.held import EMEA, INQUIRY, MAIN, MQL
from ingestion.sandbox.systems.marketo.assets import program_ids
from tests.ingestion.sandbox.crm_links import made_links
from tests.ingestion.sandbox.fragments import fragment

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held

PEOPLE = 4000
# Nothing is purged, so that what happened can be compared with what is told.
LASTING = with_rate(with_rate(PROFILES["usual"], "purged_history", 0), "late_commit", 0)
TYPES = {
    FORM: "form_fill",
    DOWNLOAD: "content_download",
    WEBINAR: "webinar_attended",
    BOOTH: "trade_show",
    VISIT: "page_visit",
    SENT: "email_sent",
    OPENED: "email_open",
    CLICKED: "email_click",
}


def held_with(mess: Mess, seed: int = 7) -> tuple[Company, Held]:
    company = simulate(Settings(seed=seed, people=PEOPLE, mess=mess))
    everybody = np.ones(PEOPLE, dtype=bool)
    return company, marketo.hold(company, everybody, MAIN, made_links(company))


@pytest.fixture(scope="module")
def clean() -> tuple[Company, Held]:
    return held_with(PROFILES["clean"])


@pytest.fixture(scope="module")
def usual() -> tuple[Company, Held]:
    return held_with(PROFILES["usual"])


@pytest.fixture(scope="module")
def lasting() -> tuple[Company, Held]:
    return held_with(LASTING)


def rows(held: Held, stem: str, moment: float) -> pd.DataFrame:
    return held.objects[stem].at(moment).to_pandas()


def logs(held: Held, moment: float) -> dict[str, pd.DataFrame]:
    return {stem: rows(held, stem, moment) for stem in held.objects if stem[:10] == "activities"}


def share(part: int, whole: int) -> float:
    return part / whole


# -- Form ------------------------------------------------------------------------------------------


def test_nulls_instants_and_flags_are_written_as_marketo_does(usual: tuple[Company, Held]) -> None:
    company, held = usual
    leads = text_table(held.objects["leads"].at(company.settings.end), held.dialect).to_pandas()
    assert (leads["sfdcLeadId"] == "null").any()
    assert leads["createdAt"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()
    assert set(leads["faxOptIn"]) == {"true", "false"}
    programs = rows(held, "programs", company.settings.end)
    assert programs["createdAt"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\+0000").all()


def test_ids_are_unique(usual: tuple[Company, Held]) -> None:
    company, held = usual
    assert held.records.record_id.to_pandas().is_unique
    assert rows(held, "leads", company.settings.end)["id"].is_unique
    guids = pd.concat([one["marketoGUID"] for one in logs(held, company.settings.end).values()])
    assert guids.is_unique


def test_references_lead_somewhere(usual: tuple[Company, Held]) -> None:
    company, held = usual
    end = company.settings.end + HOUR  # the last late commit is there
    leads, programs = rows(held, "leads", end), rows(held, "programs", end)
    campaigns = rows(held, "campaigns", end)
    assert leads["acquisitionProgramId"].dropna().isin(programs["id"]).all()
    links = made_links(company)
    assert leads["sfdcLeadId"].dropna().isin(links.lead_id.to_pandas()).all()
    assert leads["sfdcContactId"].dropna().isin(links.contact_id.to_pandas()).all()
    for stem, log in logs(held, end).items():
        assert stem == "activities_delete_lead" or log["leadId"].isin(leads["id"]).all()
        assert log["campaignId"].dropna().isin(campaigns["id"]).all()
    statuses = rows(held, "activities_change_status_in_progression", end)
    # What was taken out of the library is still what they took part in.
    place = len(company.campaigns) + np.flatnonzero(~company.contents.is_listed)
    gone = np.array(program_ids(company))[place]
    is_gone = statuses["primaryAttributeValueId"].isin(gone)
    assert is_gone.any()
    assert statuses["primaryAttributeValueId"][~is_gone].isin(programs["id"]).all()
    merges = rows(held, "activities_merge_leads", end)
    assert not merges["Merge IDs"].isin(leads["id"]).any()


def test_equal_settings_give_equal_tables(usual: tuple[Company, Held]) -> None:
    company, held = usual
    _, again = held_with(PROFILES["usual"])
    for stem, stored in held.objects.items():
        end = company.settings.end
        assert again.objects[stem].at(end).equals(stored.at(end))


def test_two_instances_share_ids_but_no_people(clean: tuple[Company, Held]) -> None:
    company, _ = clean
    europe = company.accounts.region[company.people.account] == 1
    links = made_links(company)
    main = marketo.hold(company, ~europe, MAIN, links).records
    emea = marketo.hold(company, europe, EMEA, links).records
    assert not europe[main.human].any()
    assert europe[emea.human].all()
    assert set(main.record_id.to_pylist()) & set(emea.record_id.to_pylist())


# -- What it tells ---------------------------------------------------------------------------------


def test_everybody_whom_marketing_knows_is_a_lead(clean: tuple[Company, Held]) -> None:
    company, held = clean
    known = np.flatnonzero(company.people.known_by == MARKETING)
    assert held.records.human.tolist() == known.tolist()
    assert (held.records.created_at == company.people.first_at[known]).all()
    assert len(rows(held, "leads", company.settings.end)) == len(known)


def test_every_touch_is_an_activity_of_its_type(
    clean: tuple[Company, Held], tmp_path: Path
) -> None:
    company, held = clean
    found: dict[str, list[tuple[str, pd.Timestamp]]] = {kind: [] for kind in TYPES.values()}
    for stem, export in fragment("marketo", tmp_path).items():
        if export.entity == "activities":
            log = rows(held, stem, company.settings.end)
            given = export.columns["activity_type"]
            kind = (
                log[given.column]
                .astype(str)
                .map(lambda text, of=given: (of.map or {}).get(text, of.other))
                if given.column
                else [given.value] * len(log)
            )
            for one, lead, at in zip(kind, log["leadId"], log["activityDate"], strict=True):
                found[one].append((lead, at))
    touches = company.touches
    lead_of = dict(
        zip(held.records.human.tolist(), held.records.record_id.to_pylist(), strict=True)
    )
    for kind, name in TYPES.items():
        which = touches.kind == kind
        at = pd.to_datetime(touches.at[which], unit="s")
        expected = zip((lead_of[one] for one in touches.human[which].tolist()), at, strict=True)
        assert sorted(found[name]) == sorted(expected)


@pytest.mark.parametrize("profile", ["clean", "lasting"])
def test_score_chains_end_in_the_present_score(
    profile: str, request: pytest.FixtureRequest
) -> None:
    company, held = request.getfixturevalue(profile)
    leads = rows(held, "leads", company.settings.end).set_index("id")
    scores = rows(held, "activities_change_score", company.settings.end)
    before = scores.groupby("leadId")["New Value"].shift(fill_value=0)
    assert (before == scores["Old Value"]).all()
    step = scores["New Value"] - scores["Old Value"]
    assert (scores["Change Value"].astype(int) == step).all()
    last = scores.groupby("leadId")["New Value"].last()
    assert (leads.loc[last.index, "leadScore"] == last).all()
    assert (leads.drop(last.index)["leadScore"] == 0).all()


def test_updated_at_ignores_what_the_sync_writes(clean: tuple[Company, Held]) -> None:
    company, held = clean
    links = made_links(company)
    synced = np.flatnonzero(np.isin(links.human, held.records.human))[0]
    at = links.at[synced]
    record = held.records.record_id.to_pylist()[
        int(np.flatnonzero(held.records.human == links.human[synced])[0])
    ]
    before, after = (rows(held, "leads", one).set_index("id").loc[record] for one in (at - 1, at))
    assert pd.isna(before["sfdcLeadId"])
    assert after["sfdcLeadId"] == links.lead_id[int(synced)].as_py()
    assert before["updatedAt"] == after["updatedAt"]
    assert record in held.objects["leads"].between(at, at + 1)["id"].to_pylist()


def test_evidence_is_complete_and_told_when_clean(clean: tuple[Company, Held]) -> None:
    company, held = clean
    rounds, people, evidence = company.rounds, company.people, held.evidence
    own = (rounds.entry == MARKETING) & (people.known_by[rounds.human] == MARKETING)
    inquiries = evidence.round[evidence.stage == INQUIRY]
    assert inquiries.tolist() == np.flatnonzero(own & people.responds[rounds.human]).tolist()
    assert (evidence.at[evidence.stage == INQUIRY] == rounds.begins_at[inquiries]).all()
    qualified = evidence.round[evidence.stage == MQL]
    scored = ever(rounds.mql_at) & (rounds.mql_at + HOUR < company.settings.end)
    assert set(np.flatnonzero(own & scored)) <= set(qualified)
    assert np.isinf(evidence.shown_until).all()
    delay = evidence.at[evidence.stage == MQL] - rounds.mql_at[qualified]
    assert ((delay > 0) & (delay < 120)).all()


@pytest.mark.parametrize("days_before_end", [0, 400])
def test_evidence_is_in_the_log_as_long_as_it_says(
    usual: tuple[Company, Held], days_before_end: float
) -> None:
    company, held = usual
    moment = company.settings.end - days_before_end * DAY
    evidence = held.evidence
    human = dict(zip(held.records.record_id.to_pylist(), held.records.human, strict=True))
    scores = rows(held, "activities_change_score", moment)
    crossing = scores[(scores["Old Value"] < 60) & (scores["New Value"] >= 60)]
    responses = pd.concat(
        rows(held, f"activities_{stem}", moment)
        for stem in ("fill_out_form", "change_status_in_progression")
    )
    for stage, log in ((INQUIRY, responses), (MQL, crossing)):
        at = log["activityDate"].map(pd.Timestamp.timestamp)
        shown = set(zip(log["leadId"].map(human), at, strict=True))
        # What is committed late is there an hour later.
        own = (evidence.stage == stage) & (evidence.at <= moment - HOUR)
        told = pd.Series(
            zip(company.rounds.human[evidence.round[own]], evidence.at[own], strict=True)
        )
        lasts = evidence.shown_until[own] > moment
        assert len(told[lasts]) > 0
        assert len(told[~lasts]) > 0
        assert set(told[lasts]) <= shown
        assert not set(told[~lasts]) & shown


# -- Retention -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "days"),
    [
        ("change_score", 90),
        ("change_data_value", 90),
        ("visit_webpage", 90),
        ("send_email", 90),
        ("email_delivered", 90),
        ("sync_lead_to_sfdc", 90),
        ("delete_lead", 14),
        ("fill_out_form", 761),
        ("open_email", 761),
        ("merge_leads", 761),
    ],
)
def test_activities_are_purged(usual: tuple[Company, Held], stem: str, days: int) -> None:
    company, held = usual
    stored = held.objects[f"activities_{stem}"]
    ends = pd.Timestamp(company.settings.end - days * DAY, unit="s")
    assert (rows(held, f"activities_{stem}", company.settings.end)["activityDate"] > ends).all()
    assert (stored.shown_from < company.settings.end - days * DAY).any()


def test_new_leads_are_never_purged(usual: tuple[Company, Held]) -> None:
    company, held = usual
    first = rows(held, "activities_new_lead", company.settings.end)["activityDate"].min()
    assert first < pd.Timestamp(company.settings.start + 14 * DAY, unit="s")


def test_nothing_is_purged_when_clean(clean: tuple[Company, Held]) -> None:
    _, held = clean
    for stem, stored in held.objects.items():
        assert stem in {"leads", "programs"} or np.isinf(stored.shown_until).all()


# -- Mess ------------------------------------------------------------------------------------------


def test_doubles_have_another_address_and_no_id_of_the_crm(lasting: tuple[Company, Held]) -> None:
    company, held = lasting
    records = pd.DataFrame({"id": held.records.record_id.to_pylist(), "human": held.records.human})
    lasts = rows(held, "leads", company.settings.end)
    created = rows(held, "activities_new_lead", company.settings.end)
    assert len(created) == len(records) - _deleted(company, held)
    doubles = records[records["human"].duplicated()]
    people = records["human"].nunique()
    assert share(len(doubles), people) == pytest.approx(0.03, rel=0.3)
    still = lasts[lasts["id"].isin(doubles["id"])]
    assert still["sfdcLeadId"].isna().all()
    tagged = still["email"].str.contains("+web@", regex=False)
    private = still["email"].str.endswith("@freemail.example.com")
    assert 0.05 < tagged.mean() < 0.4
    assert private.mean() > 0.5


def _deleted(company: Company, held: Held) -> int:
    """Activities of leads that were deleted are gone, that of their creation too."""
    return len(rows(held, "activities_delete_lead", company.settings.end))


def test_the_loser_of_a_merge_is_gone_and_its_log_moves(lasting: tuple[Company, Held]) -> None:
    company, held = lasting
    leads = rows(held, "leads", company.settings.end)
    merges = rows(held, "activities_merge_leads", company.settings.end)
    doubles = len(held.records.human) - len(set(held.records.human.tolist()))
    assert 0.25 < share(len(merges), doubles) < 0.6
    at = merges["activityDate"].map(pd.Timestamp.timestamp)
    for loser, moment in zip(merges["Merge IDs"], at, strict=True):
        assert loser in set(rows(held, "leads", moment - 1)["id"])
        assert loser not in set(rows(held, "leads", moment)["id"])
    for log in logs(held, company.settings.end).values():
        assert not log["leadId"].isin(merges["Merge IDs"]).any()
    created = rows(held, "activities_new_lead", company.settings.end)
    moved = created[created["leadId"].duplicated(keep=False)]["leadId"]
    assert set(merges["leadId"]) <= set(moved)
    assert set(merges["leadId"]) <= set(leads["id"])


def test_merges_come_in_chains() -> None:
    company, held = held_with(with_rate(LASTING, "merge_chain", 1))
    merges = rows(held, "activities_merge_leads", company.settings.end)
    # The merge into the third record is on the last survivor's log by now.
    assert (merges["leadId"] != merges["primaryAttributeValueId"]).any()
    assert merges["leadId"].duplicated(keep=False).any()


def test_a_moved_activity_is_in_one_increment_only() -> None:
    # Merged often, so that an increment has seen the loser's id before.
    company, held = held_with(PROFILES["awful"])
    start, end = company.settings.start, company.settings.end
    weeks = np.arange(start, end + 7 * DAY, 7 * DAY)
    merges = rows(held, "activities_merge_leads", end)
    moved = held.objects["activities_fill_out_form"]
    weekly = pd.concat(moved.between(first, last).to_pandas() for first, last in pairwise(weeks))
    assert weekly["marketoGUID"].is_unique
    assert len(weekly) == len(np.unique(moved.activity))
    assert weekly["leadId"].isin(merges["Merge IDs"]).any()


def test_changed_addresses_and_phones_are_in_the_log(lasting: tuple[Company, Held]) -> None:
    company, held = lasting
    changes = rows(held, "activities_change_data_value", company.settings.end)
    leads = rows(held, "leads", company.settings.end).set_index("id")
    for field, column, low, high in (
        ("Email Address", "email", 0.005, 0.03),
        ("Phone Number", "phone", 0.01, 0.04),
    ):
        own = changes[changes["primaryAttributeValue"] == field].set_index("leadId")
        assert low < share(len(own), len(leads)) < high
        assert (leads.loc[own.index, column] == own["New Value"]).all()
        assert not (own["New Value"] == own["Old Value"]).any()


def test_who_is_deleted_is_gone_and_comes_back_as_somebody_new() -> None:
    mess = with_rate(with_rate(LASTING, "deleted_record", 0.2), "restored_record", 0.5)
    company, held = held_with(mess)
    end = company.settings.end
    deletions, leads = rows(held, "activities_delete_lead", end), rows(held, "leads", end)
    assert len(deletions) > 50
    assert not deletions["leadId"].isin(leads["id"]).any()
    human = dict(zip(held.records.record_id.to_pylist(), held.records.human, strict=True))
    gone = {human[one] for one in deletions["leadId"]}
    back = gone & {human[one] for one in leads["id"]}
    assert 0.3 < share(len(back), len(gone)) < 0.7
    worked = {int(one) for one in company.rounds.human[ever(company.rounds.crm_at)]}
    assert not gone & worked
    for stem, log in logs(held, end).items():
        assert stem == "activities_delete_lead" or log["leadId"].isin(leads["id"]).all()


def test_late_commits_come_within_an_hour() -> None:
    company, held = held_with(with_rate(PROFILES["clean"], "late_commit", 0.1))
    stored = held.objects["activities_fill_out_form"]
    at = stored.fixed["activityDate"].cast("int64").to_numpy()[stored.record]
    late = stored.shown_from - at
    assert share(int((late > 0).sum()), len(late)) == pytest.approx(0.1, rel=0.2)
    assert late.max() <= HOUR
    leads = held.objects["leads"]
    seen = rows(held, "leads", company.settings.end)
    assert len(seen) < len(rows(held, "leads", company.settings.end + HOUR)) + 1
    assert (leads.shown_from % 1 == 0).all()


def test_two_scores_change_in_one_second(clean: tuple[Company, Held]) -> None:
    often = held_with(with_rate(PROFILES["clean"], "same_second", 0.1))
    for (company, held), rate in ((often, 0.1), (clean, 0)):
        scores = rows(held, "activities_change_score", company.settings.end)
        leads = scores["leadId"].nunique()
        steps = len(scores) - len(company.scores)
        assert scores.duplicated(["leadId", "activityDate"]).sum() >= steps
        assert share(steps, leads) == pytest.approx(rate, rel=0.2)


def test_a_clean_company_has_none_of_it(clean: tuple[Company, Held]) -> None:
    company, held = clean
    assert len(set(held.records.human.tolist())) == len(held.records.human)
    for stem in ("merge_leads", "delete_lead", "change_data_value"):
        assert rows(held, f"activities_{stem}", company.settings.end).empty
    assert "faxOptIn" not in held.objects["leads"].fields
    for stem, stored in held.objects.items():
        if stem.startswith("activities"):
            stamps = stored.fixed["activityDate"].cast("int64").to_numpy()
            assert (stored.shown_from == stamps[stored.record]).all()


# -- Mapping ---------------------------------------------------------------------------------------


def test_the_mapping_names_columns_that_there_are(
    usual: tuple[Company, Held], tmp_path: Path
) -> None:
    _, held = usual
    exports = fragment("marketo", tmp_path)
    for stem, export in exports.items():
        named = {column.column for column in export.columns.values() if column.column}
        assert named | set(export.key) <= set(held.objects[stem].fields)
    assert {stem for stem, one in exports.items() if one.entity == "field_changes"} == {
        "activities_change_score",
        "activities_change_data_value",
        "activities_merge_leads",
    }
