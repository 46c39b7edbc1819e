"""Several real processes on one PostgreSQL database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from random import Random

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from rota.audit.audit import audit
from rota.model import state
from rota.store.postgres import PostgresStore
from tests.nodes.crew import Crew, crew
from tests.nodes.node_process import Work
from tests.servers.databases import DatabaseServer
from tests.servers.postgres import PostgresServer

TASKS = 400
"""Submitted by each node."""
IDLE_TURNS = 100
"""Four nodes that poll five times a second take about 30 turns in 1.2 seconds; waking each other, hundreds."""

ONLY_SIGNALS = {
    **{f"rota.engine.node.{what}_EVERY_S": 3_600.0 for what in ("LEASES", "NODES", "SWEEP", "SEEN")},
    "rota.engine.node.POLL_S": 3_600.0,
}
"""Nothing is done every so often, so that only a signal can tell a node anything."""


@pytest.fixture
def nodes() -> Iterator[Crew]:
    with crew() as nodes:
        yield nodes


def check(dsn: str, nodes: Crew) -> None:
    """Nothing lost, nothing done twice, nothing left over; order and leases as promised."""
    submitted, done = nodes.many("submitted"), nodes.done()
    assert len(set(submitted)) == len(submitted)
    assert set(done) <= set(submitted)
    assert {task for task, times in done.items() if times > 1} == set()
    with psycopg.connect(dsn) as connection:
        connection.execute("SET search_path = rota")
        states = connection.execute("SELECT state, count(*) FROM task GROUP BY state").fetchall()
        assert states == [(state.DONE, len(submitted))]
        for table in ("ready", "lease", "aside"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall() == [(0,)], table
        twice = "SELECT task FROM attempt WHERE outcome = 'done' GROUP BY task HAVING count(*) <> 1"
        assert connection.execute(twice).fetchall() == []
        depth = "SELECT lane FROM depth GROUP BY lane HAVING sum(n) <> 0"
        assert connection.execute(depth).fetchall() == []
    store = PostgresStore(dsn)
    with store.read() as reader:
        report = audit(reader)
    store.close()
    assert report.clean, report
    assert report.inversions == 0


def trouble(nodes: Crew) -> list[str]:
    return [line for member in nodes.members for lines in member.all("trouble") for line in lines]


def test_all_nodes_submit_and_claim(postgres_dsn: str, nodes: Crew) -> None:
    nodes.start(*(Work(postgres_dsn, name, submit=TASKS, agents=2) for name in "abc"))
    nodes.go()
    nodes.until(lambda: len(nodes.many("done")) == 3 * TASKS)
    nodes.stop(*nodes.members)
    check(postgres_dsn, nodes)
    given = Counter(task for task, _token, _attempt in nodes.many("given"))
    assert set(given.values()) == {1}
    assert all(member.many("done") for member in nodes.members), "one node did everything"
    assert [line for line in trouble(nodes) if "deadlock" not in line] == []


def test_a_waiting_claim_hears_of_a_task_elsewhere(postgres_dsn: str, nodes: Crew) -> None:
    claimer, submitter = nodes.start(
        Work(postgres_dsn, "claimer", agents=1, slots=1, wait=45.0, settings=ONLY_SIGNALS),
        Work(postgres_dsn, "submitter", submit=60, settings=ONLY_SIGNALS),
    )
    nodes.go(claimer)
    with psycopg.connect(postgres_dsn, autocommit=True) as observer:
        while not observer.execute("SELECT 1 FROM rota.listener").fetchall():
            observer.execute("SELECT pg_sleep(0.01)")
    nodes.go(submitter)
    nodes.until(lambda: len(nodes.many("done")) == 60)
    nodes.stop(submitter, claimer)
    assert claimer.all("nothing") == []
    assert {attempt for _task, _token, attempt in claimer.many("given")} == {1}, "an offer lapsed unheard"
    check(postgres_dsn, nodes)


def test_idle_nodes_are_quiet(postgres_dsn: str, postgres_server: DatabaseServer, nodes: Crew) -> None:
    """They poll five times a second and often meet at the lock; that must not make them wake each other for ever."""
    often = {"rota.engine.node.POLL_S": 0.2}
    nodes.start(*(Work(postgres_dsn, name, submit=100, agents=2, wait=45.0, settings=often) for name in "abcd"))
    nodes.go()
    nodes.until(lambda: len(nodes.many("done")) == 400)
    counted = "SELECT xact_commit FROM pg_stat_database WHERE datname = %s"
    database = str(conninfo_to_dict(postgres_dsn)["dbname"])
    seen: list[int] = []
    # From another database, so that looking is not counted. Counts are published once a second.
    with psycopg.connect(postgres_server.dsn, autocommit=True) as observer:
        while len(seen) < 3 or seen[-1] - seen[-2] > IDLE_TURNS:
            assert len(seen) < 8, f"turns go on and on: {seen}"
            observer.execute("SELECT pg_sleep(1.2)")
            seen += [n for (n,) in observer.execute(counted, [database]).fetchall()]
    nodes.stop(*nodes.members)
    check(postgres_dsn, nodes)


def test_a_killed_node_leaves_its_tasks_to_the_others(postgres_dsn: str, nodes: Crew) -> None:
    quick = {
        "rota.engine.timers.NODE_LOST_S": 2.0,
        "rota.engine.node.NODE_LOST_S": 2.0,
        "rota.engine.node.NODES_EVERY_S": 1.0,
        "rota.engine.node.POLL_S": 0.2,
    }
    doomed, *others = nodes.start(
        Work(postgres_dsn, "doomed", submit=100, agents=3, holds=True, settings=quick),
        *(Work(postgres_dsn, name, submit=TASKS, agents=2, settings=quick) for name in "ab"),
    )
    nodes.go()
    nodes.until(lambda: len(doomed.many("given")) >= 4 and len(nodes.many("done")) > 100)
    doomed.kill()
    held = {task for task, _token, _attempt in doomed.many("given")}
    submitted = {task for member in others for task in member.many("submitted")}
    nodes.until(lambda: held | submitted <= set(nodes.done()) and len(nodes.many("done")) >= 2 * TASKS)
    submitted_in_vain = _submitted_by_the_dead(postgres_dsn, nodes)
    nodes.until(lambda: len(nodes.many("done")) >= len(set(nodes.many("submitted"))) + len(submitted_in_vain))
    nodes.stop(*others)
    doomed.lines.append({"submitted": sorted(submitted_in_vain)})
    check(postgres_dsn, nodes)
    with psycopg.connect(postgres_dsn) as connection:
        counted = "SELECT task FROM rota.attempt WHERE outcome <> 'done' AND counted = 1"
        assert connection.execute(counted).fetchall() == [], "a lost node is no fault of its tasks"


def _submitted_by_the_dead(dsn: str, nodes: Crew) -> set[str]:
    """Tasks that were committed but whose answer the killed node never passed on."""
    with psycopg.connect(dsn) as connection:
        known = set(nodes.many("submitted"))
        return {f"task-{number}" for (number,) in connection.execute("SELECT id FROM rota.task")} - known


def test_connections_cut_under_load(postgres_dsn: str, nodes: Crew) -> None:
    """In the middle of turns and around commits: everything acknowledged stays, nothing is done twice."""
    nodes.start(*(Work(postgres_dsn, name, submit=TASKS, agents=2) for name in "abc"))
    nodes.go()
    ended = threading.Event()
    cuts = []

    def cut() -> None:
        random = Random(7)
        cutting = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rota'"
            " AND datname = current_database() AND state <> 'idle' ORDER BY random() LIMIT 1"
        )
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            while not ended.is_set():
                cuts.extend(connection.execute(cutting).fetchall())
                ended.wait(random.uniform(0.005, 0.05))

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        nodes.until(lambda: len(set(nodes.many("submitted"))) == 3 * TASKS and len(finished(nodes)) == 3 * TASKS)
    finally:
        ended.set()
        cutting.join()
    nodes.stop(*nodes.members)
    assert len(cuts) > 10
    assert any("connection was lost" in line for line in trouble(nodes))
    check(postgres_dsn, nodes)


def test_the_server_restarts_under_load(durable_postgres: PostgresServer, nodes: Crew) -> None:
    dsn = durable_postgres.create_database()
    nodes.start(*(Work(dsn, name, submit=TASKS, agents=2) for name in "abc"))
    nodes.go()
    for share, outage in ((0.2, durable_postgres.restart), (0.5, lambda: kill9(durable_postgres))):
        nodes.until(lambda share=share: len(finished(nodes)) >= share * 3 * TASKS)  # type: ignore[misc]
        outage()
    nodes.until(lambda: len(set(nodes.many("submitted"))) == 3 * TASKS and len(finished(nodes)) == 3 * TASKS)
    nodes.stop(*nodes.members)
    check(dsn, nodes)


def kill9(server: PostgresServer) -> None:
    server.kill9()
    server.start()


def finished(nodes: Crew) -> set[str]:
    """Tasks that are done for all that their agents know: a completion asked for twice is refused the second time."""
    return set(nodes.done()) | {task for refused in nodes.members for told in refused.all("refused") for task in told}
