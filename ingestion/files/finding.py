"""Which mapping fits a folder of exports, and which of its files each export is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError
from ingestion.files.mapping import MappingError, read_mapping
from ingestion.yaml_tree import closest

if TYPE_CHECKING:
    from ingestion.files.mapping import Export, Mapping

MAPPING_NAME = "mapping.yml"


def find_mapping(folder: Path, mapping: Path | None = None) -> Mapping:
    """Return the mapping of a folder of exports.

    A mapping file that is named wins, then the folder's own `mapping.yml`, then the one mapping
    of the project whose files are all in the folder.
    Raises MappingError if the mapping is wrong, or if none or more than one fits; TerminalError
    if there is no such folder.
    """
    if not folder.is_dir():
        raise TerminalError(
            "there is no such folder", where=str(folder), mend="Name the folder with the exports"
        )
    if mapping is not None:
        return read_mapping(mapping / MAPPING_NAME if mapping.is_dir() else mapping)
    if (folder / MAPPING_NAME).is_file():
        return read_mapping(folder / MAPPING_NAME)
    candidates = project_mappings()
    missing = {one.name: missing_files(one, folder) for one in candidates}
    fitting = [one for one in candidates if not missing[one.name]]
    if len(fitting) == 1:
        return fitting[0]
    raise _unclear(folder, missing, [one.name for one in fitting])


def project_mappings() -> list[Mapping]:
    """Return the mappings that come with the project, sorted by the name of their folder."""
    shelf = Path(__file__).parent / "mappings"
    return [read_mapping(one) for one in sorted(shelf.glob(f"*/{MAPPING_NAME}"))]


def missing_files(mapping: Mapping, folder: Path) -> list[str]:
    """Return the files that a mapping names and the folder does not have, in its order."""
    names = _names(folder)
    files = dict.fromkeys(one.file for one in mapping.file_exports)
    return [one for one in files if not _matches(one, names)]


def unnamed_files(mapping: Mapping, folder: Path) -> list[str]:
    """Return the files of a folder that are not read: they are only noted.

    No export of the mapping names them, or what they hold is read over an API.
    """
    names = _names(folder)
    named = {match for one in mapping.file_exports for match in _matches(one.file, names)}
    own = {path.name for path in (mapping.path, mapping.agreement_path) if path is not None}
    in_folder = mapping.path.parent.resolve() == folder.resolve()
    return [name for name in names if name not in named and not (in_folder and name in own)]


def file_of(export: Export, folder: Path) -> Path:
    """Return the file of an export. Raises TerminalError if there is none or more than one."""
    names = _names(folder)
    matches = _matches(export.file, names)
    if len(matches) == 1:
        return folder / matches[0]
    if matches:
        raise TerminalError(
            f"{export.file} fits {len(matches)} files: {', '.join(matches)}",
            where=str(folder),
            mend="Leave the newest one here, or name one of them in the mapping",
        )
    near = closest(export.file, names)
    raise TerminalError(
        f"there is no file {export.file}",
        where=str(folder),
        mend=f"Did you mean {near}? Rename it, or correct the mapping"
        if near
        else "Put the export there, or take it out of the mapping",
    )


def _names(folder: Path) -> list[str]:
    return sorted(
        one.name for one in folder.iterdir() if one.is_file() and not one.name.startswith(".")
    )


def _matches(file: str, names: list[str]) -> list[str]:
    return [file] if file in names else [name for name in names if fnmatchcase(name, file)]


def _unclear(folder: Path, missing: dict[str, list[str]], fitting: list[str]) -> MappingError:
    if fitting:
        head = f"{folder}: {len(fitting)} mappings fit this folder: {', '.join(fitting)}"
        rows = []
    else:
        head = f"{folder}: no mapping fits this folder"
        rows = [f"  {name}: missing {', '.join(files)}" for name, files in missing.items()]
    mend = (
        f"Write a {MAPPING_NAME} into the folder, or name a mapping file in UNIFIED_FUNNEL_MAPPING"
    )
    return MappingError([head + ".", *rows, mend + "."], where=str(folder))
