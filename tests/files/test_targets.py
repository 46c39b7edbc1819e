"""`[targets]` of fleet.toml."""

from __future__ import annotations

import pytest

from rota.files.targets import Targets, TargetsTable
from rota.files.toml import parse_fleet
from rota.model.errors import RotaError


def test_what_is_left_out_is_as_usual() -> None:
    assert parse_fleet("", "fleet.toml").targets == Targets()
    found = parse_fleet('[targets]\ndistribution_latency = "1m"\nfairness = 0.5', "fleet.toml").targets
    assert (found.distribution_latency, found.fairness, found.completion_rate) == (60.0, 0.5, 0.99)


def test_the_table_and_what_is_used_agree() -> None:
    assert TargetsTable.__struct_fields__ == Targets.__struct_fields__
    table = TargetsTable()
    assert all(getattr(table, name) == getattr(Targets(), name) for name in Targets.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[targets]\ncompletion = 1", "fleet.toml:2 targets.completion"),
        ("[targets]\nfairness = 2", "fleet.toml:2 targets.fairness"),
        ('[targets]\ndistribution_latency = "soon"', "fleet.toml:2 targets.distribution_latency"),
    ],
)
def test_wrong_targets_name_line_and_field(text: str, field: str) -> None:
    with pytest.raises(RotaError) as caught:
        parse_fleet(text, "fleet.toml")
    assert caught.value.field == field
