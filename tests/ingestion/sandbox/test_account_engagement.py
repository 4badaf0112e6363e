from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from ingestion.sandbox.clock import HOUR, ever
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.company.people import MARKETING
from ingestion.sandbox.mess import PROFILES, Mess, with_rate
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import account_engagement
from ingestion.sandbox.systems.dialect import text_table
from ingestion.sandbox.systems.held import EMEA, INQUIRY, MAIN, MQL
from tests.ingestion.sandbox.crm_links import made_links
from tests.ingestion.sandbox.fragments import fragment

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held

PEOPLE = 4000
OFFSET = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
TYPES = {  # kind of touch -> what the mapping makes of it
    0: "form_fill",
    1: "content_download",
    2: "webinar_attended",
    3: "trade_show",
    4: "page_visit",
    5: "email_sent",
    6: "email_open",
    7: "email_click",
}


def held_with(mess: Mess) -> tuple[Company, Held]:
    company = simulate(Settings(people=PEOPLE, mess=mess, set_up="salesforce_account_engagement"))
    everybody = np.ones(PEOPLE, dtype=bool)
    return company, account_engagement.hold(company, everybody, MAIN, made_links(company))


@pytest.fixture(scope="module")
def clean() -> tuple[Company, Held]:
    return held_with(PROFILES["clean"])


@pytest.fixture(scope="module")
def usual() -> tuple[Company, Held]:
    return held_with(PROFILES["usual"])


def rows(held: Held, stem: str, moment: float) -> pd.DataFrame:
    return held.objects[stem].at(moment).to_pandas()


# -- Form ------------------------------------------------------------------------------------------


def test_instants_carry_the_offset_of_the_account(usual: tuple[Company, Held]) -> None:
    company, held = usual
    prospects = text_table(held.objects["prospects"].at(company.settings.end), held.dialect)
    created = prospects["createdAt"].to_pandas()
    assert created.str.fullmatch(OFFSET + r"-0[45]:00").all()
    assert created.str.endswith("-04:00").any()
    assert (prospects["salesforceId"].to_pandas() == "").any()
    everybody = np.ones(PEOPLE, dtype=bool)
    europe = account_engagement.hold(company, everybody, EMEA, made_links(company))
    prospects = text_table(europe.objects["prospects"].at(company.settings.end), europe.dialect)
    assert prospects["createdAt"].to_pandas().str.fullmatch(OFFSET + r"\+0[12]:00").all()


def test_ids_are_unique(usual: tuple[Company, Held]) -> None:
    company, held = usual
    for stem in held.objects:
        key = "No" if stem == "content_inventory" else "id"
        assert rows(held, stem, company.settings.end)[key].is_unique


def test_references_lead_somewhere(usual: tuple[Company, Held]) -> None:
    company, held = usual
    end = company.settings.end + HOUR
    tables = {stem: rows(held, stem, end) for stem in held.objects}
    for stem, column, target in (
        ("prospects", "campaignId", "campaigns"),
        ("visitor_activities", "prospectId", "prospects"),
        ("visitor_activities", "campaignId", "campaigns"),
        ("visitor_activities", "formId", "forms"),
        ("visitor_activities", "fileId", "files"),
        ("visitor_activities", "listEmailId", "list_emails"),
        ("lifecycle_histories", "prospectId", "prospects"),
        ("lifecycle_histories", "previousStageId", "lifecycle_stages"),
        ("lifecycle_histories", "nextStageId", "lifecycle_stages"),
    ):
        given = tables[stem][column].dropna()
        assert len(given)
        assert given.isin(tables[target]["id"]).all()
    links = made_links(company)
    known = {*links.lead_id.to_pylist(), *links.contact_id.to_pylist()}
    assert tables["prospects"]["salesforceId"].dropna().isin(known).all()


def test_equal_settings_give_equal_tables(usual: tuple[Company, Held]) -> None:
    company, held = usual
    _, again = held_with(PROFILES["usual"])
    for stem, stored in held.objects.items():
        assert again.objects[stem].at(company.settings.end).equals(stored.at(company.settings.end))


# -- What it tells ---------------------------------------------------------------------------------


def test_everybody_whom_marketing_knows_is_a_prospect(clean: tuple[Company, Held]) -> None:
    company, held = clean
    known = np.flatnonzero(company.people.known_by == MARKETING)
    assert held.records.human.tolist() == known.tolist()
    prospects = rows(held, "prospects", company.settings.end)
    assert len(prospects) == len(known)
    assert not prospects["isDeleted"].any()


def test_every_touch_is_an_activity_of_its_type(
    clean: tuple[Company, Held], tmp_path: Path
) -> None:
    company, held = clean
    activities = rows(held, "visitor_activities", company.settings.end)
    kinds = (
        fragment("account_engagement", tmp_path)["visitor_activities"].columns["activity_type"].map
    )
    assert kinds is not None
    found = activities["type"].astype(str).map(kinds).tolist()
    touches = company.touches
    assert found == [TYPES[kind] for kind in touches.kind.tolist()]
    assert (activities["createdAt"] == pd.to_datetime(touches.at, unit="s")).all()
    human = dict(zip(held.records.record_id.to_pylist(), held.records.human, strict=True))
    assert activities["prospectId"].map(human).tolist() == touches.human.tolist()


def test_the_crm_id_points_to_the_contact_once_there_is_one(clean: tuple[Company, Held]) -> None:
    company, held = clean
    links = made_links(company)
    prospects = rows(held, "prospects", company.settings.end).set_index("id")
    record = dict(zip(held.records.human.tolist(), held.records.record_id.to_pylist(), strict=True))
    contact = links.contact_id.to_pylist()
    linked = [place for place, one in enumerate(contact) if one and links.human[place] in record]
    place = linked[0]
    one, at = record[links.human[place]], links.at[place]
    assert prospects.loc[one, "salesforceId"] == contact[place]
    before = rows(held, "prospects", at - 1).set_index("id").loc[one]
    assert before["salesforceId"] == links.lead_id[place].as_py()
    after = rows(held, "prospects", at).set_index("id").loc[one]
    assert after["updatedAt"] == pd.Timestamp(at, unit="s")


@pytest.mark.parametrize("profile", ["clean", "usual"])
def test_lifecycles_are_chains(profile: str, request: pytest.FixtureRequest) -> None:
    company, held = request.getfixturevalue(profile)
    moves = rows(held, "lifecycle_histories", company.settings.end + HOUR)
    before = moves["nextStageId"].astype(object).groupby(moves["prospectId"]).shift()
    assert (before.fillna("") == moves["previousStageId"].astype(object).fillna("")).all()
    first = moves.groupby("prospectId").head(1)
    assert len(first) == len(held.records.human)
    assert set(first["nextStageId"]) == {"2"}
    at = moves["createdAt"].astype("int64") // 10 ** (
        9 if "ns" in str(moves["createdAt"].dtype) else 0
    )
    since = at - at.groupby(moves["prospectId"]).shift()
    assert (since.fillna(0) == moves["secondsElapsed"]).all()


def test_scores_are_those_of_now(usual: tuple[Company, Held]) -> None:
    company, held = usual
    prospects = rows(held, "prospects", company.settings.end + HOUR)
    scores = company.scores
    is_last = np.diff(scores.human, append=-1) != 0
    now = dict(zip(scores.human[is_last].tolist(), scores.new[is_last].tolist(), strict=True))
    seen: set[int] = set()
    for score, human in zip(prospects["score"], held.records.human.tolist(), strict=True):
        assert score == (0 if human in seen else now.get(human, 0))
        seen.add(human)


def test_evidence_is_in_the_files(usual: tuple[Company, Held], clean: tuple[Company, Held]) -> None:
    for company, held in (usual, clean):
        rounds, evidence = company.rounds, held.evidence
        end = company.settings.end + HOUR
        human = dict(zip(held.records.record_id.to_pylist(), held.records.human, strict=True))
        activities = rows(held, "visitor_activities", end)
        moves = rows(held, "lifecycle_histories", end)
        for stage, table in (
            (INQUIRY, activities[activities["type"].isin([4, 2, 24, 29])]),
            (MQL, moves[moves["nextStageId"] == "3"]),
        ):
            at = table["createdAt"].map(pd.Timestamp.timestamp)
            told = set(zip(table["prospectId"].map(human), at, strict=True))
            which = evidence.stage == stage
            proven = zip(rounds.human[evidence.round[which]], evidence.at[which], strict=True)
            assert set(proven) <= told
        by_marketing = company.people.known_by[rounds.human] == MARKETING
        sure = by_marketing & ever(rounds.mql_at) & (rounds.mql_at + HOUR < company.settings.end)
        assert set(np.flatnonzero(sure)) <= set(evidence.round[evidence.stage == MQL])


# -- Mess ------------------------------------------------------------------------------------------


def test_doubles_share_no_crm_id(usual: tuple[Company, Held]) -> None:
    company, held = usual
    prospects = rows(held, "prospects", company.settings.end + HOUR)
    is_double = pd.Series(held.records.human).duplicated()
    assert is_double.sum() / (~is_double).sum() == pytest.approx(0.03, rel=0.3)
    assert prospects[is_double]["salesforceId"].isna().all()
    assert 0.2 < prospects[is_double]["isDeleted"].mean() < 0.6


def test_the_loser_of_a_merge_is_in_the_recycle_bin(usual: tuple[Company, Held]) -> None:
    company, held = usual
    prospects = rows(held, "prospects", company.settings.end + HOUR)
    is_double = pd.Series(held.records.human).duplicated()
    losers = prospects[is_double & prospects["isDeleted"]]["id"]
    activities = rows(held, "visitor_activities", company.settings.end + HOUR)
    assert not activities["prospectId"].isin(losers).any()
    log = held.objects["visitor_activities"]
    once = np.isin(log.varying["prospectId"].to_pylist(), losers.to_list())
    assert once.any()


def test_prospects_are_deleted_and_restored() -> None:
    mess = with_rate(with_rate(PROFILES["clean"], "deleted_record", 0.2), "restored_record", 0.5)
    company, held = held_with(mess)
    stored = held.objects["prospects"]
    flags = pd.DataFrame(
        {"record": stored.record, "flag": stored.varying["isDeleted"].to_pylist()}
    ).groupby("record")["flag"]
    ever_deleted, deleted = flags.max(), flags.last()
    assert ever_deleted.sum() > 50
    assert 0.3 < 1 - deleted.sum() / ever_deleted.sum() < 0.7
    worked = company.rounds.human[ever(company.rounds.crm_at)]
    assert not np.isin(held.records.human[ever_deleted.to_numpy()], worked).any()


def test_a_clean_company_has_none_of_it(clean: tuple[Company, Held]) -> None:
    _, held = clean
    assert len(set(held.records.human.tolist())) == len(held.records.human)
    prospects = held.objects["prospects"]
    assert "Legacy_Id" not in prospects.fields
    assert not any(prospects.varying["isDeleted"].to_pylist())
    stamps = prospects.varying["updatedAt"].cast("int64").to_numpy()
    assert (prospects.shown_from == stamps).all()
    log = held.objects["visitor_activities"]
    assert (log.shown_from == log.fixed["createdAt"].cast("int64").to_numpy()).all()


# -- Mapping ---------------------------------------------------------------------------------------


def test_the_mapping_names_columns_that_there_are(
    usual: tuple[Company, Held], tmp_path: Path
) -> None:
    company, held = usual
    exports = fragment("account_engagement", tmp_path)
    for stem, export in exports.items():
        named = {column.column for column in export.columns.values() if column.column}
        assert named | set(export.key) <= set(held.objects[stem].fields)
    stages = exports["lifecycle_histories"].columns["new_value"].map
    names = rows(held, "lifecycle_stages", company.settings.end).set_index("id")["name"]
    assert stages is not None
    assert {names[one]: value for one, value in stages.items()} == {
        "Prospect": "new",
        "Marketing Qualified": "marketing_qualified",
    }
