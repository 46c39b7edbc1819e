"""Several commands of which all are done, in one turn, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from rota.engine.all_or_none import Undone
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetTask, ListTasks
from rota.model.commands.submit import Describe, Edit, Hold, Submit, Unhold
from rota.model.commands.work import Beat, Claim, Claimed, Complete, Done, Heartbeat, Judged, Renewed
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.store.postgres_statements import LOCKS
from rota.testing import TestDistributor


@pytest.fixture
def tasks(rota: TestDistributor) -> list[str]:
    """One that is held, and one that nobody may do."""
    rota.call(Register(agent=AgentSpec(name="ann", slots=2)))
    ids: list[str] = rota.call(Submit(tasks=[TaskSpec(title="one"), TaskSpec(title="two", skills={"far": 9})])).ids
    rota.call(Hold(tasks=ids[:1]))
    return ids


def test_all_are_done(rota: TestDistributor, tasks: list[str]) -> None:
    (task, _) = tasks
    turns = rota.node.turns
    answers = rota.all_or_none(
        [Unhold(tasks=[task]), Edit(task=task, priority="high"), Claim(agent="ann", tasks=[task])]
    )
    assert not isinstance(answers, Undone)
    assert [given.task for given in answers[-1].tasks] == [task]
    assert rota.node.turns == turns + 1
    rota.call(Complete(outcomes=[Done(task=task, token=answers[-1].tasks[0].token)]))
    assert rota.call(GetTask(task=task)).priority == "high"


LATE = "0" * 15 + "1"
REFUSED: list[tuple[Callable[[str], Any], type]] = [
    (lambda _: Edit(task="task-99999999", priority="low"), RotaError),
    (lambda two: Claim(agent="ann", tasks=[two]), Claimed),
    (lambda two: Complete(outcomes=[Done(task=two, token=LATE)]), Judged),
    (lambda two: Heartbeat(agent="ann", beats=[Beat(task=two, token=LATE)]), Renewed),
    (lambda two: Unhold(tasks=[two]), object),
]


@pytest.mark.parametrize(("command", "kind"), REFUSED)
def test_or_none(rota: TestDistributor, tasks: list[str], command: Callable[[str], Any], kind: type) -> None:
    (one, two) = tasks
    before = rota.call(ListTasks(whole=True))
    others = [Unhold(tasks=[one]), Describe(task=one, title="other"), Submit(tasks=[TaskSpec(title="more")])]
    for place in range(4):
        refused = rota.all_or_none([*others[:place], command(two), *others[place:]])
        assert isinstance(refused, Undone)
        assert refused.place == place
        assert isinstance(refused.answer, kind)
        assert rota.call(ListTasks(whole=True)) == before
    assert rota.call(Submit(tasks=[TaskSpec(title="after")])).ids


def test_beside_the_commands_of_others() -> None:
    with Distributor.open(":memory:") as rota:
        rota.call(Submit(tasks=[TaskSpec(title="one")]))
        asked = rota.ask(Submit(tasks=[TaskSpec(title="two")]))
        refused = rota.all_or_none([Describe(task="task-1", title="x"), Unhold(tasks=["task-1"])])
        assert isinstance(refused, Undone)
        assert asked.result().ids == ["task-2"]
        assert rota.call(GetTask(task="task-1")).title == "one"
        assert rota.all_or_none([Describe(task="task-1", title="x"), Hold(tasks=["task-1"])])
        assert rota.call(GetTask(task="task-1")).title == "x"


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_pool_that_another_node_plans_is_waited_for(rota: TestDistributor, tasks: list[str], database: str) -> None:
    taking = [Unhold(tasks=tasks[:1]), Claim(agent="ann", tasks=tasks[:1])]
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, id::int) FROM rota.pool", [LOCKS])
        with pytest.raises(RotaError, match="another node was planning") as caught:
            rota.all_or_none(taking)
        assert caught.value.kind.again
        assert rota.call(GetTask(task=tasks[0])).state == "held"
    assert not isinstance(rota.all_or_none(taking), Undone)


def test_what_reads_is_no_part_of_it(rota: TestDistributor) -> None:
    with pytest.raises(RotaError, match="GetTask is not a command"):
        rota.all_or_none([GetTask(task="task-1")])
