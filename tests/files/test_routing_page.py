"""docs/routing.md: what it shows can be loaded, and it names every field."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.files.toml import parse_fleet
from rota.planning.rule_fields import NAMES
from rota.planning.rule_match import read_match
from tests.files.test_generated import DOCS, blocks

PAGE = (DOCS / "routing.md").read_text()
TABLES = blocks(PAGE, "toml")


@pytest.mark.parametrize("text", TABLES, ids=[str(number) for number in range(len(TABLES))])
def test_every_table_is_taken(text: str, tmp_path: Path) -> None:
    fleet = parse_fleet(text, str(tmp_path / "fleet.toml"))
    assert fleet.rules or fleet.queues or fleet.pools or "[region." in text


def test_every_field_is_named() -> None:
    assert [name for name in NAMES if f"`{name}`" not in PAGE] == []


def test_every_comparison_is_taken() -> None:
    shown = PAGE.split("| written | holds when |")[1].split("\n\n")[0]
    written = [line.split("|")[1] for line in shown.splitlines()[2:]]
    taken = 0
    for cell in written:
        for part in cell.split("`")[1::2]:
            if "..." in part:
                continue
            rules = parse_fleet(f"[[rule]]\nmatch = {{ {part} }}\nset = {{}}", "fleet.toml").rules
            assert read_match(rules[0].match).parts
            taken += 1
    assert taken >= 9
