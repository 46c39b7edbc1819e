"""Whatever two sessions do: nothing is lost, nobody shares a task, and what is shown is what was said."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rota.audit.audit import audit
from rota.faces.mcp.classic.call import call
from rota.testing import TestDistributor
from tests.mcp.classic.playing_agents import Player

WHO = st.integers(0, 1)
WHICH = st.integers(0, 5)
STATUS = st.sampled_from(["not started", "in progress", "done"])
DETAILS = st.sampled_from(["ok", "FAILED: it broke", "half of it", "Zoë 任务"])


class TwoSessions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.rota = TestDistributor()
        self.players = [Player(self.rota, name) for name in ("ann", "bob")]
        self.project, self.tasks = self.players[0].project("a", "b", {"dependsOn": ["a"]})
        self.approved: dict[str, Any] = {}

    def teardown(self) -> None:
        with self.rota.node.store.read() as reader:
            report = audit(reader)
        assert report.clean, report.violations
        self.rota.close()

    def do(self, who: int, tool: str, **arguments: Any) -> dict[str, Any] | None:
        """What the tool says; None when it could not."""
        result = call(self.rota, self.players[who].session, tool, {"projectId": self.project, **arguments})
        text = result["content"][0]["text"]
        if result.get("isError"):
            assert text.startswith("Tool execution failed: ")
            assert "unexpected" not in text
            return None
        told: dict[str, Any] = json.loads(text)
        return told

    def pick(self, which: int) -> str:
        return self.tasks[which % len(self.tasks)]

    @rule(who=WHO, priority=st.sampled_from(["critical", "normal", "low"]))
    def add(self, who: int, priority: str) -> None:
        told = self.do(who, "create_task", title="more", description="d", priority=priority)
        assert told is not None
        self.tasks.append(told["newTasks"][0]["id"])

    @rule(who=WHO)
    def ask(self, who: int) -> None:
        told = self.do(who, "get_next_task")
        assert told is not None
        if "task" in told:
            assert told["task"]["agent"] == self.players[who].agent
            assert told["task"]["id"] in self.tasks
            again = self.do(who, "get_next_task")
            assert again is not None
            assert again["task"]["id"] == told["task"]["id"] or self.has(who) > 1

    def has(self, who: int) -> int:
        told = self.do(who, "list_tasks", state="in_progress")
        assert told is not None
        return sum(task["agent"] == self.players[who].agent for task in told["tasks"])

    @rule(who=WHO, which=WHICH, status=STATUS, details=DETAILS)
    def update(self, who: int, which: int, status: str, details: str) -> None:
        task = self.pick(which)
        before = self.players[who].task(self.project, task)
        told = self.do(who, "update_task", taskId=task, status=status, completedDetails=details)
        after = self.players[who].task(self.project, task)
        if before["approved"] or told is None:
            assert told is None or not before["approved"]
            return
        assert told["task"] == after
        assert after["status"] == status
        if status == "done":
            assert after["completedDetails"] == details

    @rule(who=WHO, which=WHICH)
    def approve(self, who: int, which: int) -> None:
        task = self.pick(which)
        before = self.players[who].task(self.project, task)
        told = self.do(who, "approve_task", taskId=task)
        assert (told is not None) == (before["status"] == "done" and not before["approved"])
        if told is not None:
            self.approved[task] = self.players[who].task(self.project, task)

    @rule(who=WHO, which=WHICH)
    def delete(self, who: int, which: int) -> None:
        if len(self.tasks) < 2:
            return
        task = self.pick(which)
        told = self.do(who, "delete_task", taskId=task)
        assert (told is None) == (task in self.approved)
        if told is not None:
            self.tasks.remove(task)

    @rule(seconds=st.sampled_from([1, 20, 90]))
    def time_passes(self, seconds: int) -> None:
        self.rota.clock.advance(f"{seconds}s")

    @rule(who=WHO)
    def the_session_ends(self, who: int) -> None:
        session = self.players[who].session
        assert session is not None
        session.end(self.rota)
        assert self.has(who) == 0

    @invariant()
    def everything_is_there(self) -> None:
        told = self.do(0, "list_tasks")
        assert told is not None
        assert [task["id"] for task in told["tasks"]] == self.tasks
        for task in told["tasks"]:
            assert task["approved"] == (task["id"] in self.approved)
            if task["approved"]:
                assert task == self.approved[task["id"]]


TwoSessions.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestTwoSessions = TwoSessions.TestCase
