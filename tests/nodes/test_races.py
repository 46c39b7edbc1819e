"""Two nodes that do two things at the same moment, of which only one order or the other may show."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rota.audit.audit import audit
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, RemoveAgent, SetPool, SetQueue
from rota.model.commands.read import GetTask, ListTasks
from rota.model.commands.submit import Edit, Submit
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor

ROUNDS = 25


@pytest.fixture
def two(postgres_dsn: str) -> Iterator[tuple[Distributor, Distributor]]:
    with ExitStack() as stack:
        first = stack.enter_context(Distributor.open(postgres_dsn))
        yield first, stack.enter_context(Distributor.open(postgres_dsn))
        with first.store.read() as reader:
            report = audit(reader)
        assert report.clean, report.violations


def at_once(*calls: tuple[Distributor, Any]) -> list[Any]:
    """What each answers, or the code it is refused with."""
    together = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        together.wait()
        try:
            node, request = calls[place]
            answers[place] = node.call(request)
        except RotaError as error:
            answers[place] = error.code

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_sequence_stays_in_line(two: tuple[Distributor, Distributor]) -> None:
    for round_ in range(ROUNDS):
        submits = [Submit(tasks=[TaskSpec(title=node, sequence=f"s{round_}")]) for node in "ab"]
        at_once(*zip(two, submits, strict=True))
    two[0].call(Register(agent=AgentSpec(name="ann", slots=1_000)))
    given = two[0].call(Claim(agent="ann", n=1_000)).tasks
    found = Counter(two[0].call(GetTask(task=it.task)).sequence for it in given)
    assert found == Counter({f"s{round_}": 1 for round_ in range(ROUNDS)})


def test_edits_that_each_close_half_of_a_cycle(two: tuple[Distributor, Distributor]) -> None:
    first, second = two
    for _ in range(ROUNDS):
        specs = [TaskSpec(title=ref, ref=ref, held=True, after=after) for ref, after in _TWO_EDGES.items()]
        a, b, c, d = first.call(Submit(tasks=specs)).ids
        answers = at_once((first, Edit(task=a, after=[b])), (second, Edit(task=c, after=[d])))
        assert answers.count("cycle") == 1


_TWO_EDGES: dict[str, list[Any]] = {"a": [], "b": ["c"], "c": [], "d": ["a"]}


def test_a_removed_agent_gets_nothing(two: tuple[Distributor, Distributor]) -> None:
    first, second = two
    for round_ in range(ROUNDS):
        name = f"agent{round_}"
        first.call(Register(agent=AgentSpec(name=name)))
        first.call(Submit(tasks=[TaskSpec(title="t", pin=name)]))
        at_once((first, RemoveAgent(agent=name)), (second, Claim(agent=name)))
    assert first.call(ListTasks(state="running")).tasks == []


def test_a_task_lies_where_its_queue_is(two: tuple[Distributor, Distributor]) -> None:
    first, second = two
    first.call(SetPool(pool="other"))
    for round_ in range(ROUNDS):
        queue = f"q{round_}"
        first.call(SetQueue(queue=queue))
        at_once(
            (first, SetQueue(queue=queue, policy=QueuePolicy(pool="other"))),
            (second, Submit(tasks=[TaskSpec(title="t", queue=queue)])),
        )
    first.call(Register(agent=AgentSpec(name="ann", slots=100)))
    first.call(Register(agent=AgentSpec(name="bob", slots=100, pool="other")))
    given = [*first.call(Claim(agent="ann", n=100)).tasks, *first.call(Claim(agent="bob", n=100)).tasks]
    assert len(given) == ROUNDS


def test_a_new_name_belongs_to_one(two: tuple[Distributor, Distributor]) -> None:
    for round_ in range(ROUNDS):
        asked = [Register(agent=AgentSpec(name=f"agent{round_}"), instance=instance) for instance in "ab"]
        answers = at_once(*zip(two, asked, strict=True))
        assert answers.count("name_taken") == 1
