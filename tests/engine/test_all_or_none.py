"""Several commands of which all are done, in one turn, or none."""

from __future__ import annotations

from typing import Any

import pytest

from rota.engine.all_or_none import Undone
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetTask, ListTasks
from rota.model.commands.submit import Describe, Edit, Hold, Submit, Unhold
from rota.model.commands.work import Beat, Claim, Claimed, Complete, Done, Heartbeat
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.testing import TestDistributor


@pytest.fixture
def rota() -> Any:
    with TestDistributor() as kit:
        kit.call(Register(agent=AgentSpec(name="ann", slots=2)))
        kit.call(Submit(tasks=[TaskSpec(title="one"), TaskSpec(title="two", skills={"far": 9})]))
        kit.call(Hold(tasks=["task-1"]))
        yield kit


def test_all_are_done(rota: TestDistributor) -> None:
    turns = rota.node.turns
    answers = rota.all_or_none(
        [Unhold(tasks=["task-1"]), Edit(task="task-1", priority="high"), Claim(agent="ann", tasks=["task-1"])]
    )
    assert not isinstance(answers, Undone)
    assert [given.task for given in answers[-1].tasks] == ["task-1"]
    assert rota.node.turns == turns + 1
    done = Done(task="task-1", token=answers[-1].tasks[0].token)
    rota.call(Complete(outcomes=[done]))
    assert rota.call(GetTask(task="task-1")).priority == "high"


LATE = "0" * 15 + "1"
REFUSED: list[tuple[Any, type]] = [
    (Edit(task="task-9", priority="low"), RotaError),
    (Claim(agent="ann", tasks=["task-2"]), Claimed),
    (Complete(outcomes=[Done(task="task-2", token=LATE)]), object),
    (Heartbeat(agent="ann", beats=[Beat(task="task-2", token=LATE)]), object),
    (Unhold(tasks=["task-2"]), object),
]


@pytest.mark.parametrize(("command", "kind"), REFUSED)
def test_or_none(rota: TestDistributor, command: Any, kind: type) -> None:
    before = rota.call(ListTasks(whole=True))
    others = [Unhold(tasks=["task-1"]), Describe(task="task-1", title="other"), Submit(tasks=[TaskSpec(title="more")])]
    for place in range(4):
        asked = [*others[:place], command, *others[place:]]
        refused = rota.all_or_none(asked)
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


def test_what_reads_is_no_part_of_it(rota: TestDistributor) -> None:
    with pytest.raises(RotaError, match="GetTask is not a command"):
        rota.all_or_none([GetTask(task="task-1")])
