"""Claims for a project's tasks, or for some tasks alone."""

from __future__ import annotations

import pytest

from rota.audit.audit import audit
from rota.model.commands.fleet import AddToProject, CreateProject, PauseQueue
from rota.model.commands.limits import SetLimit
from rota.model.commands.work import Claim, Claimed
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.project import ProjectSpec
from rota.model.task import After, Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, fail, give_back, submit, take, view


def project(rota: TestDistributor, *tasks: TaskSpec) -> tuple[str, list[str]]:
    made = rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=list(tasks)))
    return made.project, made.ids


def claim(rota: TestDistributor, name: str, **more: object) -> list[Given]:
    claimed: Claimed = rota.call(Claim(agent=name, **more))  # type: ignore[arg-type]
    return claimed.tasks


def ids(given: list[Given]) -> list[str]:
    return [one.task for one in given]


def sound(rota: TestDistributor) -> None:
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


def test_only_its_project_and_in_the_order_of_work(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=5)
    outside = submit(rota, TaskSpec(title="better", priority="critical"))
    own, tasks = project(rota, TaskSpec(title="low", priority="low"), TaskSpec(title="high", priority="high"))
    first = claim(rota, "ann", project=own)
    assert ids(first) == [tasks[1]]
    assert ids(claim(rota, "ann", project=own)) == [tasks[1]], "what it has comes back"
    assert claim(rota, "ann", project=own)[0].token == first[0].token
    done(rota, *first)
    assert ids(claim(rota, "ann", project=own)) == [tasks[0]]
    assert ids(claim(rota, "ann")) == outside
    sound(rota)


@pytest.mark.parametrize("others", [5, 40, 1_100])
def test_behind_others_of_its_lane(rota: TestDistributor, others: int) -> None:
    agent(rota, "ann", slots=9)
    owns = [project(rota, *(TaskSpec(title="t", estimate="1m") for _ in range(others if n == 0 else 1)))
            for n in range(17)]  # fmt: skip
    last, (wanted,) = owns[16]
    more = rota.call(AddToProject(project=last, tasks=[TaskSpec(title="t", estimate="1m")])).ids
    assert ids(claim(rota, "ann", project=last, n=1)) == [wanted], "the first project stands in the same lane"
    done(rota, *claim(rota, "ann", project=last, n=1))
    assert ids(claim(rota, "ann", project=last, n=5)) == more


def test_two_at_the_same_moment_get_two(rota: TestDistributor) -> None:
    for name in ("ann", "bob", "cid"):
        agent(rota, name)
    own, tasks = project(rota, TaskSpec(title="a"), TaskSpec(title="b"))
    answers = rota.together(*(Claim(agent=name, project=own) for name in ("ann", "bob", "cid")))
    assert sorted(task for answer in answers for task in ids(answer.tasks)) == sorted(tasks)
    sound(rota)


def test_exactly_this_task(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=2)
    agent(rota, "bob")
    first, second = submit(rota, TaskSpec(title="better", priority="critical"), TaskSpec(title="wanted"))
    given = claim(rota, "ann", tasks=[second])
    assert ids(given) == [second]
    assert claim(rota, "bob", tasks=[second]) == [], "another one has it"
    assert ids(claim(rota, "bob")) == [first]
    assert view(rota, second).agent == "ann"
    sound(rota)


def test_what_it_can_not_do_is_not_given_unless_that_is_overridden(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    own, tasks = project(rota, TaskSpec(title="a", skills={"go": 3}, role="smith", resources={"gpu": 1}))
    banned = submit(rota, TaskSpec(title="b", ban=["ann"]))
    assert claim(rota, "ann", project=own) == []
    assert claim(rota, "ann", tasks=tasks) == []
    assert ids(claim(rota, "ann", project=own, override=True)) == tasks
    assert claim(rota, "ann", tasks=banned, override=True) == [], "a ban stays"
    sound(rota)


def test_whoever_failed_is_avoided_for_a_while(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    own, tasks = project(rota, TaskSpec(title="a"))
    fail(rota, claim(rota, "ann", project=own)[0])
    rota.clock.advance("5s")
    assert claim(rota, "ann", project=own, override=True) == []
    assert ids(claim(rota, "bob", project=own)) == tasks
    sound(rota)


def test_limits_and_pauses_hold(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    rota.call(SetLimit(limit=LimitSpec(key="api", capacity=1)))
    own, tasks = project(rota, TaskSpec(title="a", limits=["api"]), TaskSpec(title="b", limits=["api"]))
    given = claim(rota, "ann", tasks=tasks, n=2)
    assert len(given) == 1
    rest = [task for task in tasks if task != given[0].task]
    assert claim(rota, "ann", tasks=rest) == []
    done(rota, *given)
    rota.call(PauseQueue(queue="default"))
    assert claim(rota, "ann", project=own) == []
    sound(rota)


def test_a_claim_that_waits_is_answered_when_its_task_is_ready(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    parent, child = submit(rota, TaskSpec(title="p", ref="p"), TaskSpec(title="c", after=[After(task="p")]))
    waiting = rota.ask(Claim(agent="ann", tasks=[child], wait=30))
    other = submit(rota, "another")
    assert not waiting.done()
    given = [take(rota, "bob")]
    if given[0].task == other[0]:
        give_back(rota, *given)
        given = claim(rota, "bob", tasks=[parent])
    done(rota, *given)
    assert ids(waiting.result(0).tasks) == [child]
    sound(rota)


def test_a_claim_that_waits_ends_with_nothing(rota: TestDistributor) -> None:
    agent(rota, "ann")
    own, _tasks = project(rota)
    before = rota.clock()
    assert claim(rota, "ann", project=own, wait=10) == []
    assert rota.clock() - before == 10_000_000


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"override": True}, "override"),
        ({"project": "p", "tasks": ["task-1"]}, "tasks"),
        ({"tasks": ["seven"]}, "tasks[0]"),
    ],
)
def test_refused(rota: TestDistributor, more: dict[str, object], field: str) -> None:
    agent(rota, "ann")
    with pytest.raises(RotaError) as caught:
        claim(rota, "ann", **more)
    assert (caught.value.code, caught.value.field) == ("invalid", field)
