from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from ingestion.files import MappingError, read_mapping
from ingestion.files.entities import CLOSED_VALUES, ENTITIES, default_for_other
from ingestion.files.formats import FORMATS
from ingestion.files.mapping import Entity

RIGHT = """\
name: shop
title: A shop
source_time_zone: America/Sao_Paulo
reporting_time_zone: UTC
outcomes: won_only
files:
  - file: deals.csv
    system: crm
    entity: opportunities
    load: full
    exported_at: 2018-11-15
    key: id
    columns:
      owner_id: rep
      stage: {column: state, map: {Won: won}}
"""


@pytest.fixture
def read(tmp_path):
    def run(text):
        (tmp_path / "mapping.yml").write_text(text)
        return read_mapping(tmp_path / "mapping.yml")

    return run


@pytest.fixture
def complain(read, tmp_path):
    def run(text):
        with pytest.raises(MappingError) as caught:
            read(text)
        assert str(caught.value) == "\n".join(caught.value.problems)
        return [one.removeprefix(f"{tmp_path / 'mapping.yml'}:") for one in caught.value.problems]

    return run


def with_lines(*lines, key=True):
    text = RIGHT if key else RIGHT.replace("    key: id\n", "")
    return text + "".join(line + "\n" for line in lines)


def test_a_mapping_has_defaults_and_utc_times(read, tmp_path):
    mapping = read(RIGHT)
    (export,) = mapping.files
    assert mapping.path == tmp_path / "mapping.yml"
    assert mapping.as_of is None
    assert mapping.agreement_path is None
    assert export.instance == "main"
    assert export.landing_instance == "crm"
    assert export.key == ("id",)
    # 15 November is summer time there: two hours behind UTC.
    assert export.exported_at == datetime(2018, 11, 15, 2, tzinfo=UTC)
    assert export.columns["owner_id"].column == "rep"
    assert export.other("stage") == "unmapped"
    assert (export.type, export.delimiter, export.format.nulls) == ("csv", ",", ("",))


@pytest.mark.parametrize(
    ("given", "hour"),
    [
        ("2018-11-15 10:30:00", 12),
        ("2018-11-15T10:30", 12),
        ("2018-11-15T10:30:00-05:00", 15),
        ("2018-11-15T10:30:00Z", 10),
        ('"2018-11-15 10:30"', 12),
    ],
)
def test_times_of_exports(read, given, hour):
    mapping = read(RIGHT.replace("exported_at: 2018-11-15", f"exported_at: {given}"))
    assert mapping.files[0].exported_at == datetime(2018, 11, 15, hour, 30, tzinfo=UTC)


def test_a_mapping_with_everything(read):
    mapping = read("""\
name: shop
title: A shop
as_of: 2017-12-31
source_time_zone: UTC
reporting_time_zone: UTC
agreement: ../agreement.yml
outcomes: won_and_lost
files:
  - file: leads_*.csv.gz
    system: marketing
    instance: emea
    entity: persons
    load: append
    exported_at: 2018-01-01
    history_start: 2016-10-20
    key: [list, id]
    format:
      type: csv
      encoding: cp1252
      delimiter: ";"
      quote: "'"
      null: ["", "-"]
      decimal_mark: ","
      thousands_mark: "."
      date_format: DD.MM.YYYY
      timestamp_format: DD.MM.YYYY HH:MM
      sheet: null
    columns:
      record_type: {value: prospect}
      lead_source: {column: origin, map: {web: website}, other: keep}
      country: {column: land, map: {DE: Germany}}
      created_at: {column: made, format: epoch_seconds}
      is_deleted: {column: gone, map: {1: "true"}, other: "false"}
    stamps:
      lifecycle_stage: {qualified: mql_date}
""")
    export = mapping.files[0]
    assert mapping.as_of == date(2017, 12, 31)
    assert mapping.agreement_path == mapping.path.parent / "../agreement.yml"
    assert export.landing_instance == "marketing.emea"
    assert export.other("lead_source") is None
    assert export.other("country") is None
    assert export.other("is_deleted") == "false"
    assert export.history_start == date(2016, 10, 20)


PROBLEMS = {
    "unknown key": (
        RIGHT.replace("title:", "titel:"),
        ["2: unknown key `titel`. Did you mean `title`?",
         "1: `title` is missing. Add `title`: what people call the data set"],
    ),
    "unknown key in a file": (
        with_lines("    stamp: {}"),
        ["16: unknown key `stamp`. Did you mean `stamps`?"],
    ),
    "unknown entity": (
        RIGHT.replace("opportunities", "oportunities"),
        ["9: `entity` is 'oportunities'. Did you mean `opportunities`?"],
    ),
    "unknown load": (
        RIGHT.replace("load: full", "load: everything"),
        ["10: `load` is 'everything'. Known are full, append"],
    ),
    "unknown canonical field": (
        RIGHT.replace("owner_id", "ownerid"),
        ["14: opportunities have no field `ownerid`. Did you mean `owner_id`?"],
    ),
    "unknown format": (
        with_lines("      closed_at: {column: d, format: DD.MM.YY}"),
        ["16: unknown format `DD.MM.YY`. Did you mean `DD.MM.YYYY`?"],
    ),
    "format on a text": (
        with_lines("      name: {column: d, format: ISO}"),
        [("16: `format` on `name`, which is no time. Leave it out; only dates and times have a "
         "format")],
    ),
    "unit on a text": (
        with_lines("      name: {column: d, unit: percent}"),
        ["16: `unit` on `name`, which has none. Leave it out; only a probability has a unit"],
    ),
    "separator of one value": (
        with_lines('      name: {column: d, separator: ";"}'),
        [
            ("16: `separator` on `name`, which holds one value. Leave it out; only personas and"
            " buying stages of contents may be several")
        ],
    ),
    "key missing": (
        with_lines(key=False),
        [("7: `key` is missing. Add `key`: the column that identifies a record, or a list of "
         "columns")],
    ),
    "load and time of export missing": (
        re.sub(r"    (load|exported_at): .*\n", "", RIGHT),
        [("7: `load` is missing. Add `load`: `full` (all records that exist) or `append` (only new"
          " rows)"),
         ("7: `exported_at` is missing. Add `exported_at`: when the export was made, as YYYY-MM-DD"
          " or YYYY-MM-DD HH:MM:SS")],
    ),
    "empty key": (
        RIGHT.replace("key: id", "key: []"),
        [("12: `key` is a list: tuple should have at least 1 item after validation, not 0. "
         "the column that identifies a record, or a list of columns")],
    ),
    "unknown time zone": (
        RIGHT.replace("America/Sao_Paulo", "America/SaoPaulo"),
        ["3: `America/SaoPaulo` is no time zone. Did you mean `America/Sao_Paulo`?"],
    ),
    "two columns for one field": (
        with_lines("      name: [first, last]"),
        ["16: 2 columns for one field. Name one column; two columns need two fields"],
    ),
    "one field twice": (
        with_lines("      owner_id: other"),
        ["16: `owner_id` is given twice, first in line 14. Keep one of the two"],
    ),
    "map without column": (
        with_lines("      name: {map: {a: b}}"),
        ["16: `map` without `column`. Add `column`: the column whose values it translates"],
    ),
    "other without map": (
        with_lines("      name: {column: a, other: b}"),
        ["16: `other` without `map`. Add `map`, or leave `other` out"],
    ),
    "column and value": (
        with_lines("      name: {column: a, value: b}"),
        ["16: both `column` and `value` are given. Keep one of the two"],
    ),
    "no origin": (
        with_lines("      name: {}"),
        [("16: neither `column` nor `value` is given. Add `column` (a column of the file) or "
         "`value` (a constant)")],
    ),
    "no column": (
        with_lines("      name: 5"),
        ["16: 5 is no column. Write the name of a column, {column: …} or {value: …}"],
    ),
    "boolean that is not quoted": (
        with_lines("      is_won: {column: state, map: {Won: true}}"),
        ['16: `Won` is true, which is no text. Put it in quotes: "true"'],
    ),
    "boolean that is none": (
        with_lines('      is_won: {column: state, map: {Won: "yes"}}'),
        ["16: `is_won` cannot be 'yes'. Known are false, true"],
    ),
    "value outside a closed list": (
        with_lines("      opportunity_type: {value: new-busines}"),
        ["16: `opportunity_type` cannot be 'new-busines'. Did you mean `new_business`?"],
    ),
    "stamp on an unknown field": (
        with_lines("    stamps:", "      stages: {won: d}"),
        ["17: stamp on `stages`, which is no text field of opportunities. Did you mean `stage`?"],
    ),
    "bad dates": (
        RIGHT.replace("exported_at: 2018-11-15", "exported_at: 15.11.2018")
        .replace("outcomes:", "as_of: 2018-02-31\noutcomes:")
        + "    history_start: 20180101\n",
        ["5: '2018-02-31' is no date. Write it as YYYY-MM-DD",
         "12: '15.11.2018' is no date or date-time. Write it as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS",
         "17: '20180101' is no date. Write it as YYYY-MM-DD"],
    ),
    "unknown outcomes": (
        RIGHT.replace("won_only", "won"),
        ["5: `outcomes` is 'won'. Known are won_and_lost, won_only"],
    ),
    "bad names": (
        RIGHT.replace("system: crm", "system: My CRM").replace("name: shop", "name: Shop"),
        ["1: `Shop` is no name. Use small letters, digits and '_'",
         "8: `My CRM` is no name. Use small letters, digits and '_'"],
    ),
    "bad format": (
        with_lines(
            "    format:",
            "      encoding: latin1252",
            "      delimiter: ';;'",
            "      decimal_mark: ','",
            "      thousands_mark: '_'",
            "      date_format: YYYY-MM-DD HH:MM",
            "      null: '-'",
        ),
        ["17: unknown encoding `latin1252`. Did you mean `latin-1`?",
         ("18: `delimiter` is ';;': string should have at most 1 character. One character, "
         'e.g. ";" or "\\t"'),
         "20: `thousands_mark` is '_'. ",
         "21: unknown format `YYYY-MM-DD HH:MM`. Did you mean `YYYY-MM-DD`?",
         ("22: `null` is '-': input should be a valid tuple. A list of texts that mean "
         '"no value", e.g. ["", "-"]')],
    ),
    "equal marks": (
        with_lines("    format: {decimal_mark: ',', thousands_mark: ','}"),
        ["16: decimal_mark and thousands_mark are both ','. Give them different characters"],
    ),
    "a path": (
        RIGHT.replace("file: deals.csv", "file: ../deals.csv"),
        ["7: `../deals.csv` is a path. Name a file of the folder itself"],
    ),
    "unknown type": (
        RIGHT.replace("file: deals.csv", "file: deals.dat"),
        [("7: the name `deals.dat` does not tell the type of the file. Add `format: {type: csv}` "
         "(or parquet, jsonl, excel)")],
    ),
    "no files": (
        RIGHT[: RIGHT.index("files:")] + "files: []\n",
        [("6: `files` is a list: tuple should have at least 1 item after validation, not 0. "
         "a list with one item per file")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_wrong_mapping_says_what_would_be_right(complain, case):
    text, expected = PROBLEMS[case]
    said = complain(text)
    assert len(said) == len(expected)
    for one, start in zip(sorted(said), sorted(expected), strict=True):
        assert one.startswith(start)


def test_all_problems_are_told_at_once(complain):
    text = (
        RIGHT.replace("opportunities", "oportunities")
        .replace("America/Sao_Paulo", "Brazil/Sao")
        .replace("    key: id\n", "")
        .replace("name: shop", "name: shop\nname: shop")
    )
    said = complain(text)
    assert [one.split(":")[0] for one in said] == ["2", "4", "8", "10"]


TWO = (
    RIGHT
    + """\
  - file: old_deals.csv
    system: crm
    entity: opportunities
    load: full
    exported_at: 2018-11-15
    key: id
"""
)


def test_two_files_may_feed_one_entity(read):
    mapping = read(TWO + "    columns: {stage: {value: imported}, name: title}\n")
    assert [one.file for one in mapping.files] == ["deals.csv", "old_deals.csv"]


def test_one_file_is_not_read_twice_as_one_entity(complain):
    assert complain(TWO.replace("old_deals", "deals")) == [
        "16: deals.csv is read twice as opportunities of crm. Remove this or item 1 of the list"
    ]


def test_the_entities_of_a_mapping_are_those_of_the_registry():
    assert set(Entity.__args__) == set(ENTITIES)


def test_closed_values_belong_to_fields():
    assert all(ENTITIES[entity][field] == "text" for entity, field in CLOSED_VALUES)


@pytest.mark.parametrize(
    ("entity", "field", "other"),
    [
        ("persons", "status", "unmapped"),
        ("persons", "lifecycle_stage", "unmapped"),
        ("opportunities", "stage", "unmapped"),
        ("opportunities", "is_won", "unmapped"),
        ("opportunities", "product", None),
        ("persons", "record_type", None),
        ("persons", "persona", None),
        ("contents", "persona", "unmapped"),
        ("contents", "buying_stage", "unmapped"),
        ("contents", "is_retired", "unmapped"),
        ("contents", "content_type", None),
        ("campaigns", "status", None),
    ],
)
def test_default_for_other(entity, field, other):
    assert default_for_other(entity, field) == other


def test_formats_are_listed_once():
    assert len(FORMATS) == len(set(FORMATS)) == 27
