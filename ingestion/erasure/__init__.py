"""What was erased, and how it is known again without being kept."""

from ingestion.erasure.erased_keys import (
    ErasedKeys,
    finish_erasure,
    land_erased_keys,
    read_erased_keys,
    unfinished_erasures,
)
from ingestion.erasure.keyed_hash import VARIABLE, Secret, read_secret
from ingestion.erasure.traces import Trace, find_traces

__all__ = [
    "VARIABLE",
    "ErasedKeys",
    "Secret",
    "Trace",
    "find_traces",
    "finish_erasure",
    "land_erased_keys",
    "read_erased_keys",
    "read_secret",
    "unfinished_erasures",
]
