"""Billing: who pays, and what they were invoiced. All its dates are written MM/DD/YYYY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import places, some, stream
from ingestion.sandbox.clock import DAY, HEADQUARTERS, ever
from ingestion.sandbox.systems.columns import dates
from ingestion.sandbox.systems.dialect import Dialect
from ingestion.sandbox.systems.held import MAIN, Evidence, Held, Records
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company

DIALECT = Dialect(null="", instant="seconds_z")
_STATES = ("active", "cancelled")
_INVOICED_AFTER, _DUE_AFTER = 14 * DAY, 30 * DAY


@dataclass(frozen=True)
class Strangers:
    """Customers that no CRM knows: one entry per customer in every array."""

    place: Numbers  # among the customers
    since: Moments
    currency: Texts

    def only(self, which: Flags) -> Strangers:
        """Return those whose flag is set."""
        return Strangers(self.place[which], self.since[which], self.currency[which])


def hold(company: Company, account_id: pa.Array) -> Held:
    """Return the customers and invoices of the company.

    `account_id` is the id that each of its accounts has in the CRM, null for none.
    """
    nobody = np.zeros(0, dtype=np.int64)
    nothing = np.zeros(0, dtype=object)
    customers, of_account, strangers = _customers(company, account_id)
    return Held(
        system="billing",
        instance=MAIN,
        dialect=DIALECT,
        objects={
            "customers": customers,
            "invoices": _invoices(company, of_account, strangers),
        },
        records=Records(nothing, pa.array([], pa.string()), nobody, np.zeros(0)),
        evidence=Evidence(nobody, nothing, np.zeros(0), np.zeros(0)),
    )


def _customers(company: Company, account_id: pa.Array) -> tuple[Stored, Numbers, Strangers]:
    """One customer for each account that ever won, and some whom no CRM has heard of.

    Returns them with the place of each account's customer (-1 for none) and the strangers.
    """
    customers, accounts = company.customers, company.accounts
    account_of = company.people.account[customers.human]
    since = np.full(len(accounts), np.inf)
    np.minimum.at(since, account_of, customers.since)
    account = np.flatnonzero(np.isfinite(since))
    rng = stream(company.settings.seed, "billing strangers")
    drawn = some(rng, len(account), company.settings.mess.unknown_customer)
    number = places(rng, len(account), 1000)
    walked_in = since[account] + np.floor(30 * DAY * rng.random(len(account)))
    drawn &= walked_in < company.settings.end

    is_stranger = np.repeat([False, True], [len(account), int(drawn.sum())])
    begins = np.append(since[account], walked_in[drawn])
    order = np.argsort(begins, kind="stable")
    is_stranger, begins = is_stranger[order], begins[order]
    of_row = np.append(account, account[drawn])[order]
    of_account = np.full(len(accounts), -1)
    of_account[of_row[~is_stranger]] = np.flatnonzero(~is_stranger)
    walk_in = _numbered("Walk-in ", number[drawn], 3).to_numpy(zero_copy_only=False)
    name = np.append(accounts.name[account], walk_in)[order]
    record, changed_at, states = _states(company, account_of, of_account)
    is_cancelled = states.indices.to_numpy() == _STATES.index("cancelled")
    cancelled_on = pc.if_else(pa.array(is_cancelled), _american(changed_at), None)
    # What walked in was looked at by nobody.
    margin = pa.array(company.margins.share[of_row], mask=is_stranger)
    stored = build_stored(
        "Customer",
        (
            "customer_no", "crm_account_id", "name", "country", "currency", "state",
            "customer_since", "cancelled_on", "gross_margin",
        ),
        created_at=begins,
        fixed={
            "customer_no": _numbered("CUST-", np.arange(1, len(begins) + 1)),
            "crm_account_id": account_id.take(pa.array(of_row, mask=is_stranger)),
            "name": name,
            "country": accounts.country[of_row],
            "currency": accounts.currency[of_row],
            "customer_since": _american(begins),
            "gross_margin": margin,
        },
        changing={
            "state": Changing(
                coded(np.zeros(len(begins), np.int64), _STATES), record, changed_at, states
            ),
            "cancelled_on": Changing(
                pa.nulls(len(begins), pa.string()), record, changed_at, cancelled_on
            ),
        },
    )  # fmt: skip
    place = np.flatnonzero(is_stranger)
    return stored, of_account, Strangers(place, begins[place], accounts.currency[of_row[place]])


def _states(
    company: Company, account_of: Numbers, of_account: Numbers
) -> tuple[Numbers, Moments, pa.Array]:
    """A customer is active while any of its contracts is."""
    customers = company.customers
    left = np.flatnonzero(ever(customers.churned_at))
    record = of_account[np.append(account_of, account_of[left])]
    at = np.append(customers.since, customers.churned_at[left])
    step = np.repeat([1, -1], [len(account_of), len(left)])
    order = np.lexsort((-step, at, record))
    record, at = record[order], at[order]
    running = np.cumsum(step[order])
    is_first = np.diff(record, prepend=-1) != 0
    # Contracts of the customers before it, all in one sum.
    others = np.maximum.accumulate(np.where(is_first, np.arange(len(record)), 0))
    running = running - (running - step[order])[others]
    return record, at, coded((running <= 0).astype(np.int64), _STATES)


def _invoices(company: Company, of_account: Numbers, strangers: Strangers) -> Stored:
    """Invoices of the deals won, and one for each customer that no CRM knows."""
    invoices, customers, settings = company.invoices, company.customers, company.settings
    account = company.people.account[customers.human[invoices.customer]]
    rng = stream(settings.seed, "billing stranger invoices")
    amount = np.round(4000 * np.exp(0.5 * rng.standard_normal(len(strangers.place))), -1)
    is_due = strangers.since + _INVOICED_AFTER < settings.end
    strangers, amount = strangers.only(is_due), amount[is_due]
    at = np.append(invoices.at, strangers.since + _INVOICED_AFTER)
    order = np.argsort(at, kind="stable")
    customer = np.append(of_account[account], strangers.place)[order]
    at = at[order]
    return append_only(
        "Invoice",
        ("invoice_no", "customer_no", "invoice_date", "due_date", "amount", "currency"),
        {
            "invoice_no": _numbered("INV-", np.arange(1, len(at) + 1)),
            "customer_no": _numbered("CUST-", customer + 1),
            "invoice_date": _american(at),
            "due_date": _american(at + _DUE_AFTER),
            "amount": np.append(invoices.amount, amount)[order],
            "currency": np.append(invoices.currency, strangers.currency)[order],
        },
        at,
    )


def _numbered(prefix: str, number: Numbers, digits: int = 6) -> pa.Array:
    texts = pc.utf8_lpad(pa.array(number).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(prefix, texts, "")


def _american(moments: Moments) -> pa.Array:
    """The day at headquarters."""
    return pc.strftime(dates(moments, HEADQUARTERS), "%m/%d/%Y")
