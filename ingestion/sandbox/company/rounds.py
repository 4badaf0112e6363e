"""Trips of people through the funnel, from a first signal to an answer of sales.

Two rounds less than the re-entry window apart are one pass; truth/ joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.company.answers import Answers, draw_answers
from ingestion.sandbox.company.hand_offs import HandOffs, draw_hand_offs
from ingestion.sandbox.company.people import SALES_CONTACT
from ingestion.sandbox.company.staff import AE

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.starts import Starts
    from ingestion.sandbox.company.world import World


@dataclass(frozen=True, kw_only=True)
class Rounds(HandOffs, Answers):
    """One entry per round in every array; `human` is a place in People, owners in Staff."""

    human: Numbers
    number: Numbers  # of the human's rounds, from 1
    entry: Numbers  # MARKETING, SALES_LEAD or SALES_CONTACT
    begins_at: Moments

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
    drawn = vars(answers) | vars(hand_offs)
    drawn["assigned_at"] = np.where(as_contact, hand_offs.crm_at, hand_offs.assigned_at)
    drawn["owner"] = np.where(as_contact, executive, hand_offs.owner)
    return Rounds(
        human=starts.human,
        number=np.full(len(starts), starts.number),
        entry=starts.entry,
        begins_at=starts.begins_at,
        **drawn,
    )
