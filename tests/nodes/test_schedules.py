"""Several nodes at one PostgreSQL database: each tick of a schedule comes once, whoever lives or dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import psycopg
import pytest

from rota.audit.audit import audit
from rota.model.commands.schedules import SetSchedule
from rota.model.schedule import ScheduleSpec
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.testing import TestDistributor
from tests.nodes.crew import Crew, crew
from tests.nodes.node_process import Work

ROUNDS = 12
FEW = 1
PATIENCE_S = 60.0
MICROSECONDS = 1_000_000


@pytest.fixture
def nodes() -> Iterator[Crew]:
    with crew() as nodes:
        yield nodes


def came(dsn: str) -> list[tuple[int, int]]:
    """Ticks with the tasks they submitted; each task is of the tick that its payload names."""
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SET search_path = rota")
        found = connection.execute("SELECT at, task FROM tick ORDER BY at").fetchall()
        assert connection.execute("SELECT count(*) FROM task WHERE batch = 'schedule:beat'").fetchall() == [
            (len(found),)
        ]
        odd = (
            "SELECT tick.task FROM tick JOIN body ON body.task = tick.task WHERE extract(epoch FROM"
            " (body.payload::json ->> 'tick')::timestamptz) * 1000000 <> tick.at"
        )
        assert connection.execute(odd).fetchall() == []
    return [(int(at), int(task)) for at, task in found]


def test_two_nodes_at_the_same_moment(postgres_dsn: str) -> None:
    with TestDistributor(postgres_dsn) as first, TestDistributor(postgres_dsn, seed=1) as second:
        spec = ScheduleSpec(name="beat", cron="* * * * *", task=TaskSpec(title="beat"))
        first.call(SetSchedule(schedule=spec))
        for round_ in range(ROUNDS):
            if round_ == ROUNDS // 2:
                second.restart()
            together = threading.Barrier(2)

            def pass_a_minute(node: TestDistributor, together: threading.Barrier = together) -> None:
                together.wait(30)
                node.clock.advance("60s")

            threads = [threading.Thread(target=pass_a_minute, args=(node,)) for node in (first, second)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        with first.node.store.read() as reader:
            report = audit(reader)
        assert report.clean, report.violations
        ticks = came(postgres_dsn)
        assert len(ticks) == len({task for _at, task in ticks}) == ROUNDS
        assert {later - earlier for (earlier, _), (later, _) in pairwise(ticks)} == {60 * MICROSECONDS}


def test_a_node_is_killed(postgres_dsn: str, nodes: Crew) -> None:
    first, _second = nodes.start(Work(dsn=postgres_dsn, name="a"), Work(dsn=postgres_dsn, name="b"))
    nodes.go()
    with Distributor.open(postgres_dsn) as rota:
        spec = ScheduleSpec(name="beat", every="1s", catch_up="all", task=TaskSpec(title="beat"))
        rota.call(SetSchedule(schedule=spec))
    # Now the two processes are alone with it.
    wait_for(postgres_dsn, FEW)
    first.kill()
    wait_for(postgres_dsn, len(came(postgres_dsn)) + FEW)
    nodes.stop(*nodes.members[1:])
    ticks = came(postgres_dsn)
    assert len(ticks) >= 2 * FEW
    assert {later - earlier for (earlier, _), (later, _) in pairwise(ticks)} == {MICROSECONDS}


def wait_for(dsn: str, n: int) -> None:
    """Until so many ticks have come."""
    until = time.monotonic() + PATIENCE_S
    while len(came(dsn)) < n:
        assert time.monotonic() < until
        time.sleep(0.2)
