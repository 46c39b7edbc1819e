"""Memory does not grow with the length of a workload."""

from __future__ import annotations

import apsw

from tests.simulator.runs import run


def test_the_database_stays_small() -> None:
    def peak(tasks: str) -> int:
        apsw.memory_high_water(True)
        run("poisson", "10", tasks=tasks, agent__fail="0.2", queue__max_attempts="2")
        return apsw.memory_high_water()

    peak("100")
    short, long = peak("400"), peak("1600")
    assert long < 1.1 * short
