"""Changing what a task says, in whatever state it is; and taking tasks out of their project."""

from __future__ import annotations

import pytest

from rota.audit.audit import audit
from rota.model.commands.fleet import CreateProject, FinalizeProject, RemoveFromProject
from rota.model.commands.read import GetProject, ListTasks
from rota.model.commands.submit import Describe
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.task import After, Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, kill, states, take, task, view


def test_words_change_in_every_state(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota, description="d", payload={"a": 1}, approval=True)
    for step in (lambda: None, lambda: take(rota, "ann"), lambda: done(rota, *_held(rota))):
        step()
        before = view(rota, number)
        rota.call(Describe(task=number, title=before.title + "!", payload={"n": before.version}))
        after = view(rota, number)
        assert (after.title, after.description, after.payload) == (before.title + "!", "d", {"n": before.version})
        assert (after.state, after.version) == (before.state, before.version + 1)
    rota.call(Describe(task=number, description="", payload=None))
    assert (view(rota, number).description, view(rota, number).payload) == ("", None)


def _held(rota: TestDistributor) -> list[Given]:
    (number,) = [one.id for one in rota.call(ListTasks(state="running")).tasks]
    return list(rota.call(Claim(agent="ann", tasks=[number])).tasks)


def test_only_what_was_seen_is_changed(rota: TestDistributor) -> None:
    number = task(rota)
    rota.call(Describe(task=number, title="a", version=0))
    with pytest.raises(RotaError) as caught:
        rota.call(Describe(task=number, title="b", version=0))
    assert caught.value.code == "changed"
    assert view(rota, number).title == "a"


@pytest.mark.parametrize(
    "bad", [{"title": ""}, {"title": "x" * 501}, {"description": "a\0"}, {"payload": float("nan")}]
)
def test_bad_words(rota: TestDistributor, bad: dict[str, object]) -> None:
    number = task(rota)
    with pytest.raises(RotaError):
        rota.call(Describe(task=number, **bad))  # type: ignore[arg-type]
    assert view(rota, number).version == 0


def test_whole_tasks_are_listed_as_they_are_shown_alone(rota: TestDistributor) -> None:
    first = task(rota, description="d", payload=[1])
    second = task(rota, after=[first])
    listed = rota.call(ListTasks(whole=True)).tasks
    assert listed == [view(rota, second), view(rota, first)]


def test_tasks_leave_their_project(rota: TestDistributor) -> None:
    agent(rota, "ann")
    specs = [
        TaskSpec(title="a", ref="a"),
        TaskSpec(title="b", ref="b", after=[After(task="a", rule="hold")]),
        TaskSpec(title="c", after=["b"]),
    ]
    made = rota.call(CreateProject(project=ProjectSpec(title="p", payload={"any": ["thing"]}), tasks=specs))
    assert rota.call(GetProject(project=made.project)).payload == {"any": ["thing"]}
    first, second, third = made.ids
    changed = rota.call(RemoveFromProject(project=made.project, tasks=[first, task(rota)]))
    assert changed.tasks == [first]
    assert list(changed.refused.values()) == ["no_task: it is not in this project"]
    assert states(rota, made.ids) == ["cancelled", "ready", "blocked"], "what waited for it waits no longer"
    assert view(rota, first).project is None
    rota.call(RemoveFromProject(project=made.project, tasks=[second]))
    assert states(rota, [third]) == ["ready"]
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


def test_what_runs_is_flagged_and_what_ended_keeps_its_story(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=2)
    made = rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=[TaskSpec(title="a"), TaskSpec(title="b")]))
    kill(rota, "ann", made.ids[0])
    given = take(rota, "ann")
    changed = rota.call(RemoveFromProject(project=made.project, tasks=made.ids))
    assert (changed.tasks, changed.pending) == ([made.ids[0]], [given.task])
    done(rota, given)
    assert states(rota, made.ids) == ["dead", "done"]
    rota.call(FinalizeProject(project=made.project))
    assert rota.call(GetProject(project=made.project)).tasks == {}
