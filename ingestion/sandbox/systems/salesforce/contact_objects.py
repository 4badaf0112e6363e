"""Account and Contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import HEADQUARTERS, ever, only
from ingestion.sandbox.company.staff import AE
from ingestion.sandbox.systems.columns import dates, instants
from ingestion.sandbox.systems.salesforce.contacts import (
    CHURNED,
    CUSTOMER,
    IN_OPPORTUNITY,
    LIFECYCLES,
    PROSPECT,
    RETAINED,
    see_customership,
)
from ingestion.sandbox.systems.salesforce.lead_objects import with_last_modified
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import coded, said

if TYPE_CHECKING:
    from ingestion.sandbox.systems.salesforce.org import Org

_ACCOUNT_FIELDS = (
    "Id", "IsDeleted", "MasterRecordId", "Name", "ParentId", "Website", "Industry",
    "NumberOfEmployees", "AnnualRevenue", "BillingCountryCode", "CurrencyIsoCode", "Type",
    "OwnerId", "CreatedDate", "LastModifiedDate", "SystemModstamp",
)  # fmt: skip
_CONTACT_FIELDS = (
    "Id", "IsDeleted", "MasterRecordId", "AccountId", "LastName", "FirstName", "Title", "Phone",
    "Email", "LeadSource", "Buyer_Role__c", "Lifecycle__c", "Customer_Since__c", "Retained_On__c",
    "Churned_On__c", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate", "SystemModstamp",
)  # fmt: skip


def account_object(org: Org) -> Stored:
    """Return the accounts that the org knows."""
    company, opened_at, ids = org.company, org.opened_at, org.account_ids
    accounts = company.accounts
    known = np.flatnonzero(ever(opened_at))
    known = known[np.argsort(opened_at[known], kind="stable")]
    size = len(known)
    owner = company.staff.on_duty(AE, accounts.region[known], known, opened_at[known])
    parent = accounts.parent[known]
    has_parent = (parent >= 0) & ~(opened_at[np.maximum(parent, 0)] > opened_at[known])
    parents = pa.array(np.where(has_parent, parent, 0), mask=~has_parent)
    place = np.full(len(accounts), -1)
    place[known] = np.arange(size)
    customers = company.customers
    of_customer = place[company.people.account[customers.human]]
    kept = of_customer >= 0
    stored = build_stored(
        "Account",
        tuple(field for field in _ACCOUNT_FIELDS if field != "LastModifiedDate"),
        created_at=opened_at[known],
        fixed={
            "Id": ids.take(pa.array(known)),
            "IsDeleted": np.zeros(size, dtype=bool),
            "MasterRecordId": pa.nulls(size, pa.string()),
            "Name": accounts.name[known],
            "ParentId": ids.take(parents),
            "Website": accounts.domain[known],
            "Industry": accounts.industry[known],
            "NumberOfEmployees": accounts.employees[known],
            "AnnualRevenue": accounts.revenue[known],
            "BillingCountryCode": accounts.country[known],
            "CurrencyIsoCode": accounts.currency[known],
            "OwnerId": org.owners.id_of(owner),
            "CreatedDate": instants(opened_at[known]),
        },
        changing={
            "Type": Changing(
                np.full(size, "Prospect", dtype=object),
                of_customer[kept],
                customers.since[kept],
                np.full(int(kept.sum()), "Customer", dtype=object),
            )
        },
        stamp="SystemModstamp",
    )
    return with_last_modified(stored, _ACCOUNT_FIELDS)


def contact_object(org: Org) -> Stored:
    """Return the contacts; the life of a customer is stamped on theirs, as days in New York."""
    company, contacts, owners = org.company, org.contacts, org.owners
    people, rounds = company.people, company.rounds
    human, size = contacts.human, len(contacts)
    account = people.account[human]
    owner = company.staff.on_duty(
        AE, company.accounts.region[account], account, contacts.created_at
    )
    customer = see_customership(company, contacts)
    place = np.arange(size)
    opens = np.flatnonzero(ever(rounds.opportunity_at) & (contacts.of_human[rounds.human] >= 0))
    of_opening = contacts.of_human[rounds.human[opens]]
    # A customer's next deal makes nobody less of a customer.
    is_later = rounds.opportunity_at[opens] > np.nan_to_num(customer.since[of_opening], nan=np.inf)
    opened = only(~is_later, rounds.opportunity_at[opens])
    steps = (
        (CUSTOMER, customer.since),
        (RETAINED, customer.retained_at),
        (CHURNED, customer.churned_at),
    )
    stamps = {
        "Customer_Since__c": customer.since,
        "Retained_On__c": customer.retained_at,
        "Churned_On__c": customer.churned_at,
    }
    nothing = pa.nulls(size, pa.date32())
    stored = build_stored(
        "Contact",
        tuple(field for field in _CONTACT_FIELDS if field != "LastModifiedDate"),
        created_at=contacts.created_at,
        fixed={
            "Id": org.numbered("003", size),
            "IsDeleted": np.zeros(size, dtype=bool),
            "MasterRecordId": pa.nulls(size, pa.string()),
            "AccountId": org.account_ids.take(pa.array(account)),
            "LastName": people.last_name[human],
            "FirstName": people.first_name[human],
            "Title": people.title[human],
            "LeadSource": people.source[human],
            "Buyer_Role__c": said(people.role[human]),
            "OwnerId": owners.id_of(owner),
            "CreatedDate": instants(contacts.created_at),
            "CreatedById": owners.id_of(owner),
        },
        changing={
            "Email": Changing(
                people.email[human], place, people.email_changes_at[human], people.new_email[human]
            ),
            "Phone": Changing(
                people.phone[human], place, people.phone_told_at[human], people.phone_known[human]
            ),
            "Lifecycle__c": Changing(
                coded(np.full(size, PROSPECT), LIFECYCLES),
                np.concatenate([of_opening, *[place] * len(steps)]),
                np.concatenate([opened, *(at for _, at in steps)]),
                coded(
                    np.repeat(
                        [IN_OPPORTUNITY, *(stage for stage, _ in steps)],
                        [len(opens), *[size] * len(steps)],
                    ),
                    LIFECYCLES,
                ),
            ),
            **{
                field: Changing(nothing, place, at, dates(at, HEADQUARTERS))
                for field, at in stamps.items()
            },
        },
        stamp="SystemModstamp",
    )
    return with_last_modified(stored, _CONTACT_FIELDS)
