"""Stages and slots that are kept: what would be breaches without their events is none with them, and only with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetPool
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done, GiveBack, Held
from rota.model.ids import task_number
from rota.model.queue import PoolPolicy, Preemption
from rota.model.stage import Change, Stage
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.audit.looking import audited_at, told
from tests.audit.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A slot kept for `better` while `best` waits, and a task that grew old."""
    path = tmp_path / "rota.db"
    with TestDistributor(str(path)) as rota:
        policy = PoolPolicy(preempt=Preemption(band="critical", over="low", patience_s=5.0))
        rota.call(SetPool(pool="default", policy=policy))
        rota.call(Register(agent=AgentSpec(name="ann", slots=1)))
        names = {}

        def bring(name: str, **more: object) -> None:
            (answered,) = rota.call(Submit(tasks=[TaskSpec(title=name, **more)])).ids  # type: ignore[arg-type]
            names[name] = task_number(answered)

        def taken(name: str) -> Given:
            given: Given = rota.call(Claim(agent="ann")).tasks[0]
            assert given.task == f"task-{names[name]}"
            return given

        bring("victim", priority="low")
        victim = taken("victim")
        bring("better", priority="critical")
        rota.clock.advance("6s")
        bring("best", priority="emergency")
        rota.call(GiveBack(tasks=[Held(task=victim.task, token=victim.token)]))
        given = taken("better")
        rota.call(Complete(outcomes=[Done(task=given.task, token=given.token)]))
        given = taken("best")
        bring("old", priority="normal", stages=[Stage(after="10s", change=Change(priority="high"))])
        rota.clock.advance("11s")
        rota.call(Complete(outcomes=[Done(task=given.task, token=given.token)]))
    opened = Scene(path, names)
    yield opened
    opened.close()


def counts(scene: Scene) -> dict[str, int]:
    scene.close()
    return audited_at(str(scene.path)).counts


def test_with_their_events_all_is_well(scene: Scene) -> None:
    scene.close()
    report = audited_at(str(scene.path))
    assert report.clean, told(report)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET kind = 'something' WHERE kind = 'keep_slot'",
        "UPDATE event SET data = json_set(data, '$.agent', 7) WHERE kind = 'keep_slot'",
        "UPDATE event SET data = json_set(data, '$.better', 1) WHERE kind = 'keep_slot'",
        "UPDATE event SET data = json_set(data, '$.until', 0) WHERE kind = 'keep_slot'",
    ],
)
def test_a_slot_that_was_not_kept_for_it(scene: Scene, damage: str) -> None:
    scene.run(damage)
    assert counts(scene) == {"inversion": 1}


def test_a_promotion_without_its_stage(scene: Scene) -> None:
    scene.run("UPDATE event SET kind = 'something' WHERE kind = 'stage'")
    assert counts(scene) == {"unrecorded_promotion": 1}
