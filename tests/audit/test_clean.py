"""What the engine does is clean, whatever it is made to do."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random

import pytest

from rota.audit.audit import audit
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import PauseQueue, Register, ResumeQueue
from rota.model.commands.submit import Cancel, Submit
from rota.model.commands.work import Claim, Complete, Done, Fail, Failed
from rota.model.priority import PRIORITIES
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.testing import TestDistributor
from tests.audit.bustle import Bustle
from tests.audit.looking import audited, told


@pytest.mark.parametrize("seed", range(5))
def test_everything_that_can_happen_is_clean(seed: int, tmp_path: Path) -> None:
    with TestDistributor(seed=seed) as rota:
        _bustle(rota, seed, tmp_path, rounds=5)


def test_everything_that_can_happen_is_clean_in_a_file(tmp_path: Path) -> None:
    with TestDistributor(str(tmp_path / "rota.db"), seed=100) as rota:
        _bustle(rota, 100, tmp_path, rounds=2)


def test_everything_that_can_happen_is_clean_on_postgresql(postgres_dsn: str, tmp_path: Path) -> None:
    with TestDistributor(postgres_dsn, seed=101) as rota:
        _bustle(rota, 101, tmp_path, rounds=2)


def test_an_empty_database_is_clean(tmp_path: Path) -> None:
    with TestDistributor(str(tmp_path / "rota.db")) as rota:
        report = audited(rota)
    assert report.clean
    assert (report.tasks, report.gives, report.inversions) == (0, 0, 0)


def test_agents_and_submitters_at_the_same_time_are_clean_on_sqlite(tmp_path: Path) -> None:
    with Distributor.open(str(tmp_path / "rota.db")) as distributor:
        _work([distributor], rounds=25)
        with distributor.store.read() as reader:
            report = audit(reader)
    assert report.clean, told(report)
    assert report.gives > 100


def test_three_nodes_at_the_same_time_are_clean_on_postgresql(postgres_dsn: str) -> None:
    nodes = [Distributor.open(postgres_dsn) for _ in range(3)]
    try:
        _work(nodes, rounds=15)
        with nodes[0].store.read() as reader:
            report = audit(reader)
    finally:
        for node in nodes:
            node.close()
    assert report.clean, told(report)
    assert report.gives > 100


def test_it_tells_how_far_it_has_come(tmp_path: Path) -> None:
    told_of: list[tuple[int, int]] = []
    with TestDistributor(str(tmp_path / "rota.db")) as rota:
        rota.call(Submit(tasks=[TaskSpec(title="a task")]))
        with rota.node.store.read() as reader:
            report = audit(reader, lambda done, total: told_of.append((done, total)))
    assert told_of == [(report.events, report.events)]


def _bustle(rota: TestDistributor, seed: int, folder: Path, *, rounds: int) -> None:
    """So many times 100 random steps, each followed by an audit."""
    bustle = Bustle(rota, seed, folder / "archive")
    report = audited(rota)
    for _ in range(rounds):
        bustle.run(100)
        report = audited(rota)
        assert report.clean, told(report)
        assert report.tasks == sum(report.states.values()) + report.archived
    assert report.tasks > 20 * rounds
    assert report.gives > 10 * rounds


def _work(nodes: list[Distributor], *, rounds: int) -> None:
    """At each node agents take and end tasks while another thread submits, cancels and pauses."""
    threads = []
    for at, node in enumerate(nodes):
        for name in ("a", "b"):
            node.call(Register(agent=AgentSpec(name=f"{name}{at}", slots=3, skills={"py": at + 1})))
            threads.append(threading.Thread(target=_take, args=(node, f"{name}{at}", rounds)))
        threads.append(threading.Thread(target=_bring, args=(node, at, rounds)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _take(node: Distributor, name: str, rounds: int) -> None:
    random = Random(name)
    for _ in range(rounds):
        given = node.call(Claim(agent=name, n=3, wait=2)).tasks
        good = [task for task in given if random.random() < 0.8]
        bad = [task for task in given if task not in good]
        if good:
            node.call(Complete(outcomes=[Done(task=task.task, token=task.token) for task in good]))
        if bad:
            node.call(Fail(outcomes=[Failed(task=task.task, token=task.token, error="no") for task in bad]))


def _bring(node: Distributor, seed: int, rounds: int) -> None:
    random = Random(seed)
    for _ in range(rounds):
        specs = [
            TaskSpec(title="t", priority=random.choice(PRIORITIES), skills={"py": random.randrange(1, 4)})
            for _ in range(random.randrange(1, 20))
        ]
        ids = node.call(Submit(tasks=specs)).ids
        if random.random() < 0.3:
            node.call(Cancel(tasks=ids[:3]))
        if random.random() < 0.2:
            node.call(PauseQueue(queue="default"))
            node.call(ResumeQueue(queue="default"))
        if random.random() < 0.2:
            node.call(Register(agent=AgentSpec(name=f"a{seed}", slots=3, skills={"py": random.randrange(1, 4)})))
