"""Input that nobody should send: one clear refusal naming the field, nothing half done."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.agent import AgentSpec, Cost
from rota.model.commands.fleet import (
    CreateProject,
    Drain,
    FinalizeProject,
    PauseQueue,
    PurgeQueue,
    Register,
    SetPool,
    SetQueue,
)
from rota.model.commands.read import Backup, GetAgent, GetProject, GetStatistics, GetTask, ListAgents, ListEvents
from rota.model.commands.submit import Cancel, Edit, Hold, Redrive, Submit, Unhold
from rota.model.commands.work import (
    Answer,
    Approve,
    Ask,
    Beat,
    Claim,
    Complete,
    Confirm,
    Done,
    Fail,
    Failed,
    GiveBack,
    Heartbeat,
    Held,
    Reject,
)
from rota.model.errors import KINDS, RotaError
from rota.model.project import ProjectSpec
from rota.model.queue import Backoff, QueuePolicy
from rota.model.task import After, TaskSpec
from rota.operations.table import OPERATIONS
from rota.store.statement import One
from rota.testing import TestDistributor
from tests.engine.fleet import agent, task, view

_COUNTS = {
    name: One(f"count_{name}", f"SELECT count(*) FROM {name}")
    for name in ("task", "body", "ready", "aside", "lease", "timer", "dependency", "unique_key", "sequence_tail",
                 "request", "event", "agent", "queue", "pool", "project", "listener", "attempt", "statistic")
}  # fmt: skip
DEEP: Any = "x"
for _ in range(1_000):
    DEEP = [DEEP]
ROUND: list[Any] = []
ROUND.append(ROUND)
SURROGATE = "a\ud800b"
NUL = "a\0b"


def refused(rota: TestDistributor, request: Any) -> RotaError:
    """The refusal; the database is exactly as before."""
    before = _rows(rota)
    with pytest.raises(RotaError) as caught:
        rota.call(request)
    error = caught.value
    assert _rows(rota) == before, "something was half done"
    assert error.code in KINDS
    assert error.code != "internal", error
    assert not rota.node.trouble, "what a user sent is no trouble of the node's"
    shown = str(error)
    assert shown.isascii() or shown.encode(), "the message itself must be text"
    assert len(shown) < 2_000
    return error


def _rows(rota: TestDistributor) -> dict[str, int]:
    with rota.node.store.read() as reader:
        return {name: int(reader.one(text)[0][0]) for name, text in _COUNTS.items()}


BAD_TASKS: list[tuple[dict[str, Any], str, str]] = [
    # wrong types
    ({"title": 5}, "invalid", "title"),
    ({"title": None}, "invalid", "title"),
    ({"title": b"x"}, "invalid", "title"),
    ({"description": 5}, "invalid", "description"),
    ({"kind": ["x"]}, "invalid", "kind"),
    ({"ref": 5}, "invalid", "ref"),
    ({"queue": 5}, "invalid", "queue"),
    ({"queue": ["default"]}, "invalid", "queue"),
    ({"project": 5}, "invalid", "project"),
    ({"tenant": None}, "invalid", "tenant"),
    ({"priority": 1}, "invalid", "priority"),
    ({"priority": ["high"]}, "invalid", "priority"),
    ({"priority": "urgent"}, "invalid", "priority"),
    ({"deadline": []}, "invalid", "deadline"),
    ({"deadline": True}, "invalid", "deadline"),
    ({"start": {}}, "invalid", "start"),
    ({"ttl": object()}, "invalid", "ttl"),
    ({"estimate": "soon"}, "invalid", "estimate"),
    ({"skills": ["py"]}, "invalid", "skills"),
    ({"skills": {"py": "3"}}, "invalid", "skills.py"),
    ({"skills": {"py": True}}, "invalid", "skills.py"),
    ({"skills": {"py": 0}}, "invalid", "skills.py"),
    ({"skills": {5: 1}}, "invalid", "skills"),
    ({"skills": 0}, "invalid", "skills"),
    ({"role": 5}, "invalid", "role"),
    ({"regions": "eu"}, "invalid", "regions"),
    ({"regions": [5]}, "invalid", "regions"),
    ({"ban": {"a": 1}}, "invalid", "ban"),
    ({"limits": None}, "invalid", "limits"),
    ({"pin": ["a"]}, "invalid", "pin"),
    ({"after": "task-1"}, "invalid", "after"),
    ({"after": [5]}, "invalid", "after[0]"),
    ({"after": [After(task=5)]}, "invalid", "after[0]"),  # type: ignore[arg-type]
    ({"after": [After(task="task-1", rule="stop")]}, "invalid", "after[0].rule"),  # type: ignore[arg-type]
    ({"after": [After(task="task-1", until="now")]}, "invalid", "after[0].until"),  # type: ignore[arg-type]
    ({"after": None}, "invalid", "after"),
    ({"max_attempts": "3"}, "invalid", "max_attempts"),
    ({"max_attempts": 2.5}, "invalid", "max_attempts"),
    ({"approval": "no"}, "invalid", "approval"),
    ({"held": 1}, "invalid", "held"),
    ({"held": None}, "invalid", "held"),
    ({"payload": object()}, "invalid", "payload"),
    ({"payload": {"f": print}}, "invalid", "payload"),
    # sizes
    ({"title": ""}, "invalid", "title"),
    ({"title": "   "}, "invalid", "title"),
    ({"title": "x" * 1_000_000}, "too_large", "title"),
    ({"description": "x" * 100_001}, "too_large", "description"),
    ({"payload": "x" * 1_048_576}, "too_large", "payload"),
    ({"kind": "x" * 101}, "too_large", "kind"),
    ({"unique": "x" * 301}, "too_large", "unique"),
    ({"unique": ""}, "invalid", "unique"),
    ({"skills": {f"s{n}": 1 for n in range(65)}}, "too_large", "skills"),
    ({"limits": [f"l{n}" for n in range(65)]}, "too_large", "limits"),
    ({"after": ["task-1"] * 1_001}, "too_large", "after"),
    # characters
    ({"title": NUL}, "invalid", "title"),
    ({"title": SURROGATE}, "invalid", "title"),
    ({"description": NUL}, "invalid", "description"),
    ({"description": SURROGATE}, "invalid", "description"),
    ({"kind": "a\nb"}, "invalid", "kind"),
    ({"role": NUL}, "invalid", "role"),
    ({"tenant": SURROGATE}, "invalid", "tenant"),
    ({"queue": SURROGATE}, "invalid", "queue"),
    ({"project": SURROGATE}, "invalid", "project"),
    ({"project": NUL}, "invalid", "project"),
    ({"unique": NUL}, "invalid", "unique"),
    ({"sequence": SURROGATE}, "invalid", "sequence"),
    ({"after": [SURROGATE]}, "invalid", "after[0]"),
    ({"regions": [NUL]}, "invalid", "regions"),
    ({"skills": {SURROGATE: 1}}, "invalid", "skills"),
    ({"payload": NUL}, "invalid", "payload"),
    ({"payload": {"k": [SURROGATE]}}, "invalid", "payload"),
    ({"payload": {NUL: 1}}, "invalid", "payload"),
    # depth and numbers
    ({"payload": DEEP}, "invalid", "payload"),
    ({"payload": ROUND}, "invalid", "payload"),
    ({"payload": 2**63}, "invalid", "payload"),
    ({"payload": [-(2**63) - 1]}, "invalid", "payload"),
    ({"payload": {"n": 10**400}}, "invalid", "payload"),
    ({"payload": float("nan")}, "invalid", "payload"),
    ({"payload": [1, {"a": float("inf")}]}, "invalid", "payload"),
    ({"max_attempts": 0}, "invalid", "max_attempts"),
    ({"max_attempts": -1}, "invalid", "max_attempts"),
    ({"max_attempts": 2**70}, "invalid", "max_attempts"),
    # times
    ({"deadline": "2020-01-01T00:00:00Z"}, "past", "deadline"),
    ({"deadline": 0}, "past", "deadline"),
    ({"deadline": -1}, "invalid", "deadline"),
    ({"deadline": "-5m"}, "invalid", "deadline"),
    ({"deadline": "2026-02-30T00:00:00Z"}, "invalid", "deadline"),
    ({"deadline": "2026-03-01T00:00:00"}, "invalid", "deadline"),
    ({"deadline": "9999-12-31T23:59:59-23:00"}, "invalid", "deadline"),
    ({"deadline": "tomorrow"}, "invalid", "deadline"),
    ({"deadline": ""}, "invalid", "deadline"),
    ({"deadline": float("nan")}, "invalid", "deadline"),
    ({"deadline": float("inf")}, "invalid", "deadline"),
    ({"deadline": 10**400}, "invalid", "deadline"),
    ({"deadline": "9e99"}, "invalid", "deadline"),
    ({"start": "0001-01-01T00:00:00+23:59"}, "invalid", "start"),
    ({"start": -0.5}, "invalid", "start"),
    ({"ttl": -1}, "invalid", "ttl"),
    ({"ttl": "11y"}, "invalid", "ttl"),
    ({"ttl": 10**12}, "invalid", "ttl"),
    ({"estimate": "1h-5m"}, "invalid", "estimate"),
    # unknown names
    ({"queue": "nowhere"}, "no_queue", "queue"),
    ({"project": "apollo"}, "invalid", "project"),
    ({"project": "proj-99"}, "no_project", "project"),
    ({"after": ["nobody"]}, "unknown_reference", "after[0]"),
    ({"after": ["task-99999"]}, "unknown_reference", "after[0]"),
    ({"after": ["task-99999999999999999999"]}, "unknown_reference", "after[0]"),
]


@pytest.mark.parametrize(
    ("more", "code", "field"), BAD_TASKS, ids=[f"{at}-{next(iter(bad[0]))}" for at, bad in enumerate(BAD_TASKS)]
)
def test_a_bad_task_refuses_the_whole_submit(
    memory: TestDistributor, more: dict[str, Any], code: str, field: str
) -> None:
    agent(memory, "ann")
    specs = [TaskSpec(title="good"), TaskSpec(**{"title": "bad", **more})]
    project = CreateProject(project=ProjectSpec(title="p"), tasks=specs)
    for request in (Submit(tasks=specs), Submit(tasks=specs, key="k"), project):
        error = refused(memory, request)
        assert error.field == f"tasks[1].{field}"
        assert error.code == ("invalid" if request is project and field == "project" else code)
    assert memory.call(Submit(tasks=specs[:1], key="k")).ids


NUMBER = "task-1"
TOKEN = "0" * 16
BAD_REQUESTS: list[tuple[Any, str]] = [
    (Submit(tasks=None), "tasks"),  # type: ignore[arg-type]
    (Submit(tasks=5), "tasks"),  # type: ignore[arg-type]
    (Submit(tasks="abc"), "tasks"),  # type: ignore[arg-type]
    (Submit(tasks=[None]), "tasks[0]"),  # type: ignore[list-item]
    (Submit(tasks=[TaskSpec(title="a"), {"title": "b"}]), "tasks[1]"),  # type: ignore[list-item]
    (Submit(tasks=[TaskSpec(title="a")], key=5), "key"),  # type: ignore[arg-type]
    (Submit(tasks=[TaskSpec(title="a")], key=""), "key"),
    (Submit(tasks=[TaskSpec(title="a")], key=NUL), "key"),
    (Submit(tasks=[TaskSpec(title="a")], key="x" * 301), "key"),
    (Submit(tasks=[TaskSpec(title="a")], batch=SURROGATE), "batch"),
    (Edit(task=5), "task"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, title=5), "title"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, title=NUL), "title"),
    (Edit(task=NUMBER, description=SURROGATE), "description"),
    (Edit(task=NUMBER, priority="urgent"), "priority"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, deadline=-1), "deadline"),
    (Edit(task=NUMBER, deadline=[]), "deadline"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, version="1"), "version"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, max_attempts=2.5), "max_attempts"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, skills={"py": 2**70}), "edit.skills.py"),
    (Edit(task=NUMBER, ban="ann"), "ban"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, after=["nobody"]), "after[0]"),
    (Edit(task=NUMBER, after=[After(task="task-1", rule="x")]), "after[0].rule"),  # type: ignore[arg-type]
    (Edit(task=NUMBER, after=["task-99"] * 1_001), "after"),
    (Cancel(), "tasks"),
    (Cancel(tasks="task-1"), "tasks"),  # type: ignore[arg-type]
    (Cancel(tasks=["1"]), "tasks[0]"),
    (Cancel(tasks=[NUMBER], reason=NUL), "reason"),
    (Cancel(tasks=[NUMBER] * 10_001), "tasks"),
    (Cancel(batch=NUL), "batch"),
    (Hold(tasks=[]), "tasks"),
    (Hold(tasks=[None]), "tasks[0]"),  # type: ignore[list-item]
    (Hold(tasks=[NUMBER], reason="x" * 4_001), "reason"),
    (Unhold(tasks=["task-x"]), "tasks[0]"),
    (Redrive(tasks=["task-"]), "tasks[0]"),
    (Claim(agent=5), "agent"),  # type: ignore[arg-type]
    (Claim(agents="ann"), "agents"),  # type: ignore[arg-type]
    (Claim(agent="ann", n="x"), "n"),  # type: ignore[arg-type]
    (Claim(agent="ann", n=2**70), "n"),
    (Claim(agent="ann", wait="x"), "wait"),  # type: ignore[arg-type]
    (Claim(agent="ann", request=SURROGATE), "request"),
    (Claim(agent="ann", delivery="pigeon"), "delivery"),  # type: ignore[arg-type]
    (Claim(agents=["ann"] * 20_000), "agents"),
    (Confirm(offers=[5]), "offers[0]"),  # type: ignore[list-item]
    (Confirm(offers=[Held(task="1", token=TOKEN)]), "offers[0].task"),
    (Confirm(offers=[Held(task=NUMBER, token="x")]), "offers[0].token"),
    (Heartbeat(agent="ann", beats=None), "beats"),  # type: ignore[arg-type]
    (Heartbeat(agent="ann", beats=[Beat(task=NUMBER, token=TOKEN, progress="x")]), "beats[0].progress"),  # type: ignore[arg-type]
    (Heartbeat(agent="ann", beats=[Beat(task=NUMBER, token=TOKEN, checkpoint=DEEP)]), "beats[0].checkpoint"),
    (Heartbeat(agent="ann", beats=[Beat(task=NUMBER, token=TOKEN)] * 10_001), "beats"),
    (Complete(outcomes=None), "outcomes"),  # type: ignore[arg-type]
    (Complete(outcomes=[None]), "outcomes[0]"),  # type: ignore[list-item]
    (Complete(outcomes=[Done(task=NUMBER, token=TOKEN), 5]), "outcomes[1]"),  # type: ignore[list-item]
    (Fail(outcomes=[Failed(task=NUMBER, token=TOKEN, error=5)]), "outcomes[0].error"),  # type: ignore[arg-type]
    (Fail(outcomes=[Failed(task=NUMBER, token=TOKEN, error="e", retryable="no")]), "outcomes[0].retryable"),  # type: ignore[arg-type]
    (Fail(outcomes=[]), "outcomes"),
    (GiveBack(tasks=[Held(task=NUMBER, token="short")]), "tasks[0].token"),
    (GiveBack(tasks=[Held(task=NUMBER, token=TOKEN)], reason=NUL), "reason"),
    (GiveBack(tasks=[]), "outcomes"),
    (Ask(task=NUMBER, token=TOKEN, question=NUL), "question"),
    (Ask(task=NUMBER, token=TOKEN, question="?", checkpoint=2**64), "checkpoint"),
    (Answer(task=NUMBER, answer=SURROGATE), "answer"),
    (Approve(tasks=[]), "tasks"),
    (Reject(task=NUMBER, reason=""), "reason"),
    (Register(agent=None), "agent"),  # type: ignore[arg-type]
    (Register(agent=AgentSpec(name=5)), "agent.name"),  # type: ignore[arg-type]
    (Register(agent=AgentSpec(name="bob", slots="2")), "agent.slots"),  # type: ignore[arg-type]
    (Register(agent=AgentSpec(name="bob", cost=Cost(per_task=float("inf")))), "agent.cost.per_task"),
    (Register(agent=AgentSpec(name="bob"), instance=NUL), "instance"),
    (Drain(agent="ann", reason=NUL), "reason"),
    (SetQueue(queue=NUL), "queue"),
    (SetQueue(queue="q", policy=QueuePolicy(backoff=Backoff(base="x"))), "policy.backoff.base"),  # type: ignore[arg-type]
    (SetQueue(queue="q", policy=QueuePolicy(backoff=Backoff(cap=float("nan")))), "policy.backoff"),
    (SetQueue(queue="q", policy=QueuePolicy(overflow="drop")), "policy.overflow"),  # type: ignore[arg-type]
    (SetPool(pool=SURROGATE), "pool"),
    (PauseQueue(queue="default", reason=SURROGATE), "reason"),
    (PurgeQueue(queue="nowhere"), "queue"),
    (FinalizeProject(project=NUL), "project"),
    (GetProject(project=SURROGATE), "project"),
    (GetTask(task=None), "task"),  # type: ignore[arg-type]
    (GetAgent(agent=NUL), "agent"),
    (GetStatistics(minutes="60"), "minutes"),  # type: ignore[arg-type]
    (ListEvents(limit=0), "limit"),
    (ListAgents(limit=10_000), "limit"),
    (Backup(path=5), "path"),  # type: ignore[arg-type]
    (Backup(path=NUL), "path"),
    ({"tasks": []}, "request"),
    (None, "request"),
    (Submit, "request"),
]


@pytest.mark.parametrize(
    ("request_", "field"), BAD_REQUESTS, ids=[f"{at}-{bad[1]}" for at, bad in enumerate(BAD_REQUESTS)]
)
def test_a_bad_request(memory: TestDistributor, request_: Any, field: str) -> None:
    agent(memory, "ann")
    number = task(memory)
    before = view(memory, number)
    assert refused(memory, request_).field == field
    assert view(memory, number) == before


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        ("submit", b'{"tasks":[{"titel":"x"}]}', "tasks[0]"),
        ("submit", b'{"tasks":[{"title":5}]}', "tasks[0].title"),
        ("submit", b'{"tasks":[{"title":"x"}],"extra":1}', "submit"),
        ("submit", b'{"tasks":[{"title":"x"}', "request"),
        ("submit", b"\xff\xfe", "request"),
        ("submit", b"[]", "submit"),
        ("submit", b"", "request"),
        ("submit", b'{"tasks":[{"title":"x","payload":' + b"[" * 5_000 + b"]" * 5_000 + b"}]}", None),
        ("submit", b'{"tasks":[{"title":"x","payload":123456789012345678901234567890}]}', None),
        ("submit", b'{"tasks":[{"title":"a\\u0000b"}]}', "tasks[0].title"),
        ("submit", b'{"tasks":[{"title":"a\\ud800b"}]}', None),
        ("submit", {"tasks": [{"title": None}]}, "tasks[0].title"),
        ("submit", {"tasks": {}}, "tasks"),
        ("claim", b'{"agent":"ann","n":99999999999999999999}', None),
        ("frobnicate", b"{}", "operation"),
        ("", b"{}", "operation"),
    ],
)
def test_bad_json(memory: TestDistributor, name: str, arguments: Any, field: str | None) -> None:
    before = _rows(memory)
    with pytest.raises(RotaError) as caught:
        memory.run(name, arguments)
    assert caught.value.code in ("invalid", "too_large")
    assert caught.value.field
    assert field is None or caught.value.field == field
    assert _rows(memory) == before


def test_the_largest_that_fits(rota: TestDistributor) -> None:
    agent(rota, "ann")
    nested: Any = "x"
    for _ in range(99):
        nested = [nested]
    payloads: list[Any] = [
        2**63 - 1,
        -(2**63),
        nested,
        "x" * 1_048_574,
        {"\U0001f980": "\u00e9\n\t\u2028"},
        1e308,
        0.1,
        "",
    ]
    for payload in payloads:
        number = task(rota, payload=payload)
        assert view(rota, number).payload == payload
    number = task(rota, description="\u00e9" * 100_000)
    assert len(view(rota, number).description or "") == 100_000


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_refusals_are_among_those_the_table_names(name: str) -> None:
    for code in OPERATIONS[name].errors:
        assert code in KINDS
