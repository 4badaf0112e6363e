"""Every kind of mess happens about as often as its rate says, never at 0, and alone."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from ingestion.sandbox.chance import stream
from ingestion.sandbox.clock import DAY, HOUR, ever
from ingestion.sandbox.company.accounts import Accounts
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.company.opportunities import LOST, NEW_BUSINESS, PROPOSAL, QUALIFICATION
from ingestion.sandbox.company.people import NO_PHONES, People
from ingestion.sandbox.company.staff import EUROPE, LEAD, draw_staff
from ingestion.sandbox.mess import KINDS, PROFILES, with_rate
from ingestion.sandbox.settings import Settings
from tests.ingestion.sandbox.companies import CLEAN, in_office_hours, lived, same

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ingestion.sandbox.arrays import Flags, Numbers
    from ingestion.sandbox.mess import Mess
    from tests.ingestion.sandbox.companies import Lived

# To whom it happened, among those to whom it could have.
Counted: TypeAlias = "tuple[Flags, Flags | None]"


@dataclass(frozen=True)
class Look:
    """How one kind of mess shows; a kind may show in several places."""

    count: Callable[[Lived], Counted]
    rate: float = 0.4
    within: float = 0.05
    beside: tuple[str, ...] = ()  # kinds without which there is nobody to whom it can happen


# -- People and accounts -------------------------------------------------------------------------


def _gives(wanted: Callable[[str], bool]) -> Callable[[Lived], Counted]:
    return lambda one: (np.array([wanted(mail) for mail in one.company.people.email]), None)


def _shared_mailbox(one: Lived) -> Counted:
    """Of those who came after a colleague; whose address is taken already takes none."""
    people = one.company.people
    _, first = np.unique(people.account, return_index=True)
    follows = np.ones(len(people), dtype=bool)
    follows[first] = False
    return people.email != people.work_email, follows


def _email_changed(one: Lived) -> Counted:
    people = one.company.people
    return ever(people.email_changes_at), people.first_at < one.end - 700 * DAY


def _no(field: str) -> Callable[[Lived], Counted]:
    return lambda one: (getattr(one.company.people, field) == None, None)  # noqa: E711


def _placeholder(one: Lived) -> Counted:
    return np.isin(one.company.people.phone.astype(str), NO_PHONES), None


def _filled_later(one: Lived) -> Counted:
    people = one.company.people
    is_missing = (people.phone == None) | np.isin(people.phone.astype(str), NO_PHONES)  # noqa: E711
    assert not (ever(people.phone_told_at) & ~is_missing).any()
    return ever(people.phone_told_at), is_missing & (people.first_at < one.end - 300 * DAY)


def _other_currency(one: Lived) -> Counted:
    accounts = one.company.accounts
    assert set(accounts.currency[accounts.region != EUROPE]) == {"USD"}
    return accounts.currency != "USD", accounts.region == EUROPE


def _owner_left(one: Lived) -> Counted:
    """Of a company with more reps: all but the first of each role and region."""
    settings = replace(one.company.settings, people=800_000)
    staff = draw_staff(stream(7, "staff"), settings)
    is_first = np.diff(staff.role, prepend=-1) != 0
    assert not ever(staff.left_at[is_first | (staff.role == LEAD)]).any()
    return ever(staff.left_at), ~is_first


# -- How people work -----------------------------------------------------------------------------


def _answered(one: Lived) -> Flags:
    return ever(one.company.rounds.attempt_at)


def _late_answer(one: Lived) -> Counted:
    """Against the clean company: the first rounds are the same people at the same time."""
    first = one.company.rounds.number == 1
    clean = lived().company.rounds
    delay = np.full(len(first), np.nan)
    delay[first] = one.company.rounds.attempt_at[first] - clean.attempt_at[clean.number == 1]
    assert not (delay < 0).any()
    begins = one.company.rounds.begins_at
    return delay > 4 * HOUR, first & ever(delay) & (begins < one.end - 200 * DAY)


def _out_of_hours(one: Lived) -> Counted:
    rounds, staff = one.company.rounds, one.company.staff
    zone = staff.zone[rounds.owner]
    return ~in_office_hours(rounds.attempt_at, zone), _answered(one)


def _never_answered(one: Lived) -> Counted:
    rounds = one.company.rounds
    handed = ever(rounds.mql_at) & (rounds.assigned_at < one.end - 20 * DAY)
    return ~_answered(one), handed


def _reassigned(one: Lived) -> Counted:
    rounds = one.company.rounds
    return ever(rounds.reassigned_at), ever(rounds.mql_at) & (
        rounds.assigned_at < one.end - 10 * DAY
    )


def _by_machine(*, is_sequence: bool) -> Callable[[Lived], Counted]:
    def count(one: Lived) -> Counted:
        rounds, attempts = one.company.rounds, one.company.attempts
        mailed = np.zeros(len(rounds), dtype=bool)
        mailed[attempts.round[(attempts.owner < 0) & (attempts.is_sequence == is_sequence)]] = True
        return mailed, ever(rounds.mql_at) & (rounds.crm_at < one.end - 9 * DAY)

    return count


# -- How stages are kept -------------------------------------------------------------------------


def _skipped_stage(one: Lived) -> Counted:
    """In the history of the leads: qualified without having been accepted."""
    rounds, history = one.company.rounds, _status_changes(one)
    accepted = set(zip(*_keys(one, history[history["NewValue"] == "Accepted"]), strict=True))
    lead = one.leads.of_round
    noted = np.array([
        (place, at) in accepted for place, at in zip(lead, rounds.accepted_at, strict=True)
    ])  # fmt: skip
    return ~noted, ever(rounds.qualified_at) & (lead >= 0)


def _steps_back(one: Lived) -> Counted:
    rounds = one.company.rounds
    return ever(rounds.stepped_back_at), rounds.qualified_at < one.end - 30 * DAY


def _proposes_again(one: Lived) -> Counted:
    deals = one.company.deals
    new = deals.kind == NEW_BUSINESS
    proposed, back = _went_to(one, PROPOSAL), _went_back(one)
    return back, proposed & new & (deals.created_at < one.end - 200 * DAY)


def _lead_flicker(one: Lived) -> Counted:
    history = _status_changes(one)
    return _undone(history, "LeadId", "Status"), (
        ~_undoes(history, "LeadId") & (history["NewValue"] != "Closed - Converted").to_numpy()
    )


def _deal_flicker(one: Lived) -> Counted:
    history = one.tables["opportunity_field_history"]
    history = history[history["Field"] == "StageName"].reset_index(drop=True)
    closes = history["NewValue"].isin(["Closed Won", "Closed Lost"]).to_numpy()
    return _undone(history, "OpportunityId", "StageName"), (
        ~_undoes(history, "OpportunityId") & ~closes
    )


def _no_reason(one: Lived) -> Counted:
    rounds = one.company.rounds
    left = ever(np.fmax.reduce([rounds.rejected_at, rounds.recycled_at, rounds.disqualified_at]))
    return rounds.reason == None, left  # noqa: E711


def _no_loss_reason(one: Lived) -> Counted:
    deals = one.tables["opportunities"]
    return deals["Loss_Reason__c"].isna().to_numpy(), (
        deals["StageName"] == "Closed Lost"
    ).to_numpy()


def _reopened(one: Lived) -> Counted:
    deals = one.company.deals
    first = _first_loss(one)
    return _went_on(one), (deals.kind == NEW_BUSINESS) & (first < one.end - 150 * DAY)


def _lost_again(one: Lived) -> Counted:
    deals = one.company.deals
    return ~deals.is_won, _went_on(one) & ever(deals.closed_at)


def _zero_lost_amount(one: Lived) -> Counted:
    deals = one.tables["opportunities"]
    return (deals["Amount"] == 0).to_numpy(), (deals["StageName"] == "Closed Lost").to_numpy()


def _unmapped_status(one: Lived) -> Counted:
    rounds = one.company.rounds
    undecided = ~ever(rounds.accepted_at) & ~ever(rounds.rejected_at)
    return ever(rounds.parked_at), undecided & (rounds.attempt_at < one.end - 100 * DAY)


def _lead_same_second(one: Lived) -> Counted:
    history = _status_changes(one)
    accepted = (history["NewValue"] == "Accepted") & (history["OldValue"] == "Working - Contacted")
    return _with_the_one_before(history, "LeadId"), accepted.to_numpy()


def _deal_same_second(one: Lived) -> Counted:
    history = one.tables["opportunity_history"].sort_values(["OpportunityId", "Id"])
    stage, former = history["StageName"], history["StageName"].shift()
    signed = (stage == "Closed Won") & (former == "Negotiation")
    is_deal = history["OpportunityId"] == history["OpportunityId"].shift()
    at_once = history["CreatedDate"] == history["CreatedDate"].shift()
    new = one.tables["opportunities"].set_index("Id")["Type"] == "New Customer"
    return (at_once & is_deal).to_numpy(), (
        signed & is_deal & history["OpportunityId"].map(new)
    ).to_numpy()


# -- Records -------------------------------------------------------------------------------------


def _duplicate_lead(one: Lived) -> Counted:
    """Of leads that are a while old: is there a double of theirs?"""
    leads = one.leads
    of_human = np.bincount(leads.human[leads.is_duplicate], minlength=len(one.members))
    alone = np.bincount(leads.human[~leads.is_duplicate], minlength=len(one.members)) == 1
    is_old = leads.created_at < one.end - 300 * DAY
    return of_human[leads.human] > 0, ~leads.is_duplicate & alone[leads.human] & is_old


def _plus_address(one: Lived) -> Counted:
    tagged = one.tables["leads"]["Email"].str.contains("+web@", regex=False).to_numpy()
    assert not tagged[~one.leads.is_duplicate].any()
    return tagged, one.leads.is_duplicate


def _merged(one: Lived) -> Counted:
    leads = one.leads
    survivor = _of_human(one)[leads.human]
    converts = ever(leads.converted_at[survivor])
    return ever(leads.merged_at), (
        leads.is_duplicate & ~converts & (leads.created_at < one.end - 120 * DAY)
    )


def _chained(one: Lived) -> Counted:
    leads = one.leads
    into = np.maximum(leads.merged_into, 0)
    via = (leads.merged_into >= 0) & leads.is_duplicate[into]
    thirds = np.isin(np.arange(len(leads)), leads.merged_into[via])
    survivor = _of_human(one)[leads.human]
    return via, (
        ever(leads.merged_at)
        & ~thirds
        & ~ever(leads.converted_at[survivor])
        & (leads.merged_at < one.end - 60 * DAY)
    )


def _existing_contact(one: Lived) -> Counted:
    """The first lead of a human is converted into a contact that is older."""
    leads, contacts = one.leads, one.contacts
    first = np.zeros(len(leads), dtype=bool)
    first[_of_human(one)[np.unique(leads.human)]] = True
    contact = contacts.of_human[leads.human]
    older = contacts.created_at[contact] < leads.created_at
    return older, first & ever(leads.converted_at)


def _deleted(one: Lived) -> Counted:
    leads = one.leads
    return ever(leads.deleted_at), _idle(one) & (leads.created_at < one.end - 300 * DAY)


def _restored(one: Lived) -> Counted:
    leads = one.leads
    return ever(leads.restored_at), leads.deleted_at < one.end - 20 * DAY


def _late_commit(one: Lived) -> Counted:
    stored = one.org.objects["leads"]
    stamp = stored.varying["SystemModstamp"].cast("int64").to_numpy()
    late = np.zeros(len(one.leads), dtype=bool)
    late[stored.record[stored.shown_from > stamp]] = True
    return late, None


def _purged_history(one: Lived) -> Counted:
    stored = one.org.objects["lead_history"]
    return np.isfinite(stored.shown_until), None


def _custom_field(one: Lived) -> Counted:
    return np.isin(["Fax_Opt_In__c", "Legacy_Id__c"], one.tables["leads"].columns), None


def _rate_edited(one: Lived) -> Counted:
    stored = one.org.objects["dated_conversion_rates"]
    begins = stored.fixed["CreatedDate"].cast("int64").to_numpy()
    return np.bincount(stored.record) > 1, begins < one.end - 80 * DAY


def _without_role(one: Lived) -> Counted:
    deals = one.tables["opportunities"]
    roles = one.tables["opportunity_contact_roles"]
    return ~deals["Id"].isin(roles["OpportunityId"]).to_numpy(), (
        deals["Type"] == "New Customer"
    ).to_numpy()


def _without_account(one: Lived) -> Counted:
    return one.tables["opportunities"]["AccountId"].isna().to_numpy(), None


def _before_contact(one: Lived) -> Counted:
    deals = one.tables["opportunities"]
    first = one.company.people.first_at[one.company.deals.human[one.deals.deal]]
    closed = deals["CloseDate"].astype("datetime64[s]").astype("int64").to_numpy()
    won = (deals["Type"] == "New Customer") & deals["IsWon"]
    return closed < first - DAY, won.to_numpy()


LOOKS: dict[str, tuple[Look, ...]] = {
    "duplicate_lead": (Look(_duplicate_lead),),
    "merged_duplicate": (Look(_merged, beside=("duplicate_lead",)),),
    "merge_chain": (Look(_chained, within=0.08, beside=("duplicate_lead", "merged_duplicate")),),
    "role_mailbox": (Look(_gives(lambda mail: mail.startswith("info@"))),),
    "shared_mailbox": (Look(_shared_mailbox, rate=0.1, within=0.03),),
    "email_changed": (Look(_email_changed),),
    "plus_address": (Look(_plus_address, beside=("duplicate_lead",)),),
    "free_mail": (Look(_gives(lambda mail: mail.endswith("@freemail.example.com"))),),
    "existing_contact": (Look(_existing_contact),),
    "deleted_record": (Look(_deleted, within=0.1),),
    "restored_record": (Look(_restored, within=0.1, beside=("deleted_record",)),),
    "skipped_stage": (Look(_skipped_stage),),
    "backward_stage": (Look(_steps_back), Look(_proposes_again, within=0.08)),
    "flicker": (Look(_lead_flicker), Look(_deal_flicker)),
    "reason_missing": (Look(_no_reason), Look(_no_loss_reason)),
    "reopened": (Look(_reopened),),
    "lost_again": (Look(_lost_again, within=0.08, beside=("reopened",)),),
    "same_second": (Look(_lead_same_second), Look(_deal_same_second, within=0.1)),
    "late_commit": (Look(_late_commit),),
    "purged_history": (Look(_purged_history, rate=1, within=0),),
    "unmapped_status": (Look(_unmapped_status, within=0.08),),
    "late_answer": (Look(_late_answer, within=0.06),),
    "out_of_hours": (Look(_out_of_hours),),
    "never_answered": (Look(_never_answered),),
    "reassigned": (Look(_reassigned),),
    "robot_mail": (Look(_by_machine(is_sequence=False)),),
    "sequence": (Look(_by_machine(is_sequence=True)),),
    "owner_left": (Look(_owner_left, within=0.08),),
    "missing_field": (Look(_no("phone")), Look(_no("title"))),
    "placeholder_field": (Look(_placeholder),),
    "filled_later": (Look(_filled_later, beside=("missing_field",)),),
    "missing_source": (Look(_no("source")),),
    "custom_field": (Look(_custom_field, rate=1, within=0),),
    "other_currency": (Look(_other_currency),),
    "rate_edited": (Look(_rate_edited, within=0.2),),
    "zero_lost_amount": (Look(_zero_lost_amount),),
    "deal_without_role": (Look(_without_role),),
    "deal_without_account": (Look(_without_account),),
    "deal_before_contact": (Look(_before_contact),),
}
# Kinds that neither the company nor its Salesforce org shows.
ELSEWHERE = {
    "duplicate_prospect": "in the records of marketing",
    "unknown_customer": "in billing",
    "unusable_row": "in the files; see test_exports.py",
}
# Kinds that are slips of those who keep records: what really happens stays the same.
OF_RECORDS = {
    "duplicate_lead", "merged_duplicate", "merge_chain", "plus_address", "existing_contact",
    "deleted_record", "restored_record", "flicker", "same_second", "late_commit",
    "purged_history", "custom_field", "rate_edited", "deal_without_role", "deal_without_account",
    "deal_before_contact", *ELSEWHERE,
}  # fmt: skip
# The others hide no stage from who reads the records. A deal without a role tells of a person
# only through the lead that became it; what is purged is told for some time.
HIDES = {
    "deal_without_role": {"sales_qualified", "opportunity", "won", "lost"},
    "purged_history": {
        "sales_accepted", "sales_qualified", "rejected", "recycled", "disqualified",
    },
}  # fmt: skip
# What else changes of the people and accounts.
CHANGES = {
    "role_mailbox": {"email", "shares_mailbox"},
    "shared_mailbox": {"email", "shares_mailbox"},
    "free_mail": {"email"},
    "email_changed": {"email_changes_at"},
    "missing_field": {"title", "phone"},
    "placeholder_field": {"phone"},
    "missing_source": {"source"},
    "other_currency": {"currency"},
}
CASES = [
    pytest.param(kind, look, id=f"{kind}-{place}")
    for kind, looks in LOOKS.items()
    for place, look in enumerate(looks)
]


def only_one(kind: str, rate: float, beside: tuple[str, ...] = ()) -> Mess:
    """The clean profile with one kind of mess, and with those on whose victims it falls."""
    mess = CLEAN
    for other in beside:
        mess = with_rate(mess, other, 0.8)
    return with_rate(mess, kind, rate)


def test_every_kind_is_looked_at_here_or_elsewhere() -> None:
    assert LOOKS.keys() | ELSEWHERE.keys() == set(KINDS)
    assert not LOOKS.keys() & ELSEWHERE.keys()


def test_profiles_are_ordered_by_their_rates() -> None:
    for kind in KINDS:
        clean, usual, awful = (getattr(PROFILES[one], kind) for one in ("clean", "usual", "awful"))
        assert clean == 0
        assert 0 < usual <= awful <= 1


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no mess called typos"):
        with_rate(CLEAN, "typos", 0.1)


@pytest.mark.parametrize(("kind", "look"), CASES)
def test_it_happens_about_as_often_as_its_rate_says(kind: str, look: Look) -> None:
    hits, among = look.count(lived(only_one(kind, look.rate, look.beside)))
    among = np.ones(len(hits), dtype=bool) if among is None else among
    assert among.sum() >= 1 / look.rate
    # Of few, chance alone makes more or less.
    chance = 4 * (look.rate * (1 - look.rate) / among.sum()) ** 0.5
    share = (hits & among).sum() / among.sum()
    assert share == pytest.approx(look.rate, abs=max(look.within, chance))


@pytest.mark.parametrize(("kind", "look"), CASES)
def test_it_never_happens_at_a_rate_of_zero(kind: str, look: Look) -> None:
    hits, among = look.count(lived(only_one(kind, 0, look.beside)))
    assert not (hits if among is None else hits & among).any()


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_leaves_people_and_who_responds_when_alone(kind: str) -> None:
    rate = 1 if kind == "purged_history" else 0.4
    clean, messy = (
        simulate(Settings(people=1_500, mess=mess)) for mess in (CLEAN, only_one(kind, rate))
    )
    may_differ = CHANGES.get(kind, set())
    for part in (People, Accounts):
        for field in fields(part):
            if field.name not in may_differ | {"phone_told_at"}:
                here = getattr(getattr(clean, part.__name__.lower()), field.name)
                there = getattr(getattr(messy, part.__name__.lower()), field.name)
                assert same(here, there), field.name
    assert same(clean.staff.name, messy.staff.name)
    assert same(clean.campaigns.cost, messy.campaigns.cost)
    first, again = (one.rounds.number == 1 for one in (clean, messy))
    for name in ("human", "begins_at", "mql_at", "crm_at"):
        here, there = getattr(clean.rounds, name)[first], getattr(messy.rounds, name)[again]
        assert same(here, there), name


@pytest.mark.parametrize("kind", sorted(OF_RECORDS))
def test_slips_of_record_keepers_change_nothing_that_really_happens(kind: str) -> None:
    clean, messy = (
        simulate(Settings(people=1_000, mess=mess)) for mess in (CLEAN, only_one(kind, 0.4))
    )
    for part in fields(clean):
        if part.name == "settings":
            continue
        here, there = getattr(clean, part.name), getattr(messy, part.name)
        for field in fields(here):
            assert same(getattr(here, field.name), getattr(there, field.name)), field.name


@pytest.mark.parametrize("kind", sorted(OF_RECORDS - HIDES.keys() - ELSEWHERE.keys()))
def test_slips_of_record_keepers_hide_no_stage(kind: str) -> None:
    assert proofs(lived(only_one(kind, 0.4))) == proofs(lived())


@pytest.mark.parametrize("kind", HIDES)
def test_what_hides_stages_hides_these_alone(kind: str) -> None:
    hidden = proofs(lived()) - proofs(lived(only_one(kind, 1)))
    assert hidden
    assert {stage for _, stage, _, _ in hidden} <= HIDES[kind]


def proofs(one: Lived) -> set[tuple[int, str, float, float]]:
    proof = one.org.evidence
    return set(zip(proof.round, proof.stage, proof.at, proof.shown_until, strict=True))


@pytest.mark.parametrize("kind", ["duplicate_lead", "deal_without_role", "flicker", "robot_mail"])
def test_a_higher_rate_strikes_those_of_the_lower_one_too(kind: str) -> None:
    look = LOOKS[kind][0]
    if kind == "duplicate_lead":
        struck = [
            set(one.leads.human[one.leads.is_duplicate])
            for one in (lived(only_one(kind, rate)) for rate in (0.1, 0.4))
        ]
        assert struck[0] < struck[1]
        return
    few, many = (look.count(lived(only_one(kind, rate)))[0].sum() for rate in (0.1, 0.4))
    assert 0 < few < many


# -- What the looks have in common ---------------------------------------------------------------


def _status_changes(one: Lived) -> pd.DataFrame:
    """Changes of the status of leads, by lead and in the order in which they were written."""
    history = one.tables["lead_history"]
    history = history[history["Field"] == "Status"]
    return history.sort_values(["LeadId", "CreatedDate", "Id"]).reset_index(drop=True)


def _keys(one: Lived, history: pd.DataFrame) -> tuple[list[int], list[float]]:
    """Place of the lead, and moment, of each change."""
    ids = one.org.objects["leads"].fixed["Id"].to_pylist()
    place = {name: number for number, name in enumerate(ids)}
    at = history["CreatedDate"].astype("datetime64[s]").astype("int64").astype(float)
    return [place[one] for one in history["LeadId"]], at.tolist()


def _undone(history: pd.DataFrame, record: str, _field: str) -> Flags:
    """Changes that are undone a minute later."""
    following = history.groupby(record, sort=False)
    minute = (following["CreatedDate"].shift(-1) - history["CreatedDate"]).dt.total_seconds() == 60
    back = following["NewValue"].shift(-1) == history["OldValue"]
    return (minute & back).to_numpy() & ~_undoes(history, record)


def _undoes(history: pd.DataFrame, record: str) -> Flags:
    """Changes that undo one of a minute before, or do it again."""
    former = history.groupby(record, sort=False)
    minute = (history["CreatedDate"] - former["CreatedDate"].shift()).dt.total_seconds() == 60
    back = former["OldValue"].shift() == history["NewValue"]
    return (minute & back).to_numpy()


def _with_the_one_before(history: pd.DataFrame, record: str) -> Flags:
    former = history.groupby(record, sort=False)["CreatedDate"].shift()
    return (history["CreatedDate"] == former).to_numpy()


def _of_human(one: Lived) -> Numbers:
    """The first lead of each human, -1 for none."""
    first = np.full(len(one.members), -1)
    own = np.flatnonzero(~one.leads.is_duplicate)[::-1]
    first[one.leads.human[own]] = own
    return first


def _idle(one: Lived) -> Flags:
    """Leads that nobody works on: never assigned, never decided."""
    rounds, leads = one.company.rounds, one.leads
    busy = (ever(rounds.assigned_at) | ever(rounds.disqualified_at)) & (leads.of_round >= 0)
    idle = ~leads.is_duplicate
    idle[leads.of_round[busy]] = False
    return idle


def _went_to(one: Lived, stage: int) -> Flags:
    deals = one.company.deals
    went = np.zeros(len(deals), dtype=bool)
    went[deals.change_of[deals.change_to == stage]] = True
    return went


def _went_back(one: Lived) -> Flags:
    """Deals that went from the proposal back to the qualification."""
    deals = one.company.deals
    back = np.zeros(len(deals), dtype=bool)
    follows = (deals.change_of[1:] == deals.change_of[:-1]) & (
        (deals.change_to[:-1] == PROPOSAL) & (deals.change_to[1:] == QUALIFICATION)
    )
    back[deals.change_of[1:][follows]] = True
    return back


def _first_loss(one: Lived) -> np.ndarray:
    deals = one.company.deals
    first = np.full(len(deals), np.nan)
    lost = deals.change_to == LOST
    np.fmin.at(first, deals.change_of[lost], deals.change_at[lost])
    return first


def _went_on(one: Lived) -> Flags:
    """Deals that were lost and went on."""
    deals = one.company.deals
    went = np.zeros(len(deals), dtype=bool)
    follows = (deals.change_of[1:] == deals.change_of[:-1]) & (deals.change_to[:-1] == LOST)
    went[deals.change_of[1:][follows]] = True
    return went
