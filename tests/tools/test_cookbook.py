"""Each recipe of docs/cookbook.md is carried out as it stands there, and its wrong change too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.workspace import PROJECT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from orchestration.workspace import Workspace

    Make = Callable[..., subprocess.CompletedProcess[str]]

PAGE = (PROJECT / "docs" / "cookbook.md").read_text(encoding="utf-8")


@dataclass
class Block:
    """A fenced block: its language, what the fence says about it, and the text."""

    says: str
    about: str
    text: str


@dataclass
class Recipe:
    """A section of the page: edits, one command that checks, what it prints, and wrong edits."""

    name: str
    blocks: list[Block] = field(default_factory=list)

    def of(self, says: str) -> list[Block]:
        return [block for block in self.blocks if block.says == says]

    @property
    def commands(self) -> list[list[str]]:
        return [line.split()[1:] for line in self.of("check")[0].text.splitlines()]


def recipes() -> list[Recipe]:
    found = []
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        recipe = Recipe(section.splitlines()[0])
        for says, about, text in re.findall(
            r"^```\w+ ([\w-]+)(?:=(\S+))?\n(.*?)^```$", section, re.MULTILINE | re.DOTALL
        ):
            recipe.blocks.append(Block(says, about, text))
        found.append(recipe)
    return found


def change(project: Path, block: Block) -> Callable[[], None]:
    """Make the edit of a block and return what takes it back."""
    path = project / block.about
    before = path.read_text(encoding="utf-8")
    if block.says == "append":
        path.write_text(before + block.text, encoding="utf-8")
        return lambda: None
    lines = block.text.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    assert before.count(old) >= 1, f"{block.about} has no such lines:\n{old}"
    # The version in force has lines that a later one repeats: the last ones are meant.
    head, _, tail = before.rpartition(old)
    path.write_text(head + new + tail, encoding="utf-8")
    return lambda: void(path.write_text(before, encoding="utf-8"))


def void(_: int) -> None:
    return None


RECIPES = recipes()


@pytest.fixture(scope="module")
def project(copy_project: Callable[[], Path]) -> Path:
    return copy_project()


@pytest.fixture(scope="module")
def cooked(project: Path) -> list[str]:
    """Names of the recipes whose edits the copy has: each one builds on those before it."""
    return []


def cook(project: Path, cooked: list[str], recipe: Recipe) -> None:
    for one in RECIPES[: RECIPES.index(recipe) + 1]:
        if one.name not in cooked:
            for block in one.blocks:
                if block.says in ("append", "edit"):
                    change(project, block)
            cooked.append(one.name)


def test_the_page_has_four_recipes_each_with_an_edit_a_check_and_a_wrong_change() -> None:
    assert [one.name for one in RECIPES] == [
        "1. A stage", "2. A criterion", "3. A segment", "4. A column of a mart",
    ]  # fmt: skip
    for one in RECIPES:
        assert one.of("append") + one.of("edit")
        assert one.of("check")
        assert len(one.of("wrong")) == len(one.of("expect-error")) >= 1


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda one: one.name)
def test_a_recipe_prints_what_the_page_says(
    project: Path, cooked: list[str], make: Make, recipe: Recipe
) -> None:
    cook(project, cooked, recipe)
    ran = make(project, *recipe.commands[0])
    for block in recipe.of("expect"):
        for line in block.text.splitlines():
            assert line in ran.stdout.splitlines(), ran.stdout + ran.stderr
    if recipe.commands[0] == ["agreement"]:
        assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("recipe", "number"),
    [(one, number) for one in RECIPES for number in range(len(one.of("wrong")))],
    ids=lambda one: getattr(one, "name", str(one)),
)
def test_a_wrong_change_is_stopped_by_what_the_page_names(
    project: Path, cooked: list[str], make: Make, recipe: Recipe, number: int
) -> None:
    cook(project, cooked, recipe)
    take_back = change(project, recipe.of("wrong")[number])
    ran = make(project, *recipe.commands[0])
    take_back()
    assert ran.returncode != 0
    assert recipe.of("expect-error")[number].text.strip() in ran.stdout + ran.stderr


def test_the_new_version_can_be_tried_before_it_is_signed(
    project: Path, cooked: list[str], make: Make, workspace: Workspace
) -> None:
    cook(project, cooked, RECIPES[-1])
    assert all(one.commands[1:] == RECIPES[0].commands[1:] for one in RECIPES[:3])
    ran = make(project, *RECIPES[0].commands[1])
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"sales_accepted +demo_held", ran.stdout)
    assert re.search(r"demo_held +sales_qualified", ran.stdout)
    path = workspace.folder / "what_if" / "agreement" / "warehouse.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        segments = connection.execute(
            "select count(*) from marts.rpt_funnel_conversion where segment = 'record_type'"
        ).fetchone()
    assert segments
    assert segments[0] > 0
