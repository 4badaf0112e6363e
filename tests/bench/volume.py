"""Exports of a company of any size: a marketing automation and a CRM over three years.

Everything is drawn at once, column by column: a million people take seconds.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

DAY = 86_400
START = int(np.datetime64("2023-01-01", "s").astype(np.int64))
END = int(np.datetime64("2026-01-01", "s").astype(np.int64))

SOURCES = ("Web", "Event", "Webinar", "Referral", "Paid search", "Partner", "Outbound", "")
COUNTRIES = ("US", "CA", "MX", "BR", "GB", "DE", "FR", "NL", "ES", "IT")
REGIONS = ("Americas", "Europe", "North", "South")
INDUSTRIES = ("Manufacturing", "Logistics", "Wholesale", "Retail", "Software", "Education")
PRODUCTS = ("Basic", "Plus", "Enterprise")
ROLES = ("Finance", "IT", "Operations", "")
RESPONSES = (
    "Open Email", "Click Email", "Visit Page", "Fill Out Form", "Download Content",
    "Attend Webinar", "Visit Booth",
)  # fmt: skip
RESPONSE_SHARES = (0.32, 0.12, 0.25, 0.12, 0.1, 0.07, 0.02)

# The ways of a lead through the statuses and of a deal through the stages, with their shares.
LEAD_WAYS = (
    (0.22, ("New", "Open")),
    (0.08, ("New", "Open", "Disqualified")),
    (0.1, ("New", "Marketing Qualified")),
    (0.08, ("New", "Marketing Qualified", "Rejected")),
    (0.1, ("New", "Open", "Marketing Qualified", "Accepted")),
    (0.08, ("New", "Marketing Qualified", "Accepted", "Recycled")),
    (0.06, ("New", "Marketing Qualified", "Recycled", "Marketing Qualified", "Accepted")),
    (0.08, ("New", "Open", "Marketing Qualified", "Accepted", "Qualified")),
    (0.15, ("New", "Marketing Qualified", "Accepted", "Qualified", "Converted")),
    (0.05, ("New", "Qualified", "Converted")),
)
DEAL_WAYS = (
    (0.12, ("Discovery",)),
    (0.12, ("Discovery", "Qualification", "Proposal")),
    (0.2, ("Discovery", "Qualification", "Closed Lost")),
    (0.2, ("Discovery", "Qualification", "Proposal", "Negotiation", "Closed Lost")),
    (0.24, ("Discovery", "Qualification", "Proposal", "Negotiation", "Closed Won")),
    (0.06, ("Discovery", "Proposal", "Closed Won")),
    (0.06, ("Qualification", "Discovery", "Proposal", "Closed Won")),
)
SHARE_OF_PROSPECTS = 0.9  # the others are known to the CRM only
SHARE_OF_LEADS = 0.5
SHARE_OF_STORED_IDS = 0.8  # the other prospects meet their lead by e-mail
RESPONSES_EACH = 4.5
SCORES_EACH = 2.0
ATTEMPTS_EACH = 2.4  # of those that the CRM knows
PEOPLE_AN_ACCOUNT = 6
PEOPLE_AN_OWNER = 2_000


@dataclass(frozen=True)
class Ways:
    """The steps of many records: which record, which step of it, from what to what, when.

    One row per step; `last` is the step that each record ends at (text) and `last_at` its time in
    seconds since 1970, -1 and an empty text where a record has not begun by the end.
    """

    record: Integers
    number: Integers
    before: pa.Array
    after: pa.Array
    at: Integers
    last: pa.Array
    last_at: Integers


def write_volume(folder: Path, people: int, seed: int = 20260101) -> None:
    """Write the export files of that many people, with a mapping and an agreement beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).parent
    for name in ("mapping.yml", "agreement.yml"):
        shutil.copyfile(here / name, folder / name)
    draw = np.random.default_rng(seed)
    owners = max(people // PEOPLE_AN_OWNER, 8)
    accounts = max(people // PEOPLE_AN_ACCOUNT, 1)
    first_at = draw.integers(START, END, people)
    is_prospect = draw.random(people) < SHARE_OF_PROSPECTS
    is_lead = (draw.random(people) < SHARE_OF_LEADS) | ~is_prospect
    source = _choose(draw, SOURCES, people)
    leads = np.flatnonzero(is_lead)
    lead_at = np.minimum(first_at[leads] + _gaps(draw, 20, len(leads)), END - DAY)
    _write_owners(folder, owners)
    _write_accounts(folder, draw, accounts, owners)
    _write_marketing(
        folder,
        draw,
        people=np.flatnonzero(is_prospect),
        first_at=first_at,
        is_lead=is_lead,
        source=source,
    )
    ways = _walk(draw, LEAD_WAYS, lead_at, 12)
    is_converted = pc.equal(ways.last, "Converted").to_numpy(zero_copy_only=False)
    owner = draw.integers(0, owners, people)
    account = draw.integers(0, accounts, people)
    _write_leads(
        folder,
        leads=leads,
        created_at=lead_at,
        ways=ways,
        is_converted=is_converted,
        owner=owner,
        account=account,
        source=source,
    )
    _write_attempts(folder, draw, leads, lead_at, owner)
    buyers = leads[is_converted]
    _write_deals(
        folder,
        draw,
        people=buyers,
        created_at=ways.last_at[is_converted],
        owner=owner[buyers],
        account=account[buyers],
        source=source,
    )


def _write_owners(folder: Path, count: int) -> None:
    numbers = np.arange(count)
    _write(
        folder / "crm_users.csv",
        Id=_ids("U", numbers),
        Name=_ids("Owner ", numbers),
        Email=_joined(_ids("owner", numbers), "@company.example"),
        Team=_of(("Inbound", "Field"), numbers % 2),
        Region=_of(REGIONS, numbers % len(REGIONS)),
        IsActive=_of(("true",), numbers * 0),
    )


def _write_accounts(folder: Path, draw: np.random.Generator, count: int, owners: int) -> None:
    numbers = np.arange(count)
    _write(
        folder / "crm_accounts.csv",
        Id=_ids("A", numbers),
        Name=_ids("Company ", numbers),
        Domain=_joined(_ids("company", numbers), ".example"),
        Industry=_choose(draw, INDUSTRIES, count),
        Employees=_texts(draw.integers(5, 5000, count)),
        Country=_choose(draw, COUNTRIES, count),
        Owner=_ids("U", draw.integers(0, owners, count)),
        Created=_local(np.full(count, START)),
    )


def _write_marketing(
    folder: Path,
    draw: np.random.Generator,
    *,
    people: Integers,
    first_at: Integers,
    is_lead: Flags,
    source: pa.Array,
) -> None:
    count = len(people)
    at = first_at[people]
    scored, step = _repeated(draw.poisson(SCORES_EACH, count))
    score = 10 + 18 * step + people[scored] % 13
    score_at = at[scored] + _elapsed(_gaps(draw, 15, len(scored)), step)
    known = score_at < END
    last = np.zeros(count, dtype=np.int64)
    np.maximum.at(last, scored[known], score[known])
    _write(
        folder / "marketing_prospects.csv",
        id=_ids("P", people),
        email=_joined(_ids("person", people), "@mail.example"),
        first_name=_ids("First", people % 997),
        last_name=_ids("Last", people % 4999),
        job_title=_choose(draw, ("Head", "Manager", "Analyst", "Student"), count),
        company=_ids("Company ", people % 9973),
        country=_choose(draw, COUNTRIES, count),
        lead_source=source.take(pa.array(people)),
        campaign=_choose(draw, ("Spring", "Summer", "Autumn", ""), count),
        buyer_role=_choose(draw, ROLES, count),
        score=_texts(last),
        crm_lead_id=pc.if_else(
            pa.array(is_lead[people] & (draw.random(count) < SHARE_OF_STORED_IDS)),
            _ids("L", people),
            "",
        ),
        created_at=_utc(at),
        updated_at=_utc(np.full(count, END - DAY)),
    )
    _write(
        folder / "marketing_score_changes.csv",
        id=_ids("S", np.arange(int(known.sum()))),
        lead_id=_ids("P", people[scored[known]]),
        old_value=_texts(np.where(step == 0, 0, score - 18)[known]),
        new_value=_texts(score[known]),
        changed_at=_utc(score_at[known]),
    )
    responded, step = _repeated(draw.poisson(RESPONSES_EACH, count))
    responded_at = at[responded] + _elapsed(_gaps(draw, 25, len(responded)), step)
    known = responded_at < END
    total = int(known.sum())
    _write(
        folder / "marketing_activities.csv",
        id=_ids("M", np.arange(total)),
        lead_id=_ids("P", people[responded[known]]),
        activity=_choose(draw, RESPONSES, total, RESPONSE_SHARES),
        asset=_ids("asset-", draw.integers(0, 400, total)),
        activity_date=_utc(responded_at[known]),
    )


def _write_leads(
    folder: Path,
    *,
    leads: Integers,
    created_at: Integers,
    ways: Ways,
    is_converted: Flags,
    owner: Integers,
    account: Integers,
    source: pa.Array,
) -> None:
    converted = pa.array(is_converted)
    _write(
        folder / "crm_leads.csv",
        Id=_ids("L", leads),
        Email=_joined(_ids("person", leads), "@mail.example"),
        FirstName=_ids("First", leads % 997),
        LastName=_ids("Last", leads % 4999),
        Company=_ids("Company ", account[leads]),
        Country=_of(COUNTRIES, leads % len(COUNTRIES)),
        LeadSource=source.take(pa.array(leads)),
        Status=ways.last,
        OwnerId=_ids("U", owner[leads]),
        ConvertedContactId=pc.if_else(converted, _ids("C", leads), ""),
        ConvertedDate=pc.if_else(converted, _local(ways.last_at), ""),
        ConvertedAccountId=pc.if_else(converted, _ids("A", account[leads]), ""),
        ConvertedOpportunityId=pc.if_else(converted, _ids("O", leads), ""),
        CreatedDate=_local(created_at),
        LastModifiedDate=_local(ways.last_at),
    )
    _write_history(
        folder / "crm_lead_history.csv",
        "H",
        ("LeadId", "L"),
        field="Status",
        records=leads,
        ways=ways,
    )


def _write_history(
    path: Path,
    prefix: str,
    of: tuple[str, str],
    *,
    field: str,
    records: Integers,
    ways: Ways,
) -> None:
    is_change = ways.number > 0
    changes = pa.array(is_change)
    count = int(is_change.sum())
    _write(
        path,
        **{
            "Id": _ids(prefix, np.arange(count)),
            of[0]: _ids(of[1], records[ways.record[is_change]]),
            "Field": _of((field,), np.zeros(count, dtype=np.int64)),
            "OldValue": ways.before.filter(changes),
            "NewValue": ways.after.filter(changes),
            "CreatedDate": _local(ways.at[is_change]),
            "CreatedById": _ids("U", ways.record[is_change] % 97),
        },
    )


def _write_attempts(
    folder: Path, draw: np.random.Generator, leads: Integers, created_at: Integers, owner: Integers
) -> None:
    tried, step = _repeated(draw.poisson(ATTEMPTS_EACH, len(leads)))
    at = created_at[tried] + _elapsed(_gaps(draw, 6, len(tried)), step)
    known = at < END
    total = int(known.sum())
    tried = tried[known]
    _write(
        folder / "crm_activities.csv",
        Id=_ids("T", np.arange(total)),
        WhoId=_ids("L", leads[tried]),
        Type=_choose(draw, ("Call", "Email", "Meeting"), total, (0.5, 0.4, 0.1)),
        Direction=_choose(draw, ("Outbound", "Inbound"), total, (0.85, 0.15)),
        IsAutomated=_choose(draw, ("0", "1"), total, (0.8, 0.2)),
        Status=_choose(draw, ("Completed", "Planned"), total, (0.95, 0.05)),
        ActivityDate=_local(at[known]),
        OwnerId=_ids("U", owner[leads[tried]]),
        Subject=_choose(draw, ("Intro", "Follow-up", "Demo"), total),
    )


def _write_deals(
    folder: Path,
    draw: np.random.Generator,
    *,
    people: Integers,
    created_at: Integers,
    owner: Integers,
    account: Integers,
    source: pa.Array,
) -> None:
    count = len(people)
    ways = _walk(draw, DEAL_WAYS, created_at, 14)
    is_won = pc.equal(ways.last, "Closed Won").to_numpy(zero_copy_only=False)
    is_closed = is_won | pc.equal(ways.last, "Closed Lost").to_numpy(zero_copy_only=False)
    nothing = pa.scalar("")
    flags = ("false", "true")
    _write(
        folder / "crm_opportunities.csv",
        Id=_ids("O", people),
        Name=_ids("Deal ", people),
        AccountId=_ids("A", account),
        OwnerId=_ids("U", owner),
        Pipeline=_of(("New Business",), people * 0),
        Type=_choose(draw, ("New Customer", "Renewal"), count, (0.95, 0.05)),
        Product=_choose(draw, PRODUCTS, count),
        StageName=ways.last,
        LastStageChangeDate=_local(ways.last_at),
        IsClosed=_of(flags, is_closed.astype(np.int64)),
        IsWon=_of(flags, is_won.astype(np.int64)),
        Amount=_texts(draw.integers(1, 200, count) * 500),
        LeadSource=source.take(pa.array(people)),
        LossReason=pc.if_else(
            pa.array(is_closed & ~is_won), _choose(draw, ("Price", "Went silent"), count), nothing
        ),
        CreatedDate=_local(created_at),
        CloseDate=pc.if_else(
            pa.array(is_closed), pc.utf8_slice_codeunits(_local(ways.last_at), 0, 10), nothing
        ),
        LastModifiedDate=_local(ways.last_at),
    )
    _write_history(
        folder / "crm_opportunity_history.csv",
        "K",
        ("OpportunityId", "O"),
        field="StageName",
        records=people,
        ways=ways,
    )
    _write(
        folder / "crm_opportunity_contact_roles.csv",
        Id=_ids("R", people),
        OpportunityId=_ids("O", people),
        ContactId=_ids("C", people),
        Role=_choose(draw, ("Decision Maker", "Influencer"), count),
        IsPrimary=_of(("true",), people * 0),
    )
    customer_at = np.where(is_won, ways.last_at, END)
    year_later = customer_at + 365 * DAY
    stays = draw.random(count) < 0.8
    _write(
        folder / "crm_contacts.csv",
        Id=_ids("C", people),
        Email=_joined(_ids("person", people), "@mail.example"),
        AccountId=_ids("A", account),
        LeadSource=source.take(pa.array(people)),
        OwnerId=_ids("U", owner),
        CustomerSince=_local_before_end(customer_at, is_won),
        RetainedOn=_local_before_end(year_later, is_won & stays),
        ChurnedOn=_local_before_end(year_later, is_won & ~stays),
        CreatedDate=_local(created_at),
        LastModifiedDate=_local(ways.last_at),
    )


def _walk(
    draw: np.random.Generator,
    ways: tuple[tuple[float, tuple[str, ...]], ...],
    began_at: Integers,
    mean_days: float,
) -> Ways:
    """Send each record along one of the ways, until its end or that of the three years."""
    names = sorted({name for _, steps in ways for name in steps})
    longest = max(len(steps) for _, steps in ways)
    codes = np.full((len(ways), longest), -1)
    for at, (_, steps) in enumerate(ways):
        codes[at, : len(steps)] = [names.index(name) for name in steps]
    shares = np.array([share for share, _ in ways])
    way = codes[draw.choice(len(ways), len(began_at), p=shares / shares.sum())]
    gaps = _gaps(draw, mean_days, way.size).reshape(way.shape)
    gaps[:, 0] = 0
    at = began_at[:, None] + gaps.cumsum(axis=1)
    taken = (way >= 0) & (at < END)
    record, number = np.nonzero(taken)
    steps = taken.sum(axis=1)
    rows = np.arange(len(began_at))
    last = np.maximum(steps - 1, 0)
    return Ways(
        record=record,
        number=number,
        before=_of(tuple(names), way[record, np.maximum(number - 1, 0)]),
        after=_of(tuple(names), way[record, number]),
        at=at[record, number],
        last=_of(tuple(names), way[rows, last]),
        last_at=at[rows, last],
    )


def _repeated(counts: Integers) -> tuple[Integers, Integers]:
    """Position of each record as often as it counts, and 0, 1, 2, … within it."""
    position = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)
    return position, within


def _gaps(draw: np.random.Generator, mean_days: float, count: int) -> Integers:
    gaps: Integers = (draw.exponential(mean_days * DAY, count) + 60).astype(np.int64)
    return gaps


def _elapsed(gaps: Integers, step: Integers) -> Integers:
    """Sum of the gaps of a record up to each step of it."""
    total = gaps.cumsum()
    start = np.flatnonzero(step == 0)
    sizes = np.diff(np.append(start, len(step)))
    elapsed: Integers = total - np.repeat(total[start] - gaps[start], sizes)
    return elapsed


def _choose(
    draw: np.random.Generator,
    values: tuple[str, ...],
    count: int,
    shares: tuple[float, ...] | None = None,
) -> pa.Array:
    return _of(values, draw.choice(len(values), count, p=shares))


def _of(values: tuple[str, ...], places: Integers) -> pa.Array:
    return pa.array(values, pa.string()).take(pa.array(places))


def _texts(numbers: Integers) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _ids(prefix: str, numbers: Integers) -> pa.Array:
    return _joined(pa.scalar(prefix), _texts(numbers))


def _joined(*parts: pa.Array | pa.Scalar | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _local(seconds: Integers) -> pa.Array:
    """Text as a CRM writes it: local time without a zone."""
    return pa.array(seconds.astype("datetime64[s]")).cast(pa.string())


def _utc(seconds: Integers) -> pa.Array:
    return _joined(_local(seconds), "Z")


def _local_before_end(seconds: Integers, is_given: Flags) -> pa.Array:
    return pc.if_else(pa.array(is_given & (seconds < END)), _local(seconds), "")


def _write(path: Path, **columns: pa.Array) -> None:
    pa_csv.write_csv(
        # No value has a mark that needs quotes.
        pa.table(columns),
        path,
        pa_csv.WriteOptions(batch_size=65_536, quoting_style="none"),
    )


if __name__ == "__main__":
    write_volume(Path(sys.argv[1]), int(sys.argv[2]))
