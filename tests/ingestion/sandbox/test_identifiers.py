"""Ids as the systems give them."""

from __future__ import annotations

import uuid

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sandbox.systems import identifiers
from ingestion.sandbox.systems.identifiers import fifteen, guid, numeric, salesforce_id

NUMBERS = st.lists(st.integers(0, 62**9 - 1), unique=True, max_size=50)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(short: str) -> str:
    """The published rule: each letter says which of five characters are capitals."""
    fives = [short[:5], short[5:10], short[10:]]
    capitals = [sum(1 << at for at, one in enumerate(five) if one.isupper()) for five in fives]
    return "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[one] for one in capitals)


@pytest.mark.parametrize(
    "known",
    ["001A0000006Vm9rIAC", "00530000009M943AAC", "001D000000IqhSLIAZ", "001000000000000AAA"],
)
def test_the_checksum_is_the_real_one(known: str) -> None:
    value = 0
    for digit in known[6:15]:
        value = value * 62 + DIGITS.index(digit)
    assert salesforce_id(known[:3], np.array([value]), known[3:5]).to_pylist() == [known]


@given(NUMBERS)
def test_salesforce_ids_differ_keep_their_order_and_their_checksum(numbers: list[int]) -> None:
    numbers.sort()
    long = salesforce_id("00Q", np.array(numbers, dtype=np.int64))
    short = fifteen(long).to_pylist()
    assert all(one.startswith("00Q5e0") and len(one) == 15 for one in short)
    assert short == sorted(set(short))
    assert long.to_pylist() == [one + checksum(one) for one in short]


def test_short_ids_differ_in_case_alone_and_long_ones_do_not() -> None:
    long = salesforce_id("003", np.arange(62**2))
    short = fifteen(long).to_pylist()
    assert len(set(short)) == 62**2
    assert len({one.lower() for one in short}) == 36**2
    assert len({one.lower() for one in long.to_pylist()}) == 62**2


def test_no_id_has_no_short_form() -> None:
    assert fifteen(pa.array([None, "001A0000006Vm9rIAC"])).to_pylist() == [None, "001A0000006Vm9r"]


@pytest.mark.parametrize("number", [-1, 62**9])
def test_a_number_without_room_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="00Q5e has room for numbers below"):
        salesforce_id("00Q", np.array([number]))


def test_running_numbers_are_decimal() -> None:
    assert numeric(np.arange(3), 1_000_000).to_pylist() == ["1000000", "1000001", "1000002"]


@given(st.lists(st.integers(0, 2**62 - 1), unique=True, max_size=50), st.text(max_size=5))
def test_guids_have_their_form_and_are_each_given_once(numbers: list[int], salt: str) -> None:
    found = guid(np.array(numbers, dtype=np.int64), salt).to_pylist()
    assert found == guid(np.array(numbers, dtype=np.int64), salt).to_pylist()
    assert len(set(found)) == len(numbers)
    for text in found:
        value = uuid.UUID(text)
        assert (str(value), value.version, value.variant) == (text, 4, uuid.RFC_4122)


def test_a_hundred_thousand_guids_differ_even_between_salts() -> None:
    numbers = np.arange(100_000)
    found = {*guid(numbers, "forms").to_pylist(), *guid(numbers, "activities").to_pylist()}
    assert len(found) == 200_000
    assert len({text[:8] for text in guid(numbers, "forms").to_pylist()}) > 99_900


def test_a_guid_stays_what_it_is() -> None:
    assert guid(np.array([0, 1]), "forms").to_pylist() == [
        "7f935d6b-ffae-416e-9806-72f50d27b961",
        "8447a6e3-b219-449a-990f-cb3a9f2ffa61",
    ]


@pytest.mark.parametrize("number", [-1, 2**62])
def test_a_number_without_a_guid_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="from 0 to"):
        guid(np.array([number]), "forms")


def test_no_numbers_make_no_ids() -> None:
    nothing = np.array([], dtype=np.int64)
    assert len(salesforce_id("00Q", nothing)) == 0
    assert len(guid(nothing, "forms")) == 0
    assert len(identifiers.numeric(nothing, 1)) == 0
