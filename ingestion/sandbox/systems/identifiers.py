"""The ids that systems give: Salesforce's with their checksum, running numbers, GUIDs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.systems.columns import text_of_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.systems.columns import Bytes

_LONG, _SHORT = 18, 15
_DIGITS = np.frombuffer(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8
)
_CHECKS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_HEX = np.array([tuple(f"{byte:02x}".encode()) for byte in range(256)], dtype=np.uint8)
# Where the 16 bytes of a GUID begin in its text.
_PLACES = np.array([0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34])
_GUIDS = 1 << 62


def salesforce_id(prefix: str, number: Numbers, pod: str = "5e") -> pa.Array:
    """Return Salesforce ids of 18 characters, in the order of their numbers.

    Prefix of the object, pod, and the number to the base 62 with a leading zero make 15
    characters that differ in case alone; the last three are their checksum. Raises ValueError for
    a number below 0 or of too many digits.
    """
    head = np.frombuffer((prefix + pod).encode(), dtype=np.uint8)
    # The first place after the pod is reserved and always 0.
    places = _SHORT - len(head) - 1
    if np.any((number < 0) | (number >= 62**places)):
        raise ValueError(f"{prefix}{pod} has room for numbers below 62 to the power of {places}")
    matrix = np.empty((len(number), _LONG), dtype=np.uint8)
    matrix[:, : len(head)] = head
    rest = number
    for place in range(_SHORT - 1, len(head) - 1, -1):
        rest, digit = np.divmod(rest, 62)
        matrix[:, place] = _DIGITS[digit]
    matrix[:, _SHORT:] = _checksum(matrix[:, :_SHORT])
    return text_of_bytes(matrix)


def fifteen(ids: pa.Array) -> pa.Array:
    """Return the first 15 characters of Salesforce ids, as reports show them; null stays null."""
    return pc.utf8_slice_codeunits(ids, 0, _SHORT)


def numeric(number: Numbers, first: int) -> pa.Array:
    """Return running numbers as decimal texts, `first` for the number 0."""
    return pa.array(number + first).cast(pa.string())


def guid(number: Numbers, salt: str) -> pa.Array:
    """Return GUIDs in the form of RFC 4122, version 4: one and the same for a number and a salt.

    Different numbers with one salt give different ones. Raises ValueError for a number below 0 or
    from 2 to the power of 62 on.
    """
    if np.any((number < 0) | (number >= _GUIDS)):
        raise ValueError("GUIDs are given to numbers from 0 to 2 ** 62 - 1")
    salted = hashlib.blake2b(salt.encode(), digest_size=16).digest()
    keys = np.frombuffer(salted, dtype="<u8").astype(np.uint64)
    # 62 bits and each step can be undone: no two numbers meet.
    low = _mixed(number.astype(np.uint64) ^ (keys[0] >> np.uint64(2)), bits=62)
    high = _mixed(low ^ keys[1], bits=64)
    halves = np.stack([high, low | np.uint64(1 << 63)], axis=1).astype(">u8")
    octets = halves.view(np.uint8).reshape(len(number), 16)
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    matrix = np.full((len(number), 36), ord("-"), dtype=np.uint8)
    for octet, place in enumerate(_PLACES):
        matrix[:, place : place + 2] = _HEX[octets[:, octet]]
    return text_of_bytes(matrix)


def _checksum(ids: Bytes) -> Bytes:
    """Three characters: each says which of five are capitals."""
    is_capital = (ids >= ord("A")) & (ids <= ord("Z"))
    fives = is_capital.reshape(-1, 3, 5)
    return _CHECKS[fives @ (1 << np.arange(5))]


def _mixed(number: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.uint64]:
    """Scatter numbers of so many bits, no two to the same: splitmix64, cut to the bits."""
    kept = np.uint64((1 << bits) - 1)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        number = ((number ^ (number >> np.uint64(shift))) * np.uint64(factor)) & kept
    return number
