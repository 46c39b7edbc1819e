"""Each refusal that the table of operations names, once, with its code and the field it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.apply import Apply
from rota.model.commands.fleet import (
    AddToProject,
    CreateProject,
    DeleteProject,
    Drain,
    FinalizeProject,
    PauseQueue,
    PurgeQueue,
    Register,
    RemoveAgent,
    RemoveFromProject,
    ResumeAgent,
    ResumeQueue,
    SetHealth,
    SetPool,
    SetQueue,
)
from rota.model.commands.keys import RevokeKey
from rota.model.commands.limits import GetLimit, RemoveLimit, ResetLimit, SetLimit
from rota.model.commands.read import (
    Explain,
    ExplainAgent,
    GetAgent,
    GetHistory,
    GetProject,
    GetQueue,
    GetTask,
    ListTasks,
)
from rota.model.commands.route import Assign, Match, SetRules
from rota.model.commands.schedules import NextTicks, PauseSchedule, RemoveSchedule, ResumeSchedule, SetSchedule
from rota.model.commands.submit import Describe, Edit, Submit
from rota.model.commands.work import Answer, Ask, Claim, Fail, Failed, Heartbeat, Reject
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.project import ProjectSpec
from rota.model.queue import QueuePolicy
from rota.model.rule import Rule, RuleSet
from rota.model.schedule import ScheduleSpec
from rota.model.task import TaskSpec
from rota.operations.table import BY_REQUEST, OPERATIONS
from rota.testing import TestDistributor
from tests.engine.fleet import agent, kill, queue, submit, take, task

Setup = Callable[[TestDistributor], Any]
PAST = "2020-01-01T00:00:00Z"
NOBODY, NOWHERE = "task-999999", "proj-999999"
LOOP = [TaskSpec(title="a", ref="a", after=["b"]), TaskSpec(title="b", ref="b", after=["a"])]


def one(**more: Any) -> list[TaskSpec]:
    return [TaskSpec(title="t", **more)]


def twice(**more: Any) -> list[TaskSpec]:
    return one(**more) * 2


def named(rota: TestDistributor) -> str:
    rota.call(CreateProject(project=ProjectSpec(title="p", key="k")))
    return "k"


def project(rota: TestDistributor) -> str:
    number: str = rota.call(CreateProject(project=ProjectSpec(title="p"))).project
    return number


def closed(rota: TestDistributor) -> str:
    number = project(rota)
    rota.call(FinalizeProject(project=number))
    return number


def full(rota: TestDistributor) -> str:
    queue(rota, "full", depth=1)
    task(rota, queue="full")
    return "full"


def taken(rota: TestDistributor) -> str:
    rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
    return "ann"


def running(rota: TestDistributor) -> Any:
    agent(rota, "ann")
    task(rota)
    return take(rota, "ann")


def dead(rota: TestDistributor) -> str:
    agent(rota, "ann")
    number = task(rota)
    kill(rota, "ann", number)
    return number


def far(rota: TestDistributor) -> str:
    rota.call(SetPool(pool="far"))
    return "far"


def added(rota: TestDistributor) -> str:
    """A project to which a task was added under the request `r`."""
    number: str = rota.call(CreateProject(project=ProjectSpec(title="p"))).project
    rota.call(AddToProject(project=number, tasks=one(), request="r"))
    return number


def keyed(rota: TestDistributor) -> str:
    rota.call(Submit(tasks=one(), key="k"))
    return "k"


def used_up(rota: TestDistributor) -> str:
    rota.call(SetLimit(limit=LimitSpec(key="api", capacity=1, on_empty="refuse")))
    agent(rota, "ann")
    task(rota, limits=["api"])
    take(rota, "ann")
    return "api"


def wished(rota: TestDistributor) -> str:
    """A source that named a queue, in which a task waits by now."""
    rota.call(Apply(source="f", queues={"q": QueuePolicy()}))
    task(rota, queue="q")
    return "f"


def pair(rota: TestDistributor) -> tuple[str, str]:
    parent, child = submit(rota, TaskSpec(title="p", ref="p"), TaskSpec(title="c", after=["p"]))
    return parent, child


REFUSALS: list[tuple[str, str, Setup]] = [
    ("past", "tasks[0].deadline", lambda _: Submit(tasks=one(deadline=PAST))),
    ("cycle", "tasks", lambda _: Submit(tasks=LOOP)),
    ("unknown_reference", "tasks[0].after[0]", lambda _: Submit(tasks=one(after=[NOBODY]))),
    ("no_queue", "tasks[0].queue", lambda _: Submit(tasks=one(queue="q"))),
    ("no_project", "tasks[0].project", lambda _: Submit(tasks=one(project="apollo"))),
    ("duplicate", "tasks[1].ref", lambda _: Submit(tasks=twice(ref="a"))),
    ("other_request", "key", lambda rota: Submit(tasks=one(kind="other"), key=keyed(rota))),
    ("queue_full", "tasks[0].queue", lambda rota: Submit(tasks=one(queue=full(rota)))),
    ("limit_used_up", "tasks[0]", lambda rota: Submit(tasks=one(limits=[used_up(rota)]))),
    ("no_limit", "key", lambda _: RemoveLimit(key="api")),
    ("no_limit", "key", lambda _: ResetLimit(key="api")),
    ("no_limit", "key", lambda _: GetLimit(key="api")),
    ("wrong_state", "tasks[0].project", lambda rota: Submit(tasks=one(project=closed(rota)))),
    ("no_task", "task", lambda _: Edit(task=NOBODY)),
    ("wrong_state", "task", lambda rota: Edit(task=dead(rota))),
    ("changed", "version", lambda rota: Edit(task=task(rota), version=7)),
    ("cycle", "after", lambda rota: (lambda p: Edit(task=p[0], after=[p[1]]))(pair(rota))),
    ("no_task", "task", lambda _: Describe(task=NOBODY)),
    ("changed", "version", lambda rota: Describe(task=task(rota), version=7)),
    ("past", "deadline", lambda rota: Edit(task=task(rota), deadline=PAST)),
    ("unknown_reference", "after[0]", lambda rota: Edit(task=task(rota), after=[NOBODY])),
    ("duplicate", "after[1]", lambda rota: Edit(task=task(rota), after=[task(rota)] * 2)),
    ("no_agent", "agent", lambda _: ExplainAgent(agent="bob")),
    ("no_agent", "agent", lambda _: Claim(agent="bob")),
    ("name_taken", "instance", lambda rota: Claim(agent=taken(rota), instance="two")),
    ("no_task", "tasks[0]", lambda rota: (lambda it: Claim(agent=it.agent, tasks=[NOBODY]))(running(rota))),
    ("no_project", "project", lambda rota: (lambda it: Claim(agent=it.agent, project=NOWHERE))(running(rota))),
    ("no_agent", "agent", lambda _: Heartbeat(agent="bob")),
    ("name_taken", "instance", lambda rota: Heartbeat(agent=taken(rota), instance="two")),
    ("past", "outcomes[0].retry_at", lambda rota: (lambda it: Fail(
        outcomes=[Failed(task=it.task, token=it.token, error="e", retry_at=PAST)]))(running(rota))),
    ("lease_lost", "token", lambda rota: Ask(task=task(rota), token="0" * 16, question="?")),
    ("no_task", "task", lambda _: Answer(task=NOBODY, answer="x")),
    ("wrong_state", "task", lambda rota: Answer(task=task(rota), answer="x")),
    ("no_task", "task", lambda _: Reject(task=NOBODY, reason="x")),
    ("wrong_state", "task", lambda rota: Reject(task=task(rota), reason="x")),
    ("name_taken", "agent.name", lambda rota: Register(agent=AgentSpec(name=taken(rota)), instance="two")),
    ("not_empty", "agent.pool", lambda rota: (lambda it: Register(
        agent=AgentSpec(name=it.agent, pool=far(rota))))(running(rota))),
    ("no_agent", "agent", lambda _: Drain(agent="bob")),
    ("no_agent", "agent", lambda _: ResumeAgent(agent="bob")),
    ("no_agent", "agent", lambda _: RemoveAgent(agent="bob")),
    ("no_agent", "agent", lambda _: SetHealth(agent="bob", healthy=True)),
    ("name_taken", "instance", lambda rota: SetHealth(agent=taken(rota), healthy=True, instance="two")),
    ("not_empty", "policy.pool", lambda rota: (lambda pool, _task: SetQueue(
        queue="default", policy=QueuePolicy(pool=pool)))(far(rota), task(rota))),
    ("no_queue", "policy.overflow_queue", lambda _: SetQueue(
        queue="q", policy=QueuePolicy(depth=1, overflow="move", overflow_queue="nowhere"))),
    ("no_queue", "queue", lambda _: PauseQueue(queue="q")),
    ("no_queue", "queue", lambda _: ResumeQueue(queue="q")),
    ("no_queue", "queue", lambda _: PurgeQueue(queue="q")),
    ("other_request", "request", lambda rota: AddToProject(project=added(rota), tasks=twice(), request="r")),
    ("other_request", "project.key", lambda rota: CreateProject(
        project=ProjectSpec(title="p", key=named(rota)), tasks=one())),
    *((code, field, lambda rota, make=make: CreateProject(project=ProjectSpec(title="p"), tasks=make(rota)))
      for code, field, make in (
        ("past", "tasks[0].deadline", lambda _: one(deadline=PAST)),
        ("cycle", "tasks", lambda _: LOOP),
        ("unknown_reference", "tasks[0].after[0]", lambda _: one(after=[NOBODY])),
        ("no_queue", "tasks[0].queue", lambda _: one(queue="q")),
        ("duplicate", "tasks[1].unique", lambda _: twice(unique="u")),
        ("queue_full", "tasks[0].queue", lambda rota: one(queue=full(rota))),
        ("limit_used_up", "tasks[0]", lambda rota: one(limits=[used_up(rota)])),
    )),
    *((code, field, lambda rota, make=make: AddToProject(project=project(rota), tasks=make(rota)))
      for code, field, make in (
        ("past", "tasks[0].deadline", lambda _: one(deadline=PAST)),
        ("cycle", "tasks", lambda _: LOOP),
        ("unknown_reference", "tasks[0].after[0]", lambda _: one(after=[NOBODY])),
        ("no_queue", "tasks[0].queue", lambda _: one(queue="q")),
        ("duplicate", "tasks[1].unique", lambda _: twice(unique="u")),
        ("queue_full", "tasks[0].queue", lambda rota: one(queue=full(rota))),
        ("limit_used_up", "tasks[0]", lambda rota: one(limits=[used_up(rota)])),
    )),
    ("no_project", "project", lambda _: AddToProject(project=NOWHERE, tasks=one())),
    ("wrong_state", "project", lambda rota: AddToProject(project=closed(rota), tasks=one())),
    ("no_project", "project", lambda _: RemoveFromProject(project=NOWHERE, tasks=[NOBODY])),
    ("wrong_state", "project", lambda rota: RemoveFromProject(project=closed(rota), tasks=[NOBODY])),
    ("no_project", "project", lambda _: FinalizeProject(project=NOWHERE)),
    ("wrong_state", "project", lambda rota: (lambda it: FinalizeProject(project=it.project))(
        rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=one())))),
    ("no_project", "project", lambda _: DeleteProject(project="apollo")),
    ("no_task", "task", lambda _: GetTask(task=NOBODY)),
    ("no_queue", "queue", lambda _: ListTasks(queue="q")),
    ("no_agent", "agent", lambda _: ListTasks(agent="bob")),
    ("no_project", "project", lambda _: ListTasks(project="apollo")),
    ("no_task", "task", lambda _: GetHistory(task=NOBODY)),
    ("no_task", "task", lambda _: Explain(task=NOBODY)),
    ("no_agent", "agent", lambda _: GetAgent(agent="bob")),
    ("no_queue", "queue", lambda _: GetQueue(queue="q")),
    ("no_queue", "queue", lambda _: Match(queue="q")),
    ("no_queue", "rules[0].set.queue", lambda _: SetRules(rules=[Rule(match={}, set=RuleSet(queue="q"))])),
    ("no_agent", "agent", lambda rota: Assign(tasks=[task(rota)], agent="bob", by="me")),
    ("no_project", "project", lambda _: GetProject(project=NOWHERE)),
    ("no_key", "key", lambda _: RevokeKey(key=9)),
    ("no_queue", "schedule.task.queue", lambda _: SetSchedule(
        schedule=ScheduleSpec(name="s", every="1h", task=one(queue="q")[0]))),
    ("not_empty", "gone.q", lambda rota: (lambda source: Apply(source=source, removes=True))(wished(rota))),
    ("no_queue", "rules[0].set.queue", lambda _: Apply(rules=[Rule(match={}, set=RuleSet(queue="q"))])),
    ("changed", "seen", lambda _: Apply(tenants={"t": 2}, seen="other")),
    ("no_schedule", "schedule", lambda _: RemoveSchedule(schedule="s")),
    ("no_schedule", "schedule", lambda _: PauseSchedule(schedule="s")),
    ("no_schedule", "schedule", lambda _: ResumeSchedule(schedule="s")),
    ("no_schedule", "schedule", lambda _: NextTicks(schedule="s")),
]  # fmt: skip
ELSEWHERE = {("backup", "full_disk"), ("backup", "read_only"), ("archive", "full_disk"), ("archive", "read_only"),
             ("restore_archive", "no_archive")}  # fmt: skip
"""Shown where there are real disks and files."""
OF_ALL = {"invalid", "too_large", "unavailable"}


def test_the_table_names_them_all_and_no_others(memory: TestDistributor) -> None:
    shown = set()
    for code, _field, setup in REFUSALS:
        with TestDistributor() as rota:
            shown.add((BY_REQUEST[type(setup(rota))].name, code))
    named = {(name, code) for name, it in OPERATIONS.items() for code in it.errors if code not in OF_ALL}
    assert shown | ELSEWHERE == named
    assert memory.states() == {}


@pytest.mark.parametrize(("code", "field", "setup"), REFUSALS, ids=[f"{n}-{it[0]}" for n, it in enumerate(REFUSALS)])
def test_it_is_refused_and_changes_nothing(rota: TestDistributor, code: str, field: str, setup: Setup) -> None:
    request = setup(rota)
    before = rota.states()
    with pytest.raises(RotaError) as caught:
        rota.call(request)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert rota.states() == before
    assert caught.value.fix in str(caught.value)
    assert caught.value.as_dict()["code"] == code


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_refuses_what_it_does_not_know(memory: TestDistributor, name: str) -> None:
    with pytest.raises(RotaError) as caught:
        memory.run(name, {"nonsense": 1})
    assert caught.value.code == "invalid"
    assert OPERATIONS[name].documentation
