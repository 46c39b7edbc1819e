"""A session with every tool called once, on a clock of its own: the examples of the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.calling import call_tool
from rota.model.commands.work import Claim
from rota.model.task import Given
from rota.operations.table import Scope
from rota.owner.face import Handed
from rota.testing import TestDistributor

Json = dict[str, Any]
ROSTER = [
    {"name": "data-1", "role": "data-engineer", "skills": ["audio"], "slots": 2},
    {"name": "ai-1", "role": "ai-engineer", "skills": {"pytorch": 3, "lora": 2}},
]
TASKS = [
    {
        "ref": "data",
        "title": "Prepare training dataset",
        "description": "Segment the recordings and check their quality.",
        "payload": {"ruleRecommendations": "24 kHz, 5-15 s segments"},
        "skills": ["audio"],
        "estimate": "20m",
    },
    {"ref": "train", "title": "Train the model", "role": "ai-engineer", "after": ["data"], "deadline": "1d"},
    {"title": "Evaluate it", "after": ["train"], "approval": True},
]


class Exchange(NamedTuple):
    """A call and its answer."""

    arguments: Json
    answer: Json


class _Session:
    """A session that forgets all it is told."""

    agent = "mcp-1f0c9a2b"
    folder = None
    scopes: frozenset[Scope] = frozenset({"read", "submit", "work", "approve", "route", "admin"})

    def registered(self, agent: str) -> None:
        del agent

    def own_claim(self, rota: Asking, request: Claim) -> Claim:
        """All it has is its own."""
        del rota
        return request

    def took(self, given: Sequence[Given]) -> None:
        del given

    def ended(self, tasks: Sequence[str]) -> None:
        del tasks


class _Sample:
    """Calls tools and keeps the first exchange with each."""

    def __init__(self, rota: TestDistributor) -> None:
        self.rota = rota
        self.kept: dict[str, Exchange] = {}

    def call(self, tool: str, **arguments: Any) -> Json:
        """The answer."""
        # The kit calls the same distributor as everybody; only its clock is its own.
        found = call_tool(self.rota._distributor, _Session(), tool, arguments)
        while isinstance(found, Future):
            if tool in ("claim_tasks", "assign_tasks") and not found.done():
                self.rota.clock.advance(1)
                continue
            found = found.result()
        result = found.answer if isinstance(found, Handed) else found
        answer: Json = result["structuredContent"]
        self.kept.setdefault(tool, Exchange(arguments, answer))
        return answer

    def work(self, answer: Json) -> Json:
        """Task and token of the only task handed over."""
        (one,) = answer.get("tasks") or answer["assignments"]
        self.rota.clock.advance(30)
        return {"task": one["task"], "token": one["token"]}


def exchanges() -> dict[str, Exchange]:
    """By tool, one call of it and its answer."""
    with TestDistributor() as rota:
        sample = _Sample(rota)
        for part in (_begin, _do, _look, _intervene):
            part(sample.call, sample.work)
        return sample.kept


Do = Callable[..., Json]


def _begin(call: Do, work: Do) -> None:
    del work
    call("register_roster", agents=ROSTER)
    call("submit_tasks", tasks=TASKS, key="voice-plan-1")
    call("schedule_task", task={"title": "Look at the loss curve"}, start="2h")
    call("match_agents", skills=["pytorch", "lora"], role="ai-engineer")
    call("get_distribution_context", payload={"query": "task volumes, agent capacities"})


def _do(call: Do, work: Do) -> None:
    mine = work(call("claim_tasks", agent="data-1", wait=30))
    call("heartbeat", **mine, progress=0.4, notes="quality check runs")
    call("ask", **mine, question="May I drop clips under 5 s?", checkpoint={"clips": 812})
    call("answer", task=mine["task"], answer="Yes, drop them.")
    mine = work(call("claim_tasks", agent="data-1"))
    call("give_back_task", **mine, reason="I am shutting down")
    mine = work(call("claim_tasks", agent="data-1"))
    call("complete_task", **mine, result="1,847 clips, 98.2 % pass the check", usage={"tokens": 5200})
    theirs = work(call("assign_tasks", n=4))
    blockers = [{"title": "Turn on gradient checkpointing", "role": "ai-engineer"}]
    call("fail_task", **theirs, error="out of memory after 2 epochs", blocked_by=blockers)
    call("complete_task", **work(call("assign_tasks", n=4)))
    call("complete_task", **work(call("assign_tasks", n=4)), result={"loss": 0.11})
    mine = work(call("assign_tasks", n=4))
    call("complete_task", **mine, result="WER 9 %")
    call("reject_task", task=mine["task"], reason="WER is 9 %, the goal is 7 %")


def _look(call: Do, work: Do) -> None:
    del work
    call("explain_task", task="task-4")
    call("explain_agent", agent="ai-1")
    call("list_agents")
    call("list_queues")
    call("distribution_status")
    call("simulate", compare=["default", "round_robin"])


def _intervene(call: Do, work: Do) -> None:
    call("route_task", task="task-3", agent="ai-1", reason="it knows the model")
    call("hold", tasks=["task-3"], reason="the GPU node is down")
    call("drain", agent="data-1", reason="new version")
    call("drain", agent="data-1", release=True)
    call("set_policy", queue="training", set={"max_attempts": 3, "approval": True})
    (task,) = call("submit_tasks", tasks=[{"title": "Upload the model"}])["ids"]
    call("fail_task", **work(call("assign_tasks", tasks=[task])), error="no such bucket", retryable=False)
    call("redrive", tasks=[task])
