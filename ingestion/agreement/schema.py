"""The JSON Schema by which an editor checks the agreement while it is written."""

from __future__ import annotations

import json
from typing import Any

from ingestion.agreement.inheritance import OWN
from ingestion.agreement.version import Agreement


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `agreement.yml`."""
    schema = Agreement.model_json_schema()
    # Only the first version has to spell every part out; a schema cannot tell which one that is.
    version = schema["$defs"]["Version"]
    version["required"] = [name for name in version["required"] if name in OWN]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "The agreement of sales and marketing",
    }


def schema_text() -> str:
    """Return the text of `agreement.schema.json`, as `--json-schema` writes it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
