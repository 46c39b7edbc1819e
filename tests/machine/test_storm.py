"""Whatever comes, and in whatever order, the tables agree afterwards and the audit finds nothing.

Where the model machine knows what must happen, one command at a time, a storm only knows what must not: a command
refused as `internal`, trouble in a node, or two tables that tell different stories.
"""

from __future__ import annotations

from random import Random

import pytest

from rota.audit.audit import audit
from rota.testing import TestDistributor
from tests.engine import tables
from tests.engine.emptied import empty
from tests.machine.storm import Storm


@pytest.mark.parametrize("seed", range(20))
def test_in_memory(seed: int) -> None:
    with TestDistributor(seed=seed) as rota:
        weather(rota, seed, 120)


@pytest.mark.parametrize("seed", range(100, 103))
def test_on_postgresql(machine_dsn: str, seed: int) -> None:
    empty(machine_dsn)
    with TestDistributor(machine_dsn, seed=seed) as rota:
        weather(rota, seed, 60)


def weather(rota: TestDistributor, seed: int, turns: int) -> None:
    storm = Storm(rota, seed)
    for _ in range(turns):
        storm.turn()
        storm.pass_time()
        tables.check(rota)
        assert not rota.node.trouble
    assert len(storm.given) > turns // 10, "too calm to prove anything"
    audited(rota)


def audited(rota: TestDistributor) -> None:
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


@pytest.mark.parametrize("seed", range(200, 203))
def test_two_nodes_on_one_database(machine_dsn: str, seed: int) -> None:
    """Turn by turn in one thread, so that every run is the same: offers cross over, each node plans for both."""
    empty(machine_dsn)
    with TestDistributor(machine_dsn, seed=seed) as first, TestDistributor(machine_dsn, seed=seed + 1) as second:
        storm = Storm(first, seed)
        storms, random = [storm, storm.beside(second)], Random(seed)
        for _ in range(80):
            random.choice(storms).turn()
            for _ in range(random.choice([0, 0, 1, 4, 9, 31])):
                one_second(first, second, random)
            for rota in (first, second, first, second):  # each hears of the other
                rota.node.touch([])
                rota.node.step([])
            tables.check(first, second)
            assert not [*first.node.trouble, *second.node.trouble]
        assert len(storm.given) > 8, "too calm to prove anything"
        audited(first)


def one_second(first: TestDistributor, second: TestDistributor, random: Random) -> None:
    for rota in (first, second):
        rota.clock.jump(1)
    for rota in random.sample([first, second], 2):
        rota.node.step([])
