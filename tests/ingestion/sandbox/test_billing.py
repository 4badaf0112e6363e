from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ingestion.sandbox.clock import DAY
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.mess import PROFILES, with_rate
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems import billing
from tests.ingestion.sandbox.fragments import fragment

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.held import Held

PEOPLE = 6000


def held_with(rate: float) -> tuple[Company, Held]:
    mess = with_rate(PROFILES["usual"], "unknown_customer", rate)
    company = simulate(Settings(people=PEOPLE, mess=mess))
    return company, billing.hold(company, account_ids(company))


def account_ids(company: Company) -> pa.Array:
    return pa.array([f"A{place}" for place in range(len(company.accounts))])


@pytest.fixture(scope="module")
def billed() -> tuple[Company, Held]:
    return held_with(0.1)


def rows(held: Held, stem: str, moment: float) -> pd.DataFrame:
    return held.objects[stem].at(moment).to_pandas()


def test_there_is_a_customer_for_each_account_that_ever_won(billed: tuple[Company, Held]) -> None:
    company, held = billed
    customers = rows(held, "customers", company.settings.end)
    account = company.people.account[company.customers.human]
    expected = {f"A{place}" for place in account.tolist()}
    known = customers["crm_account_id"].dropna()
    assert known.is_unique
    assert set(known) == expected
    assert customers["customer_no"].is_unique
    first = pd.Series(company.customers.since).groupby(account).min()
    since = pd.to_datetime(customers["customer_since"], format="%m/%d/%Y")
    by_account = since[customers["crm_account_id"].notna()].to_numpy()
    days = (pd.to_datetime(first, unit="s") - pd.Timedelta(hours=5)).sort_values().dt.normalize()
    assert abs(np.sort(by_account) - np.sort(days.to_numpy())).max() <= np.timedelta64(1, "D")


def test_strangers_are_as_many_as_they_should_be(billed: tuple[Company, Held]) -> None:
    company, held = billed
    customers = rows(held, "customers", company.settings.end)
    strangers = customers[customers["crm_account_id"].isna()]
    assert len(strangers) / (len(customers) - len(strangers)) == pytest.approx(0.1, rel=0.5)
    assert strangers["name"].str.fullmatch(r"Walk-in \d{3}").all()
    company, held = held_with(0)
    assert rows(held, "customers", company.settings.end)["crm_account_id"].notna().all()


def test_an_account_the_crm_does_not_know_has_no_id() -> None:
    company = simulate(Settings(people=PEOPLE))
    held = billing.hold(company, pa.nulls(len(company.accounts), pa.string()))
    assert rows(held, "customers", company.settings.end)["crm_account_id"].isna().all()


def test_a_customer_is_cancelled_once_all_its_contracts_are(billed: tuple[Company, Held]) -> None:
    company, held = billed
    customers = company.customers
    contracts = pd.DataFrame(
        {
            "account": company.people.account[customers.human],
            "since": customers.since,
            "churned": np.nan_to_num(customers.churned_at, nan=np.inf),
        }
    )
    states = set()
    for moment in (company.settings.end, company.settings.end - 200 * DAY):
        running = contracts[contracts["since"] <= moment]
        active = (running["churned"] > moment).groupby(running["account"]).any()
        shown = rows(held, "customers", moment).set_index("crm_account_id")["state"]
        shown = shown[shown.index.notna()]
        assert len(shown) == len(active)
        for account, is_active in active.items():
            assert (shown[f"A{account}"] == "active") == is_active
        states |= set(shown)
    assert states == {"active", "cancelled"}


def test_every_deal_won_is_invoiced_to_its_customer(billed: tuple[Company, Held]) -> None:
    company, held = billed
    invoices = rows(held, "invoices", company.settings.end)
    customers = rows(held, "customers", company.settings.end).set_index("customer_no")
    assert invoices["customer_no"].isin(customers.index).all()
    assert invoices["invoice_no"].is_unique
    account = customers.loc[invoices["customer_no"], "crm_account_id"]
    of_deals = invoices[account.notna().to_numpy()]
    assert of_deals["amount"].tolist() == company.invoices.amount.tolist()
    human = company.customers.human[company.invoices.customer]
    expected = [f"A{place}" for place in company.people.account[human].tolist()]
    assert account.dropna().tolist() == expected
    dated = pd.to_datetime(invoices["invoice_date"], format="%m/%d/%Y")
    since = pd.to_datetime(
        customers.loc[invoices["customer_no"], "customer_since"], format="%m/%d/%Y"
    )
    assert (dated.to_numpy() >= since.to_numpy()).all()


def test_billing_proves_nothing_and_is_the_same_again(billed: tuple[Company, Held]) -> None:
    company, held = billed
    assert len(held.records.human) == len(held.evidence.round) == 0
    again = billing.hold(company, account_ids(company))
    for stem, stored in held.objects.items():
        assert again.objects[stem].at(company.settings.end).equals(stored.at(company.settings.end))


def test_the_mapping_names_columns_that_there_are(
    billed: tuple[Company, Held], tmp_path: Path
) -> None:
    _, held = billed
    exports = fragment("billing", tmp_path)
    assert set(exports) == {"customers"}
    named = {column.column for column in exports["customers"].columns.values() if column.column}
    assert named <= set(held.objects["customers"].fields)
