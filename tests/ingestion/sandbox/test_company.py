"""What happens in the simulated company: in order, in time, and much like in a B2B company."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingestion.errors import TerminalError
from ingestion.sandbox.clock import DAY, HOUR, MINUTE, ZONES, ever, local, weekday
from ingestion.sandbox.company.company import Company, simulate
from ingestion.sandbox.company.exits import CHURNED, EXPIRED, OPEN
from ingestion.sandbox.company.exits import LOST as LOST_EXIT
from ingestion.sandbox.company.exits import WON as WON_EXIT
from ingestion.sandbox.company.opportunities import (
    EXPANSION,
    LOST,
    NEW_BUSINESS,
    PRODUCTS,
    RENEWAL,
    WON,
)
from ingestion.sandbox.company.people import MARKETING
from ingestion.sandbox.company.touches import CLICKED, OPENED, RESPONSES, SENT, THRESHOLD
from ingestion.sandbox.settings import Settings
from tests.ingestion.sandbox.companies import AWFUL, CLEAN, USUAL, in_office_hours, lived, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.sandbox.arrays import Flags, Moments
    from ingestion.sandbox.mess import Mess

PROFILES = pytest.mark.parametrize("mess", [CLEAN, USUAL, AWFUL], ids=["clean", "usual", "awful"])
# Moments of a round: the first of two never comes after the second.
IN_ORDER = (
    ("begins_at", "mql_at"),
    ("begins_at", "crm_at"),
    ("mql_at", "crm_at"),
    ("crm_at", "assigned_at"),
    ("assigned_at", "reassigned_at"),
    ("assigned_at", "attempt_at"),
    ("reassigned_at", "attempt_at"),
    ("attempt_at", "accepted_at"),
    ("attempt_at", "rejected_at"),
    ("attempt_at", "parked_at"),
    ("accepted_at", "qualified_at"),
    ("qualified_at", "stepped_back_at"),
    ("stepped_back_at", "requalified_at"),
    ("qualified_at", "opportunity_at"),
    ("requalified_at", "opportunity_at"),
    ("qualified_at", "recycled_at"),
    ("accepted_at", "recycled_at"),
    ("crm_at", "disqualified_at"),
    ("begins_at", "opportunity_at"),
)
# Planned, or there before the company's first day.
MAY_BE_OUTSIDE = {("campaigns", "ends_at"), ("staff", "hired_at")}


def arrays(company: Company) -> Iterator[tuple[str, str, np.ndarray]]:
    for part in fields(company):
        values = getattr(company, part.name)
        if is_dataclass(values) and part.name != "settings":
            for one in fields(values):
                yield part.name, one.name, getattr(values, one.name)


def moments(company: Company) -> Iterator[tuple[str, str, Moments]]:
    for part, name, values in arrays(company):
        if values.dtype == float and (name.endswith("at") or name == "since"):
            yield part, name, values


def share(hits: Flags, among: Flags | None = None) -> float:
    return float(hits.mean() if among is None else (hits & among).sum() / among.sum())


def early(company: Company, days: float) -> Flags:
    """Rounds that began so many days before the end: what follows had the time to come."""
    return company.rounds.begins_at < company.settings.end - days * DAY


def test_the_same_settings_give_the_same_company() -> None:
    one, two = (simulate(Settings(people=1_000)) for _ in range(2))
    for (part, name, here), (_, _, there) in zip(arrays(one), arrays(two), strict=True):
        assert same(here, there), (part, name)


def test_another_seed_gives_another_company() -> None:
    one, other = (simulate(Settings(people=1_000, seed=seed)) for seed in (7, 8))
    for part, name in (
        ("people", "first_at"),
        ("people", "first_name"),
        ("accounts", "name"),
        ("rounds", "mql_at"),
        ("deals", "amount"),
        ("touches", "at"),
        ("attempts", "at"),
    ):
        here, there = (getattr(getattr(company, part), name) for company in (one, other))
        assert not same(here, there), (part, name)


def test_more_days_give_more_of_everything() -> None:
    short = simulate(Settings(people=1_000, last_day=Settings().first_day.replace(year=2024)))
    assert short.settings.end - short.settings.start == 366 * DAY
    assert not (short.deals.kind == RENEWAL).any() or len(short.customers) < 40
    assert all(
        (at[ever(at)] < short.settings.end).all()
        for part, name, at in moments(short)
        if (part, name) not in MAY_BE_OUTSIDE
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 99},
        {"seed": -1},
        {"instances": 3},
        {"instances": 0},
        {"set_up": "pen_and_paper"},
        {"last_day": Settings().first_day},
    ],
)
def test_a_company_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TerminalError):
        Settings(**wrong)  # type: ignore[arg-type]


@PROFILES
def test_everything_happens_between_the_first_day_and_the_end(mess: Mess) -> None:
    company = lived(mess).company
    for part, name, at in moments(company):
        assert (at[ever(at)] == np.floor(at[ever(at)])).all(), (part, name)
        if (part, name) not in MAY_BE_OUTSIDE:
            assert (at[ever(at)] < company.settings.end).all(), (part, name)
            # People are awake for a while after midnight in New York, or have been up before it.
            assert (at[ever(at)] >= company.settings.start - 4 * HOUR).all(), (part, name)


@PROFILES
def test_nothing_happens_before_the_first_contact(mess: Mess) -> None:
    company = lived(mess).company
    people, rounds = company.people, company.rounds
    assert (rounds.begins_at >= people.first_at[rounds.human]).all()
    for flow in (company.touches, company.attempts):
        assert (flow.human == rounds.human[flow.round]).all()
        assert (flow.at >= rounds.begins_at[flow.round]).all()
    deals = company.deals
    assert (deals.created_at >= people.first_at[deals.human]).all()
    for at in (people.email_changes_at, people.phone_told_at):
        assert (at[ever(at)] >= people.first_at[ever(at)]).all()


@PROFILES
@pytest.mark.parametrize(("sooner", "later"), IN_ORDER, ids="-".join)
def test_a_round_goes_forward(mess: Mess, sooner: str, later: str) -> None:
    rounds = lived(mess).company.rounds
    first, second = getattr(rounds, sooner), getattr(rounds, later)
    assert not (first > second).any()
    assert (ever(first) & ever(second)).any() or "reassigned" in sooner + later or mess is CLEAN


@PROFILES
def test_a_round_has_one_answer_and_one_exit(mess: Mess) -> None:
    company = lived(mess).company
    rounds, exits = company.rounds, company.exits
    assert not (ever(rounds.accepted_at) & ever(rounds.rejected_at)).any()
    ways = np.array([
        ever(one)
        for one in (rounds.rejected_at, rounds.recycled_at, rounds.disqualified_at,
                    rounds.opportunity_at)
    ])  # fmt: skip
    assert (ways.sum(axis=0) <= 1).all()
    is_over = ~np.isin(exits.outcome, (OPEN, WON_EXIT))
    assert (ever(exits.ended_at) == is_over).all()
    assert (exits.ended_at[is_over] >= rounds.begins_at[is_over]).all()
    assert not (rounds.reason[~is_over] != None).any()  # noqa: E711


@PROFILES
def test_who_comes_back_does_so_after_the_round_before(mess: Mess) -> None:
    company = lived(mess).company
    rounds, exits = company.rounds, company.exits
    order = np.lexsort((rounds.number, rounds.human))
    again = order[1:][rounds.number[order[1:]] > 1]
    before = order[:-1][rounds.number[order[1:]] > 1]
    assert len(again) > 300
    assert (rounds.human[again] == rounds.human[before]).all()
    assert (rounds.number[again] == rounds.number[before] + 1).all()
    ended = ever(exits.ended_at[before])
    assert (rounds.begins_at[again] >= exits.ended_at[before])[ended].all()
    assert np.isin(exits.outcome[before[~ended]], [WON_EXIT]).all()
    assert rounds.number.max() <= 4


@PROFILES
def test_silence_of_half_a_year_ends_a_round(mess: Mess) -> None:
    company = lived(mess).company
    exits, end = company.exits, company.settings.end
    expired = exits.outcome == EXPIRED
    assert expired.any()
    assert (exits.ended_at[expired] == exits.last_sign_at[expired] + 180 * DAY).all()
    assert (exits.last_sign_at[exits.outcome == OPEN] + 180 * DAY >= end).all()


def test_the_hand_off_is_made_with_a_response_and_the_score_that_it_brings() -> None:
    company = lived().company
    rounds, touches, scores = company.rounds, company.touches, company.scores
    handed = np.flatnonzero(ever(rounds.mql_at))
    is_response = np.isin(touches.kind, RESPONSES)
    responses = set(zip(touches.round[is_response], touches.at[is_response], strict=True))
    assert {(one, rounds.mql_at[one]) for one in handed} <= responses
    high = scores.new >= THRESHOLD
    wanted = dict(zip(zip(scores.human, scores.at, strict=True), high, strict=True))
    told = [wanted.get((rounds.human[one], rounds.mql_at[one] + 20)) for one in handed]
    assert np.mean([one is not None for one in told]) > 0.99
    assert all(one for one in told if one is not None)


@PROFILES
def test_scores_are_chains_that_begin_at_nothing(mess: Mess) -> None:
    scores = lived(mess).company.scores
    goes_on = scores.human[1:] == scores.human[:-1]
    assert (scores.old[1:][goes_on] == scores.new[:-1][goes_on]).all()
    assert (scores.old[1:][~goes_on] == 0).all()
    assert (scores.at[1:] >= scores.at[:-1])[goes_on].all()
    assert (scores.old != scores.new).all()
    assert scores.new.min() >= 0
    assert scores.new.max() <= 100


@PROFILES
def test_flows_are_in_the_order_of_time(mess: Mess) -> None:
    company = lived(mess).company
    for at in (company.touches.at, company.attempts.at, company.invoices.at):
        assert (np.diff(at) >= 0).all()


@PROFILES
def test_deals_go_from_their_creation_to_where_they_stand(mess: Mess) -> None:
    deals = lived(mess).company.deals
    assert (np.diff(deals.change_of) >= 0).all()
    within = np.diff(deals.change_of) == 0
    assert (np.diff(deals.change_at)[within] >= 0).all()
    assert (deals.change_at > deals.created_at[deals.change_of]).all()
    last = np.flatnonzero(np.diff(deals.change_of, append=-1) != 0)
    stands = np.full(len(deals), -1)
    stands[deals.change_of[last]] = deals.change_to[last]
    assert (np.isin(stands, (WON, LOST)) == ever(deals.closed_at)).all()
    assert ((stands == WON) == deals.is_won).all()
    assert not (deals.reason[stands != LOST] != None).any()  # noqa: E711
    assert ((deals.competitor != None) == (deals.reason == "competitor")).all()  # noqa: E711


@PROFILES
def test_customers_renew_after_a_year_until_they_leave(mess: Mess) -> None:
    company = lived(mess).company
    deals, customers = company.deals, company.customers
    new = deals.kind == NEW_BUSINESS
    assert (deals.first[new] == np.flatnonzero(new)).all()
    assert (customers.deal == np.flatnonzero(new & deals.is_won)).all()
    first = deals.first[~new]
    assert deals.is_won[first].all()
    assert (deals.created_at[~new] > deals.closed_at[first]).all()
    assert (deals.round[~new] == deals.round[first]).all()
    years = (deals.closed_at - deals.closed_at[deals.first])[deals.kind == RENEWAL] / (365 * DAY)
    years = years[ever(years)]
    assert (np.abs(years - np.round(years)) < 12 / 365).all()
    left = ever(customers.churned_at)
    assert left.any()
    assert (customers.churned_at > customers.since)[left].all()
    churned = deals.round[customers.deal[left]]
    assert (company.exits.outcome[churned] == CHURNED).all()
    assert (deals.kind == EXPANSION).any()


@PROFILES
def test_what_was_won_is_invoiced_after_two_weeks(mess: Mess) -> None:
    company = lived(mess).company
    deals, invoices = company.deals, company.invoices
    won = deals.is_won & (deals.closed_at + 14 * DAY < company.settings.end)
    assert len(invoices) == won.sum()
    assert sorted(invoices.amount) == pytest.approx(sorted(deals.closed_amount[won]))
    assert (invoices.at > company.customers.since[invoices.customer]).all()


def test_reps_work_in_their_office_hours() -> None:
    company = lived().company
    attempts = company.attempts
    by_rep = attempts.owner >= 0
    zone = company.staff.zone[attempts.owner[by_rep]]
    assert in_office_hours(attempts.at[by_rep], zone).all()


@PROFILES
def test_nobody_works_after_they_left(mess: Mess) -> None:
    company = lived(mess).company
    staff, attempts, rounds = company.staff, company.attempts, company.rounds
    assert ever(staff.left_at).any() == (mess.owner_left > 0)
    by_rep = attempts.owner >= 0
    assert not (staff.left_at[attempts.owner[by_rep]] <= attempts.at[by_rep]).any()
    for owner, at in (
        (rounds.owner, rounds.assigned_at),
        (rounds.next_owner, rounds.reassigned_at),
        (company.deals.owner, company.deals.created_at),
    ):
        there = ever(at)
        assert not (staff.left_at[owner[there]] <= at[there]).any()


def test_people_are_named_and_reached_as_nobody_real_is() -> None:
    people = lived(AWFUL).company.people
    for addresses in (people.email, people.work_email, people.new_email):
        hosts = {address.rpartition("@")[2] for address in addresses}
        assert all(".example." in host for host in hosts)
        assert all(address.isascii() and " " not in address for address in addresses)
    assert all(phone.startswith("+1-555-01") for phone in people.phone_known)


def test_each_has_an_address_of_their_own() -> None:
    people = lived().company.people
    assert len(set(people.email)) == len(people)
    assert not people.shares_mailbox.any()


# -- Much like in a B2B company ------------------------------------------------------------------


@PROFILES
def test_people_respond_on_weekdays_in_office_hours(mess: Mess) -> None:
    company = lived(mess).company
    touches = company.touches
    zone = company.people.zone[touches.human]
    shown = local(touches.at, zone)
    hour, day = shown / HOUR % 24, weekday(np.floor(shown / DAY))
    responses = np.isin(touches.kind, RESPONSES)
    assert 0.84 < share(day < 5, responses) < 0.95
    assert 0.6 < share((hour >= 9) & (hour < 17), responses) < 0.85
    assert share((hour >= 7) & (hour <= 22), responses) == 1
    # Each weekday has about its fifth of the week.
    week = np.bincount(day[responses & (day < 5)].astype(int)) / (responses & (day < 5)).sum()
    assert week == pytest.approx([0.2] * 5, abs=0.03)
    assert share(day < 5, touches.kind == SENT) > 0.95


def test_some_mails_are_opened_and_few_clicked() -> None:
    kind = lived().company.touches.kind
    sent, opened, clicked = ((kind == one).sum() for one in (SENT, OPENED, CLICKED))
    assert opened / sent == pytest.approx(0.45, abs=0.03)
    assert clicked / opened == pytest.approx(0.2, abs=0.03)


def test_first_attempts_come_within_hours_and_some_much_later() -> None:
    company = lived().company
    rounds, staff = company.rounds, company.staff
    waited = (rounds.attempt_at - rounds.mql_at) / MINUTE
    waited = waited[ever(waited)]
    assert waited.min() > 0
    assert 60 < np.median(waited) < 480
    assert 600 < np.percentile(waited, 90) < 4 * 24 * 60
    assert waited.mean() > 2 * np.median(waited)  # a long tail
    # Within a working morning the delay is log-normal: its logarithm is even about the middle.
    zone = staff.zone[rounds.owner]
    hour = local(rounds.assigned_at, zone) / HOUR % 24
    morning = in_office_hours(rounds.assigned_at, zone) & (hour < 10) & ever(rounds.attempt_at)
    logs = np.log((rounds.attempt_at - rounds.assigned_at)[morning])
    low, middle, high = np.percentile(logs, [25, 50, 75])
    assert MINUTE * 15 < np.exp(middle) < MINUTE * 90
    assert 0.6 < (high - middle) / (middle - low) < 1.6


def test_the_funnel_narrows_as_it_does_elsewhere() -> None:
    company = lived(people=20_000).company
    rounds, people, deals = company.rounds, company.people, company.deals
    first = (rounds.entry == MARKETING) & (rounds.number == 1) & early(company, 300)
    mql, sal = ever(rounds.mql_at), ever(rounds.accepted_at)
    sql, opportunity = ever(rounds.qualified_at), ever(rounds.opportunity_at)
    assert share(people.responds, people.known_by == MARKETING) == pytest.approx(0.9, abs=0.02)
    assert 0.3 < share(mql, first) < 0.42
    assert 0.68 < share(sal, first & mql) < 0.84
    assert 0.38 < share(sql, first & sal) < 0.55
    assert 0.76 < share(opportunity, first & sql) < 0.9
    new = (deals.kind == NEW_BUSINESS) & ever(deals.closed_at)
    assert 0.18 < share(deals.is_won, new) < 0.32
    renewals = (deals.kind == RENEWAL) & ever(deals.closed_at)
    assert share(deals.is_won, renewals) == pytest.approx(0.8, abs=0.05)


def test_every_outcome_is_there() -> None:
    outcomes = lived().company.exits.outcome
    shares = {name: np.mean(outcomes == name) for name in set(outcomes)}
    assert shares.keys() == {
        OPEN, EXPIRED, WON_EXIT, LOST_EXIT, CHURNED, "rejected", "recycled", "disqualified",
    }  # fmt: skip
    assert all(0.001 < one < 0.7 for one in shares.values()), shares


def test_deals_take_weeks_to_months() -> None:
    deals = lived(people=20_000).company.deals
    days = (deals.closed_at - deals.created_at) / DAY
    new = deals.kind == NEW_BUSINESS
    won, lost = days[new & deals.is_won], days[new & ever(days) & ~deals.is_won]
    assert 35 < np.median(won) < 90
    assert 20 < np.median(lost) < 75
    assert np.percentile(won, 90) < 200
    assert won.min() > 1
    assert np.median(lost) < np.median(won)
    assert 0.05 < share(~ever(days), new) < 0.3  # still open, some for ever


def test_win_rates_differ_by_source_product_and_fit() -> None:
    company = lived(people=20_000).company
    deals, people = company.deals, company.people
    closed = (deals.kind == NEW_BUSINESS) & ever(deals.closed_at)
    source, fit = people.source[deals.human], people.fit[deals.human]

    def won(among: Flags) -> float:
        return share(deals.is_won, closed & among)

    assert won(source == "Referral") > 1.8 * won(source == "Content Syndication")
    assert won(source == "Referral") > won(source == "Webinar") > won(source == "Paid Search")
    assert won(deals.product == "Starter") > won(deals.product == "Team")
    assert won(deals.product == "Team") > won(deals.product == "Enterprise")
    assert won(fit > 1.2) > 1.3 * won(fit < 0.7)


def test_amounts_are_those_of_their_product() -> None:
    deals = lived(people=20_000).company.deals
    new = deals.kind == NEW_BUSINESS
    for name, (wanted, _, price) in PRODUCTS.items():
        amounts = deals.amount[new & (deals.product == name)]
        assert len(amounts) / new.sum() == pytest.approx(wanted, abs=0.04)
        assert np.median(amounts) == pytest.approx(price, rel=0.12)
        assert 1.5 < np.percentile(amounts, 90) / np.median(amounts) < 2.4
    discount = 1 - (deals.closed_amount / deals.amount)[deals.is_won & new]
    assert discount.max() <= 0.201
    assert 0.3 < share(discount > 0) < 0.5


def test_the_company_grows_from_year_to_year() -> None:
    company = lived(people=20_000).company
    years = 1970 + np.floor(company.people.first_at / (365.2425 * DAY))
    counts = [int((years == year).sum()) for year in (2023, 2024, 2025)]
    assert all(1.02 < after / before < 1.5 for before, after in pairwise(counts)), counts


def test_august_and_late_december_are_quiet() -> None:
    first = lived(people=20_000).company.people.first_at
    day = np.floor(first / DAY) % 365.2425
    august, spring = ((day >= 213) & (day < 243)).sum(), ((day >= 100) & (day < 130)).sum()
    assert 0.5 < august / spring < 0.9


def test_people_and_reps_live_in_several_zones() -> None:
    company = lived().company
    shares = np.bincount(company.people.zone, minlength=len(ZONES)) / len(company.people)
    assert (shares > 0.03).all()
    assert shares[0] > 0.4
    assert len(set(company.staff.zone)) == len(ZONES)
    own = company.accounts.zone[company.people.account]
    assert (own == company.people.zone).all()


def test_most_companies_have_several_people_and_few_many() -> None:
    company = lived().company
    size = np.bincount(company.people.account, minlength=len(company.accounts))
    assert np.median(size) >= 3
    assert size.max() > 4 * np.median(size)
    employees = company.accounts.employees
    assert 120 < np.median(employees) < 260
    assert np.percentile(employees, 95) > 5 * np.median(employees)
    has_parent = company.accounts.parent >= 0
    assert share(has_parent) == pytest.approx(0.015, abs=0.01)
    assert (company.accounts.parent < np.arange(len(company.accounts)))[has_parent].all()


def test_most_people_have_one_round() -> None:
    rounds = lived().company.rounds
    most = np.zeros(rounds.human.max() + 1, dtype=int)
    np.maximum.at(most, rounds.human, rounds.number)
    shares = np.bincount(most[most > 0])[1:] / (most > 0).sum()
    assert 0.75 < shares[0] < 0.95
    assert 0.05 < shares[1] < 0.2
    assert (np.diff(shares) < 0).all()
