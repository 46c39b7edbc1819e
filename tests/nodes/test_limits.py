"""Several nodes race for the same limits: none is exceeded at any moment, and all the work gets done."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from rota.model.commands.fleet import SetPool, SetQueue
from rota.model.commands.limits import SetLimit
from rota.model.limit import LimitSpec
from rota.model.queue import QueuePolicy
from rota.operations.distributor import Distributor
from tests.nodes.crew import Crew, crew
from tests.nodes.node_process import Work
from tests.nodes.test_nodes import check, trouble

TASKS = 150
"""Submitted by each node."""
NODES = ("a", "b")


@pytest.fixture
def nodes() -> Iterator[Crew]:
    with crew() as nodes:
        yield nodes


def prepare(dsn: str, *limits: LimitSpec, pools: tuple[str, ...] = ()) -> None:
    with Distributor.open(dsn) as rota:
        for pool in pools:
            rota.call(SetPool(pool=pool))
            rota.call(SetQueue(queue=pool, policy=QueuePolicy(pool=pool)))
        for limit in limits:
            rota.call(SetLimit(limit=limit))


def nothing_left(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("SET search_path = rota")
        for table in ("lease_limit", "admitted", "in_line"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall() == [(0,)], table


def quiet(nodes: Crew) -> list[str]:
    """Trouble that is more than two transactions that had to be done again."""
    return [line for line in trouble(nodes) if "deadlock" not in line and "run again" not in line]


def test_nodes_of_several_pools_share_one_limit(postgres_dsn: str, nodes: Crew) -> None:
    """Each pool has a lock of its own, so only the limit's own row stands between them."""
    prepare(
        postgres_dsn,
        LimitSpec(key="api", capacity=5),
        LimitSpec(key="api", unit="tasks", period=1, capacity=1_000, burst=20),
        LimitSpec(key="queue", capacity=4),
        pools=("x", "y"),
    )
    works = [
        Work(postgres_dsn, f"{name}{pool}", submit=TASKS, agents=2, pool=pool, limits=["api"], pause=0.002)
        for name in NODES
        for pool in ("x", "y")
    ]
    nodes.start(*works)
    nodes.go()
    nodes.until(lambda: len(nodes.many("done")) == 4 * TASKS)
    nodes.stop(*nodes.members)
    check(postgres_dsn, nodes)
    nothing_left(postgres_dsn)
    assert quiet(nodes) == []


def test_nodes_race_for_documents(postgres_dsn: str, nodes: Crew) -> None:
    prepare(postgres_dsn, LimitSpec(key="doc:{payload.document}", capacity=1))
    nodes.start(*(Work(postgres_dsn, name, submit=TASKS, agents=2, documents=12) for name in "abc"))
    nodes.go()
    nodes.until(lambda: len(nodes.many("done")) == 3 * TASKS)
    nodes.stop(*nodes.members)
    check(postgres_dsn, nodes)
    nothing_left(postgres_dsn)
    assert quiet(nodes) == []


def test_a_killed_node_keeps_no_part_of_a_limit(postgres_dsn: str, nodes: Crew) -> None:
    quick = {"rota.engine.timers.NODE_LOST_S": 2.0, "rota.engine.node.NODE_LOST_S": 2.0}
    prepare(postgres_dsn, LimitSpec(key="api", capacity=3), LimitSpec(key="doc:{payload.document}", capacity=1))
    greedy, other = nodes.start(
        Work(postgres_dsn, "greedy", agents=1, slots=3, limits=["api"], holds=True, settings=quick),
        Work(postgres_dsn, "other", submit=60, agents=2, limits=["api"], documents=20, settings=quick),
    )
    nodes.go(greedy)
    other.say("go")
    nodes.until(lambda: len(greedy.many("given")) > 0)
    greedy.kill()
    nodes.until(lambda: len(nodes.many("done")) == 60)
    nodes.stop(other)
    check(postgres_dsn, nodes)
    nothing_left(postgres_dsn)
