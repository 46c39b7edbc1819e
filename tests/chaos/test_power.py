"""Power cuts in a row, on a disk that loses what was not synced."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.chaos.conftest import Rounds
from tests.durability.disk import Cut
from tests.durability.power_cuts import PowerCuts

CUTS: tuple[Cut, ...] = ("nothing", "some")


def test_power_cuts(rounds: Rounds, tmp_path: Path) -> None:
    def one_round(seed: int) -> None:
        random = Random(seed)
        cuts = PowerCuts(tmp_path, seed)
        for life in range(random.randint(1, 8)):
            disk = cuts.live(cut_before=random.randint(1, 900), turns=30)
            cuts.found = disk.cut(random.choice(CUTS), random)
            assert cuts.problems(cuts.found) == [], f"{life=}"
        assert cuts.problems_to_the_end(cuts.found) == []

    rounds(one_round)
