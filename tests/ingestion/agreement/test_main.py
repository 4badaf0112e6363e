"""`make agreement`, as people run it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.agreement import land_agreement, read_agreement
from ingestion.agreement.__main__ import main
from ingestion.landing import Landing

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

ROOT = Path(__file__).parents[3]


def test_a_right_agreement_gives_a_summary_and_the_page(
    base: str, written: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(base)]) == 0
    assert capsys.readouterr().out == (
        "OK: agreement.yml, version 1 in force since 2024-01-01 "
        "(versions: 1, stages: 2, exits: 1, SLAs: 1)\n"
        "The page to sign: agreement.md\n"
    )
    assert Path("agreement.md").read_text(encoding="utf-8").startswith("# The agreement of")


def test_the_environment_names_the_file_and_out_the_page(
    base: str, written: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(written(base)).rename("signed.yml")
    monkeypatch.setenv("UNIFIED_FUNNEL_AGREEMENT", "signed.yml")
    assert main(["--out", "page.md"]) == 0
    assert Path("page.md").exists()


def test_a_wrong_agreement_gives_its_problems_and_no_page(
    base: str, written: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(base.replace("USD", "usd"))]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("agreement.yml:52: 'usd' is no currency code.")
    assert not Path("agreement.md").exists()


def test_a_changed_past_is_refused(
    base: str, written: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    land_agreement(Landing("landing"), read_agreement(written(base)), date(2024, 7, 1))
    changed = written(base.replace("target: 240", "target: 120"))
    assert main([changed, "--workspace-landing", "landing"]) == 1
    assert "slas.sales.speed_to_lead.target: 240 → 120" in capsys.readouterr().err


def test_a_page_that_cannot_be_written(
    base: str, written: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(base), "--out", "nowhere/page.md"]) == 1
    assert capsys.readouterr().err.startswith("nowhere/page.md: cannot write this file")


def test_the_module_runs_without_a_traceback(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "ingestion.agreement", str(tmp_path / "none.yml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr == (
        f"{tmp_path / 'none.yml'}:1: there is no such file. "
        "Name the agreement file, or write one.\n"
    )
