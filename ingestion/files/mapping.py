"""The mapping: what the files of one data set mean, in canonical names and values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from ingestion.files.entities import (
    CLOSED_VALUES,
    ENTITIES,
    FIELDS_WITH_UNIT,
    KEEP,
    LIST_FIELDS,
    MAIN_INSTANCE,
    UNMAPPED,
    default_for_other,
)
from ingestion.files.mapping_file import (
    Strict,
    YamlError,
    did_you_mean,
    fail,
    load_yaml,
    problem,
    problems,
)
from ingestion.files.terms import (  # noqa: TC001 - pydantic reads them at run time
    AnyFormat,
    DateFormat,
    Day,
    Encoding,
    Identifier,
    Mark,
    Moment,
    TimestampFormat,
    Zone,
)
from ingestion.yaml_tree import wrong

if TYPE_CHECKING:
    from pydantic import ValidationInfo
    from pydantic_core import InitErrorDetails

Entity = Literal[
    "persons",
    "accounts",
    "opportunities",
    "owners",
    "products",
    "contents",
    "campaigns",
    "activities",
    "field_changes",
    "opportunity_persons",
    "opportunity_snapshots",
    "currency_rates",
]
FileType = Literal["csv", "parquet", "jsonl", "excel"]
Connector = Literal["salesforce", "marketo"]

_TYPE_OF_ENDING: dict[str, FileType] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".ods": "excel",
}
_BOOLEANS = frozenset({"true", "false"})
# Minutes: Salesforce commits long transactions late; Marketo fills its exports up within a day.
_LOOK_BACK: dict[Connector, int] = {"salesforce": 10, "marketo": 24 * 60}


class MappingError(YamlError):
    """A mapping is wrong, or none fits a folder; str() lists every problem."""


class FileFormat(Strict):
    """How a file is written. Everything has a default; the type follows from the file's name."""

    type: FileType | None = None
    encoding: Encoding = "utf-8"
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description='One character, e.g. ";" or "\\t"'
    )
    quote: Mark = Field(default='"', description='One character, or "" where nothing is quoted')
    nulls: tuple[str, ...] = Field(
        default=("",),
        alias="null",
        description='A list of texts that mean "no value", e.g. ["", "-"]',
    )
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ",", ".", " ", "'", "\u00a0", "\u202f"] = ""
    date_format: DateFormat | None = None
    timestamp_format: TimestampFormat | None = None
    sheet: str | None = Field(default=None, description="The name of the sheet, in quotes")

    @model_validator(mode="after")
    def _marks_differ(self) -> FileFormat:
        if self.decimal_mark == self.thousands_mark:
            what = f"decimal_mark and thousands_mark are both '{self.decimal_mark}'"
            fail([problem(("thousands_mark",), what, "Give them different characters")])
        return self


class Column(Strict):
    """Where a canonical field comes from: a column of the file or a constant."""

    column: str | None = Field(
        default=None, min_length=1, description="The name of a column of the file"
    )
    value: str | None = Field(default=None, description="A text in quotes")
    map: dict[str, str] | None = Field(
        default=None,
        description='A table of delivered values and canonical ones, e.g. {Won: "true"}',
    )
    other: str | None = Field(default=None, description="A text: `keep` or a canonical value")
    format: AnyFormat | None = None
    unit: Literal["fraction", "percent"] | None = Field(
        default=None, description="`percent` where 65 means 65 %, `fraction` where 0.65 does"
    )
    separator: str | None = Field(
        default=None,
        min_length=1,
        description='What stands between several values in one cell, e.g. "|"; else ";"',
    )

    @model_validator(mode="before")
    @classmethod
    def _column_alone(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"column": given}
        if isinstance(given, list):
            what = f"{len(given)} columns for one field"
            raise wrong(what, "Name one column; two columns need two fields")
        if not isinstance(given, dict):
            mend = "Write the name of a column, {column: …} or {value: …}"
            raise wrong(f"{given!r} is no column", mend)
        return given

    @model_validator(mode="after")
    def _one_origin(self) -> Column:
        found = []
        if self.column is not None and self.value is not None:
            found.append(
                problem(("value",), "both `column` and `value` are given", "Keep one of the two")
            )
        if self.column is None and self.map is not None:
            mend = "Add `column`: the column whose values it translates"
            found.append(problem(("map",), "`map` without `column`", mend))
        elif self.column is None and self.value is None:
            mend = "Add `column` (a column of the file) or `value` (a constant)"
            found.append(problem((), "neither `column` nor `value` is given", mend))
        if self.other is not None and self.map is None:
            mend = "Add `map`, or leave `other` out"
            found.append(problem(("other",), "`other` without `map`", mend))
        fail(found)
        return self


class Export(Strict):
    """One file, or one object of a connected system, read as one entity of that system.

    `exported_at` is aware and UTC when read; of what is read over an API each load has its own.
    """

    file: str = Field(min_length=1, description="The name of the file, or a pattern with *")
    object: str | None = Field(
        default=None,
        min_length=1,
        description="What the system's own API calls the same, where it is read over that: Lead",
    )
    system: Identifier = Field(description="The system that the file comes from, e.g. crm")
    instance: Identifier = MAIN_INSTANCE
    entity: Entity = Field(description="One of " + ", ".join(ENTITIES))
    load: Literal["full", "append"] | None = Field(
        default=None, description="`full` (all records that exist) or `append` (only new rows)"
    )
    exported_at: Moment | None = Field(
        default=None,
        description="when the export was made, as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS",
    )
    history_start: Day | None = None
    key: tuple[str, ...] = Field(
        min_length=1, description="the column that identifies a record, or a list of columns"
    )
    format: FileFormat = FileFormat()
    columns: dict[str, Column] = Field(default_factory=dict)
    stamps: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="A table of fields, each with canonical value: column of its date",
    )

    @field_validator("key", mode="before")
    @classmethod
    def _one_key(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    @field_validator("file")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if "/" in name or "\\" in name:
            raise wrong(f"`{name}` is a path", "Name a file of the folder itself")
        return name

    @field_validator("columns")
    @classmethod
    def _known_fields(cls, columns: dict[str, Column], info: ValidationInfo) -> dict[str, Column]:
        if entity := info.data.get("entity"):
            found = []
            for name, column in columns.items():
                if name not in ENTITIES[entity]:
                    mend = did_you_mean(name, ENTITIES[entity])
                    found.append(problem((name,), f"{entity} have no field `{name}`", mend))
                else:
                    found += _column_problems(entity, name, column)
            fail(found)
        return columns

    @field_validator("stamps")
    @classmethod
    def _known_stamps(
        cls, stamps: dict[str, dict[str, str]], info: ValidationInfo
    ) -> dict[str, dict[str, str]]:
        if (entity := info.data.get("entity")) is None:
            return stamps
        found = []
        texts = [name for name, kind in ENTITIES[entity].items() if kind == "text"]
        for name in stamps:
            if name not in texts:
                what = f"stamp on `{name}`, which is no text field of {entity}"
                found.append(problem((name,), what, did_you_mean(name, texts)))
        fail(found)
        return stamps

    @model_validator(mode="after")
    def _readable(self) -> Export:
        if self.format.type is None and self.ending not in _TYPE_OF_ENDING:
            what = f"the name `{self.file}` does not tell the type of the file"
            mend = "Add `format: {type: csv}` (or parquet, jsonl, excel)"
            fail([problem(("file",), what, mend)])
        return self

    @property
    def ending(self) -> str:
        """The ending that tells the type, in small letters: `.csv` for `Deals.CSV.gz`."""
        name = self.file.lower().removesuffix(".gz")
        return name[name.rfind(".") :] if "." in name else ""

    @property
    def type(self) -> FileType:
        """The type of the file, given or from its name."""
        return self.format.type or _TYPE_OF_ENDING[self.ending]

    @property
    def delimiter(self) -> str:
        """The character between two values of a CSV file."""
        return self.format.delimiter or ("\t" if self.ending == ".tsv" else ",")

    @property
    def moment(self) -> datetime:
        """When it was made, aware and UTC.

        Raises ValueError for an object that is read over an API: only its loads have moments.
        """
        if self.exported_at is None:
            raise ValueError(f"{self.file} has no `exported_at`")
        return self.exported_at

    @property
    def landing_instance(self) -> str:
        """Name of the instance folder in the landing: `crm`, or `crm.emea`."""
        if self.instance == MAIN_INSTANCE:
            return self.system
        return f"{self.system}.{self.instance}"

    def other(self, field: str) -> str | None:
        """Return what a value that the field's map lacks becomes; None keeps it."""
        given = self.columns[field].other
        return default_for_other(self.entity, field) if given is None else _kept(given)


class Connection(Strict):
    """A system that is read over its own API; its credentials are in the environment.

    What is read of it are the items under `files` that name an `object`.
    """

    system: Identifier = Field(description="The system as the items under `files` call it")
    instance: Identifier = MAIN_INSTANCE
    connector: Connector = Field(description="`salesforce` or `marketo`")
    look_back_minutes: int | None = Field(
        default=None, ge=0, description="Minutes in which a change may still appear late, e.g. 10"
    )
    first_day: Day | None = Field(
        default=None, description="The day from which on it is read; all of it if left out"
    )
    poll_seconds: float | None = Field(
        default=None, ge=0, description="Seconds until a job is looked at again, e.g. 60"
    )
    tries: int | None = Field(
        default=None, ge=1, description="How often a request is tried until it counts as failed"
    )
    calls_in_20_seconds: int | None = Field(
        default=None, ge=1, description="How many calls Marketo gets at most in 20 s, e.g. 80"
    )

    @property
    def name(self) -> str:
        """System and instance, as messages have it: `salesforce/main`."""
        return f"{self.system}/{self.instance}"

    @property
    def look_back(self) -> timedelta:
        """How long before the end of what was read a change may still appear."""
        minutes = self.look_back_minutes
        return timedelta(minutes=_LOOK_BACK[self.connector] if minutes is None else minutes)


class Mapping(Strict):
    """The mapping of one data set."""

    name: Identifier = Field(description="a short name of the data set, e.g. our_crm")
    title: str = Field(description="what people call the data set")
    as_of: Day | None = None
    source_time_zone: Zone = Field(description="an IANA name, e.g. America/New_York")
    reporting_time_zone: Zone = Field(description="an IANA name, e.g. America/New_York")
    agreement: str | None = Field(default=None, description="A path relative to this file")
    outcomes: Literal["won_and_lost", "won_only"] = Field(
        description="`won_and_lost`, or `won_only` where lost deals are not in the files"
    )
    files: tuple[Export, ...] = Field(min_length=1, description="a list with one item per file")
    connections: tuple[Connection, ...] = ()
    _path: Path = PrivateAttr(default=Path("mapping.yml"))

    @field_validator("files")
    @classmethod
    def _agree(cls, files: tuple[Export, ...]) -> tuple[Export, ...]:
        found: list[InitErrorDetails] = []
        seen: dict[tuple[str, ...], int] = {}
        for position, one in enumerate(files):
            same = (one.system, one.instance, one.entity, one.file)
            if same in seen:
                what = f"{one.file} is read twice as {one.entity} of {one.system}"
                mend = f"Remove this or item {seen[same] + 1} of the list"
                found.append(problem((position, "file"), what, mend))
            seen.setdefault(same, position)
        fail(found)
        return files

    @model_validator(mode="after")
    def _connected(self) -> Mapping:
        found = []
        for position, one in enumerate(self.connections):
            if not self.objects_of(one):
                what = f"no item under `files` names an `object` of {one.name}"
                mend = "Add `object: …` to those that are read over its API, e.g. `object: Lead`"
                found.append(problem(("connections", position), what, mend))
            places = [(each.system, each.instance) for each in self.connections[:position]]
            if (one.system, one.instance) in places:
                what = f"{one.name} is connected twice"
                found.append(problem(("connections", position), what, "Keep one of the two"))
        for position, export in enumerate(self.files):
            if self.connection_of(export) is None:
                found += [
                    problem(
                        ("files", position),
                        f"`{name}` is missing",
                        f"Add `{name}`: {Export.model_fields[name].description}",
                    )
                    for name in ("load", "exported_at")
                    if getattr(export, name) is None
                ]
        fail(found)
        return self

    def connection_of(self, export: Export) -> Connection | None:
        """Return over which connection an export is read, None if it is a file."""
        place = (export.system, export.instance)
        reached = [one for one in self.connections if (one.system, one.instance) == place]
        return reached[0] if reached and export.object is not None else None

    @property
    def file_exports(self) -> tuple[Export, ...]:
        """What lies in the folder of exports: all that is not read over a connection."""
        return tuple(one for one in self.files if self.connection_of(one) is None)

    def objects_of(self, connection: Connection) -> tuple[Export, ...]:
        """Return what is read over a connection."""
        return tuple(
            one
            for one in self.files
            if one.object is not None
            and (one.system, one.instance) == (connection.system, connection.instance)
        )

    @property
    def path(self) -> Path:
        """The file that the mapping was read from."""
        return self._path

    @property
    def agreement_path(self) -> Path | None:
        """The agreement file of this data set, or None where the project's own applies."""
        return None if self.agreement is None else self.path.parent / self.agreement


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file; the times of its exports become UTC.

    Raises MappingError listing each problem as `<file>:<line>: what. what would be right`.
    """
    try:
        data, lines = load_yaml(path)
    except YamlError as error:
        raise MappingError(error.problems, where=str(path)) from error
    refused: ValidationError | None = None
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        refused = error
    if found := problems(refused, lines, Mapping):
        raise MappingError(found, where=str(path)) from refused
    zone = ZoneInfo(mapping.source_time_zone)
    files = tuple(
        one.model_copy(update={"exported_at": _utc(one.exported_at, zone)})
        if one.exported_at
        else one
        for one in mapping.files
    )
    read = mapping.model_copy(update={"files": files})
    read._path = path
    return read


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def _kept(other: str) -> str | None:
    return None if other == KEEP else other


def _column_problems(entity: str, name: str, column: Column) -> list[InitErrorDetails]:
    """What is wrong with a column as the source of this field."""
    found = []
    kind = ENTITIES[entity][name]
    if column.format is not None and kind != "time":
        mend = "Leave it out; only dates and times have a format"
        found.append(problem((name, "format"), f"`format` on `{name}`, which is no time", mend))
    if column.unit is not None and name not in FIELDS_WITH_UNIT:
        mend = "Leave it out; only a probability has a unit"
        found.append(problem((name, "unit"), f"`unit` on `{name}`, which has none", mend))
    if column.separator is not None and (entity, name) not in LIST_FIELDS:
        mend = "Leave it out; only personas and buying stages of contents may be several"
        what = f"`separator` on `{name}`, which holds one value"
        found.append(problem((name, "separator"), what, mend))
    allowed = _BOOLEANS if kind == "boolean" else CLOSED_VALUES.get((entity, name))
    if allowed is None:
        return found
    given: list[tuple[tuple[str, ...], str | None]] = [
        (("value",), column.value),
        (("other",), column.other),
    ]
    given += [(("map", key), value) for key, value in (column.map or {}).items()]
    for location, value in given:
        open_end = location == ("other",) and value in (KEEP, UNMAPPED)
        if value is not None and value not in allowed and not open_end:
            mend = did_you_mean(value, sorted(allowed))
            found.append(problem((name, *location), f"`{name}` cannot be '{value}'", mend))
    return found
