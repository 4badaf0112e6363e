"""Keyed hashes: an erased address is known again by whoever has the key, and by nobody else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError

if TYPE_CHECKING:
    import duckdb

VARIABLE = "UNIFIED_FUNNEL_ERASURE_KEY"

_BLOCK_BYTES = 64  # of SHA-256
# Numbers have so few digits that a short key would be guessed together with them.
_SHORTEST = 16


@dataclass(frozen=True)
class Secret:
    """The key of the hashes; its text is in no message and no repr."""

    text: str = field(repr=False)

    def define_hash(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Define the SQL macro `keyed_hash(text)`: HMAC-SHA256 in hexadecimal digits.

        In SQL, so that a column is hashed at once: 1.5 µs a value.
        """
        key = self.text.encode()
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        key = key.ljust(_BLOCK_BYTES, b"\0")
        for name, mask in (("inner_pad", 0x36), ("outer_pad", 0x5C)):
            pad = bytes(byte ^ mask for byte in key)
            connection.execute(f"set variable {name} = unhex('{pad.hex()}')")
        connection.execute(
            "create or replace temp macro keyed_hash(given) as sha256(getvariable('outer_pad') || "
            "unhex(sha256(getvariable('inner_pad') || encode(given))))"
        )


def read_secret() -> Secret:
    """Return the key from the environment.

    Raises TerminalError if it is not set or has less than 16 characters.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if len(text) < _SHORTEST:
        what = f"has less than {_SHORTEST} characters" if text else "is not set"
        raise TerminalError(
            f"the key of the erasures {what}",
            where=VARIABLE,
            mend="Set it to the key that this landing's erasures were made with; for the first one"
            " make a key (e.g. `openssl rand -hex 32`) and keep it as long as the landing",
        )
    return Secret(text)
