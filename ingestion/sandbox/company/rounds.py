"""Trips of people through the funnel, from a first signal to an answer of sales.

Two rounds less than the re-entry window apart are one pass; truth/ joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.company.answers import draw_answers
from ingestion.sandbox.company.hand_offs import draw_hand_offs
from ingestion.sandbox.company.people import SALES_CONTACT
from ingestion.sandbox.company.staff import AE

if TYPE_CHECKING:
    from ingestion.sandbox.clock import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.starts import Starts
    from ingestion.sandbox.company.world import World


@dataclass(frozen=True)
class Rounds:
    """One entry per round in every array; `human` is a place in People, owners in Staff."""

    human: Numbers
    number: Numbers  # of the human's rounds, from 1
    entry: Numbers  # MARKETING, SALES_LEAD or SALES_CONTACT
    begins_at: Moments
    mql_at: Moments  # the score is reached: the hand-off
    crm_at: Moments  # the CRM hears of it
    assigned_at: Moments  # the first human owner
    owner: Numbers
    reassigned_at: Moments
    next_owner: Numbers
    attempt_at: Moments  # a rep tries to reach them
    accepted_at: Moments
    is_acceptance_noted: Flags
    rejected_at: Moments
    qualified_at: Moments
    stepped_back_at: Moments
    requalified_at: Moments
    recycled_at: Moments
    disqualified_at: Moments
    reason: Texts  # None where there is none, or where nobody says
    parked_at: Moments  # somebody uses a status that nobody agreed on
    opportunity_at: Moments

    def __len__(self) -> int:
        return len(self.human)


def draw_rounds(rng: np.random.Generator, world: World, starts: Starts) -> Rounds:
    """Make up what marketing and sales do with these people in their round."""
    hand_offs = draw_hand_offs(rng, world, starts)
    answers = draw_answers(rng, world, starts, hand_offs)
    # Whom a rep finds among the people of an account belongs to an account executive.
    as_contact = starts.entry == SALES_CONTACT
    region = world.accounts.region[world.people.account[starts.human]]
    executive = world.staff.on_duty(AE, region, starts.human * 7, hand_offs.crm_at)
    return Rounds(
        human=starts.human,
        number=np.full(len(starts), starts.number),
        entry=starts.entry,
        begins_at=starts.begins_at,
        mql_at=hand_offs.mql_at,
        crm_at=hand_offs.crm_at,
        assigned_at=np.where(as_contact, hand_offs.crm_at, hand_offs.assigned_at),
        owner=np.where(as_contact, executive, hand_offs.owner),
        reassigned_at=hand_offs.reassigned_at,
        next_owner=hand_offs.next_owner,
        attempt_at=hand_offs.attempt_at,
        **vars(answers),
    )
