"""Requests that nobody should send: one clear refusal naming the field, nothing half done."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.agent import AgentSpec, Cost
from rota.model.commands.fleet import (
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
from rota.model.queue import Backoff, QueuePolicy
from rota.model.task import After, TaskSpec
from rota.operations.decode import decode
from rota.operations.table import OPERATIONS
from rota.testing import TestDistributor
from tests.engine.fleet import agent, task, view
from tests.engine.untouched import DEEP, NUL, SURROGATE, refused, rows

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
    (Cancel(tasks=["task-01"]), "tasks[0]"),
    (GetTask(task="task-01"), "task"),
    (GetProject(project="proj-01"), "project"),
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
    (GiveBack(tasks=[]), "tasks"),
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
        ("submit", b'{"tasks":[{"titel":"x"}]}', "tasks[0].titel"),
        ("submit", b'{"tasks":[{"title":5}]}', "tasks[0].title"),
        ("submit", b'{"tasks":[{"title":"x"}],"extra":1}', "extra"),
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
    before = rows(memory)
    with pytest.raises(RotaError) as caught:
        memory.run(name, arguments)
    assert caught.value.code in ("invalid", "too_large")
    assert caught.value.field
    assert field is None or caught.value.field == field
    assert rows(memory) == before


def payload(text: bytes) -> bytes:
    return b'{"tasks":[{"title":"x"},{"title":"y","payload":{"a":[1,%s]}}]}' % text


@pytest.mark.parametrize(
    ("arguments", "field", "words"),
    [
        (b'{"tasks":[{"title":"a\\ud800b"}]}', "tasks[0].title", ["half of a character", "character 21"]),
        (payload(b"[" * 1_000 + b"]" * 1_000), "tasks[1].payload", ["deeper than 100 levels", "flatten"]),
        (payload(b"[" * 100_000), "tasks[1].payload", ["deeper than 100 levels", "flatten"]),
        (payload(b'"caf\xe9"'), "tasks[1].payload.a[1]", ["byte 59 ", "UTF-8"]),
        (b'{"tasks":[{"title":"x","ki\xffnd":1}]}', "tasks[0]['ki?']", ["byte 26 "]),
        (b"\xff\xfe", "request", ["byte 0 "]),
        (payload(b"1e400"), "tasks[1].payload.a[1]", ["1e400 is beyond 1.7976931348623157e+308", "as text"]),
        (payload(b"9" * 5_000), "tasks[1].payload.a[1]", ["5,000 digits", "beyond 9223372036854775807"]),
        (payload(b"18446744073709551615"), "tasks[1].payload", ["beyond 9223372036854775807"]),
        (b'{"tasks":[{"title":"x"', "request", ["ends too early", "character 22"]),
        (b'{"tasks":[{"title" "x"}]}', "request", ["not JSON", "character 19"]),
    ],
)
def test_bad_json_is_refused_with_place_and_fix(
    memory: TestDistributor, arguments: bytes, field: str, words: list[str]
) -> None:
    with pytest.raises(RotaError) as caught:
        memory.run("submit", arguments)
    assert (caught.value.code, caught.value.field) == ("invalid", field)
    for word in words:
        assert word in caught.value.message


ANY_BYTES = st.binary(max_size=60) | st.text(alphabet='[]{}",:\\ud8019e.-tn', max_size=60).map(str.encode)


@given(ANY_BYTES)
def test_any_bytes_are_a_request_or_refused(arguments: bytes) -> None:
    refusal: RotaError | None = None
    try:
        decode(OPERATIONS["submit"], arguments)
    except RotaError as error:
        refusal = error
    assert refusal is None or (refusal.code == "invalid" and refusal.field)


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
