"""The mess: how often each kind of it happens, by profile. A rate of 0 means never."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias

Profile: TypeAlias = Literal["clean", "usual", "awful"]


@dataclass(frozen=True, kw_only=True)
class Mess:
    """Rates between 0 and 1, each a share of those to whom it can happen."""

    # Who is who.
    duplicate_lead: float = 0  # of CRM leads: another one with the same address
    duplicate_prospect: float = 0  # of prospects: another one with another address of theirs
    merged_duplicate: float = 0  # of duplicates: somebody merges them
    merge_chain: float = 0  # of merged duplicates: the survivor is merged into a third record
    role_mailbox: float = 0  # of people: they give info@ of their company
    shared_mailbox: float = 0  # of people: they give the address of a colleague
    email_changed: float = 0  # of people: their address changes
    plus_address: float = 0  # of duplicates: the address has a +tag
    free_mail: float = 0  # of people: they give a private address
    existing_contact: float = 0  # of conversions: into a contact that was there before
    deleted_record: float = 0  # of leads that nobody works on
    restored_record: float = 0  # of deleted records

    # How stages are kept.
    skipped_stage: float = 0  # of acceptances: the rep does not write them down
    backward_stage: float = 0  # of qualified leads and of proposals: a step back
    flicker: float = 0  # of status and stage changes: there, back and there within minutes
    reason_missing: float = 0  # of rejected, recycled, disqualified, lost
    reopened: float = 0  # of lost opportunities
    lost_again: float = 0  # of reopened ones
    same_second: float = 0  # of leads and opportunities: two changes with one stamp
    late_commit: float = 0  # of records: shown up to an hour after their stamp
    purged_history: float = 0  # 1: histories are kept as long as the source keeps them; 0: for ever
    unmapped_status: float = 0  # of leads that nobody decides on: a status nobody agreed on

    # How people work.
    late_answer: float = 0  # of hand-offs: the rep takes days
    out_of_hours: float = 0  # of attempts: in the evening or at the weekend
    never_answered: float = 0  # of hand-offs
    reassigned: float = 0  # of hand-offs
    robot_mail: float = 0  # of hand-offs: a machine writes first
    sequence: float = 0  # of hand-offs: a machine goes on writing
    owner_left: float = 0  # of reps

    # What fields hold.
    missing_field: float = 0  # of phones, titles, companies
    placeholder_field: float = 0  # of phones: n/a, -, none, test, 123
    filled_later: float = 0  # of missing and placeholder fields
    missing_source: float = 0  # of lead sources
    custom_field: float = 0  # 1: fields that no mapping names

    # Money.
    other_currency: float = 0  # of accounts outside the Americas: deals in EUR or GBP
    rate_edited: float = 0  # of currency rates
    zero_lost_amount: float = 0  # of lost opportunities: the amount is set to 0

    # What hangs together.
    deal_without_role: float = 0  # of new deals: nobody is attached
    deal_without_account: float = 0  # of deals
    deal_before_contact: float = 0  # of won deals: signed before anybody wrote a first contact
    unknown_customer: float = 0  # of billing customers: no CRM has heard of them
    unusable_row: float = 0  # of rows of some files: no key, no date, said twice


PROFILES: dict[Profile, Mess] = {
    "clean": Mess(),
    "usual": Mess(
        duplicate_lead=0.03,
        duplicate_prospect=0.03,
        merged_duplicate=0.4,
        merge_chain=0.1,
        role_mailbox=0.01,
        shared_mailbox=0.005,
        email_changed=0.02,
        plus_address=0.2,
        free_mail=0.06,
        existing_contact=0.05,
        deleted_record=0.01,
        restored_record=0.2,
        skipped_stage=0.06,
        backward_stage=0.04,
        flicker=0.02,
        reason_missing=0.1,
        reopened=0.03,
        lost_again=0.5,
        same_second=0.02,
        late_commit=0.01,
        purged_history=1,
        unmapped_status=0.3,
        late_answer=0.1,
        out_of_hours=0.05,
        never_answered=0.05,
        reassigned=0.06,
        robot_mail=0.3,
        sequence=0.15,
        owner_left=0.15,
        missing_field=0.05,
        placeholder_field=0.04,
        filled_later=0.3,
        missing_source=0.02,
        custom_field=1,
        other_currency=0.5,
        rate_edited=0.02,
        zero_lost_amount=0.02,
        deal_without_role=0.06,
        deal_without_account=0.03,
        deal_before_contact=0.02,
        unknown_customer=0.06,
        unusable_row=0.0005,
    ),
    "awful": Mess(
        duplicate_lead=0.15,
        duplicate_prospect=0.12,
        merged_duplicate=0.5,
        merge_chain=0.3,
        role_mailbox=0.05,
        shared_mailbox=0.03,
        email_changed=0.08,
        plus_address=0.4,
        free_mail=0.2,
        existing_contact=0.2,
        deleted_record=0.06,
        restored_record=0.4,
        skipped_stage=0.3,
        backward_stage=0.15,
        flicker=0.1,
        reason_missing=0.45,
        reopened=0.12,
        lost_again=0.6,
        same_second=0.1,
        late_commit=0.1,
        purged_history=1,
        unmapped_status=0.6,
        late_answer=0.3,
        out_of_hours=0.15,
        never_answered=0.2,
        reassigned=0.25,
        robot_mail=0.6,
        sequence=0.4,
        owner_left=0.35,
        missing_field=0.2,
        placeholder_field=0.15,
        filled_later=0.3,
        missing_source=0.12,
        custom_field=1,
        other_currency=1,
        rate_edited=0.1,
        zero_lost_amount=0.15,
        deal_without_role=0.25,
        deal_without_account=0.15,
        deal_before_contact=0.06,
        unknown_customer=0.2,
        unusable_row=0.005,
    ),
}


KINDS = tuple(one.name for one in fields(Mess))


def with_rate(mess: Mess, kind: str, rate: float) -> Mess:
    """Return the mess with another rate of one kind. Raises ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"there is no mess called {kind}")
    return replace(mess, **{kind: rate})


def archived(mess: Mess) -> Mess:
    """Return the mess of a company that kept all histories before its systems purged them."""
    return with_rate(mess, "purged_history", 0)
