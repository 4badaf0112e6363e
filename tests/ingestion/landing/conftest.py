from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - pytest reads it
from uuid import uuid4

import pytest

from ingestion.landing import Landing, Manifest

MakeManifest = Callable[..., Manifest]


@pytest.fixture(params=["local", "memory"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    if request.param == "memory":
        return Landing(f"memory://{uuid4().hex}/landing")
    return Landing(tmp_path / "landing")


@pytest.fixture
def make_manifest() -> MakeManifest:
    def make(load_id: str = "load-1", **changes: object) -> Manifest:
        values: dict[str, object] = {
            "load_id": load_id,
            "source": "files",
            "instance": "crm",
            "object": "persons",
            "kind": "full",
            "extracted_at": datetime(2024, 5, 1, 12, tzinfo=UTC),
            "checksum": "abc",
        }
        return Manifest(**(values | changes))  # type: ignore[arg-type]

    return make
