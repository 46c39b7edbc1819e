"""docs/cookbook.md: every recipe can be loaded as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.agents.apply import apply_fleet
from rota.files.toml import parse_fleet
from rota.operations.distributor import Distributor
from tests.files.test_generated import DOCS, blocks

RECIPES = blocks((DOCS / "cookbook.md").read_text(), "toml")


def test_there_are_thirteen() -> None:
    assert len(RECIPES) == 13


@pytest.mark.parametrize("text", RECIPES, ids=[str(number) for number in range(1, len(RECIPES) + 1)])
def test_it_can_be_used(text: str, tmp_path: Path) -> None:
    fleet = parse_fleet(text, str(tmp_path / "fleet.toml"))
    with Distributor.open(":memory:") as rota:
        apply_fleet(rota, fleet)
