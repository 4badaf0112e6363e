"""Exports as files: what a mapping means, which one fits a folder, and how a file lands."""

from ingestion.files.file_load import LandedFile, land_file, land_rows
from ingestion.files.finding import find_mapping, unnamed_files
from ingestion.files.mapping import Connection, Export, Mapping, MappingError, read_mapping
from ingestion.files.mapping_tables import land_mapping, mapping_tables

__all__ = [
    "Connection",
    "Export",
    "LandedFile",
    "Mapping",
    "MappingError",
    "find_mapping",
    "land_file",
    "land_mapping",
    "land_rows",
    "mapping_tables",
    "read_mapping",
    "unnamed_files",
]
