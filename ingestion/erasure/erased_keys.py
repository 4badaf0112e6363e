"""Erasures as a source of the landing: what is known of them after a rebuild."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ingestion.erasure.keyed_hash import VARIABLE, Secret, read_secret
from ingestion.errors import TerminalError
from ingestion.landing import Manifest, content_digest

if TYPE_CHECKING:
    from ingestion.landing import Landing

SOURCE = "erasures"
INSTANCE = "main"
ERASED_KEYS = "erased_keys"
FINISHED = "finished"

# One row per key by which something erased is known again, or that says how to erase. `kind` is
# - `record`, a person's record; `mention`, a record of another entity that named the person;
# - `email`, `phone`, `set_aside`: keyed hash of an address, of a number, of a row that was set
#   aside and named the person;
# - `mailbox`, of a role, whose addresses are nobody's; `domain`, of an account: addresses keep it.
# `stand_in` is the address in the place of an erased one; of a record, the mailbox of an address
# that is known no other way.
SCHEMA = pa.schema(
    {
        "kind": pa.string(),
        "entity": pa.string(),
        "erased_key": pa.string(),
        "stand_in": pa.string(),
        "erased_at": pa.timestamp("us"),
        # Keyed hash of a constant: tells whether a key is the one that the hashes were made with.
        "key_check": pa.string(),
    }
)


@dataclass(frozen=True)
class ErasedKeys:
    """All that was ever erased, as in `SCHEMA`, and the key of its hashes."""

    table: pa.Table
    secret: Secret


def read_erased_keys(landing: Landing) -> ErasedKeys | None:
    """Return what was erased, or None if nothing ever was: then no key is needed.

    Raises TerminalError if the environment has no key or another one than the hashes were made
    with: what lands now would bring back what was erased.
    """
    loads = [one for one in landing.loads(SOURCE) if one.object == ERASED_KEYS]
    if not loads:
        return None
    table = pa.concat_tables([landing.read(one) for one in loads]).cast(SCHEMA)
    secret = read_secret()
    if set(table["key_check"].to_pylist()) != {key_check(secret)}:
        raise TerminalError(
            "this is not the key that the erasures of the landing were made with",
            where=VARIABLE,
            mend="Set it to that key: without it, what was erased would come back",
        )
    return ErasedKeys(table, secret)


def land_erased_keys(landing: Landing, keys: pa.Table) -> Manifest:
    """Land what one erasure erases, as in `SCHEMA`; from here on it is bound to be carried out."""
    checksum = content_digest(keys)
    now = datetime.now(UTC)
    return _land(landing, ERASED_KEYS, f"{now:%Y%m%dT%H%M%S%f}-{checksum[:12]}", keys)


def unfinished_erasures(landing: Landing) -> list[str]:
    """Return the load ids of the erasures that landed and were not carried out to the end."""
    loads = landing.loads(SOURCE)
    finished = {one.load_id for one in loads if one.object == FINISHED}
    return [
        one.load_id for one in loads if one.object == ERASED_KEYS and one.load_id not in finished
    ]


def finish_erasure(landing: Landing, load_id: str) -> None:
    """Land that an erasure was carried out: nothing built before it is left."""
    _land(landing, FINISHED, load_id, pa.table({"load_id": pa.array([], pa.string())}))


def key_check(secret: Secret) -> str:
    """Return the keyed hash by which a key is known again."""
    with duckdb.connect() as connection:
        secret.define_hash(connection)
        found = connection.execute("select keyed_hash('check:')").fetchone()
    return str(found[0]) if found else ""


def _land(landing: Landing, name: str, load_id: str, table: pa.Table) -> Manifest:
    draft = Manifest(
        load_id=load_id,
        source=SOURCE,
        instance=INSTANCE,
        object=name,
        kind="increment",
        extracted_at=datetime.now(UTC),
        rows_delivered=table.num_rows,
        rows_landed=table.num_rows,
        checksum=content_digest(table),
    )
    with landing.write_load(draft) as load:
        load.write(table)
    return load.manifest
