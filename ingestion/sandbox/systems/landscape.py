"""The systems that a company runs, by its set-up: one or two instances of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from ingestion.sandbox.company.staff import AMERICAS, EUROPE
from ingestion.sandbox.systems import account_engagement, billing, hubspot, marketo, salesforce
from ingestion.sandbox.systems.held import EMEA, MAIN

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held


def hold_systems(company: Company) -> tuple[Held, ...]:
    """Return what each system of the company holds, instance by instance, billing last."""
    held: list[Held] = []
    account_id = None
    for instance, members in _instances(company).items():
        crm = _crm(company, members, instance)
        held.append(crm)
        if company.settings.automation != company.settings.crm:
            held.append(_automation(company, members, crm))
        account_id = (
            crm.account_id if account_id is None else pc.coalesce(account_id, crm.account_id)
        )
    return (*held, billing.hold(company, account_id))


def _instances(company: Company) -> dict[str, Flags]:
    """Which humans are in which instance: everybody in one, or each region in its own."""
    if company.settings.instances == 1:
        return {MAIN: np.ones(len(company.people), dtype=bool)}
    region = company.accounts.region[company.people.account]
    return {MAIN: region == AMERICAS, EMEA: region == EUROPE}


def _crm(company: Company, members: Flags, instance: str) -> Held:
    if company.settings.crm == "hubspot":
        return hubspot.hold(company, members, instance, None)
    return salesforce.hold(company, members, instance)


def _automation(company: Company, members: Flags, crm: Held) -> Held:
    """The automation system of the CRM's instance; it knows the CRM's ids."""
    if crm.links is None:
        raise ValueError(f"{crm.system} does not tell under which ids it knows people")
    if company.settings.automation == "hubspot":
        return hubspot.hold(company, members, crm.instance, crm.links)
    if company.settings.automation == "marketo":
        return marketo.hold(company, members, crm.instance, crm.links)
    return account_engagement.hold(company, members, crm.instance, crm.links)
