"""The landing: the only truth, append-only; a load exists once its manifest does."""

from ingestion.landing.landing import FileKind, Landing, LoadWriter
from ingestion.landing.manifest import Kind, Manifest, iso_utc
from ingestion.landing.reference import content_digest, land_reference, newest

__all__ = [
    "FileKind",
    "Kind",
    "Landing",
    "LoadWriter",
    "Manifest",
    "content_digest",
    "iso_utc",
    "land_reference",
    "newest",
]
