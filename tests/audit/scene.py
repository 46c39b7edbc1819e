"""A small database with a task in every state, for tests that damage copies of it."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetQueue
from rota.model.commands.submit import Cancel, Submit
from rota.model.commands.work import Ask, Claim, Complete, Done, Fail, Failed
from rota.model.event import Move
from rota.model.ids import task_number
from rota.model.queue import QueuePolicy
from rota.model.state import RUNNING
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor

Rows = list[tuple[object, ...]]


def make_scene(path: Path) -> dict[str, int]:
    """Write the database; task numbers by what became of them."""
    with TestDistributor(str(path)) as rota:
        rota.call(SetQueue(queue="reviewed", policy=QueuePolicy(approval=True)))
        rota.call(Register(agent=AgentSpec(name="ann", slots=9, skills={"py": 2})))
        rota.call(Register(agent=AgentSpec(name="bob", slots=9, role="writer")))
        names: dict[str, int] = {}

        def bring(name: str, spec: TaskSpec) -> None:
            (answered,) = rota.call(Submit(tasks=[spec])).ids
            names[name] = task_number(answered)

        def taken(name: str) -> Given:
            given: Given = rota.call(Claim(agent="ann")).tasks[0]
            assert given.task == f"task-{names[name]}"
            return given

        bring("done", TaskSpec(title="done", priority="emergency"))
        given = taken("done")
        rota.call(Fail(outcomes=[Failed(task=given.task, token=given.token, error="once")]))
        given = rota.call(Claim(agent="bob", wait=10)).tasks[0]
        rota.call(Complete(outcomes=[Done(task=given.task, token=given.token, result="fine")]))
        bring("dead", TaskSpec(title="dead", priority="emergency"))
        given = taken("dead")
        rota.call(Fail(outcomes=[Failed(task=given.task, token=given.token, error="never", retryable=False)]))
        bring("review", TaskSpec(title="review", queue="reviewed"))
        given = taken("review")
        rota.call(Complete(outcomes=[Done(task=given.task, token=given.token)]))
        bring("asked", TaskSpec(title="asked"))
        given = taken("asked")
        rota.call(Ask(task=given.task, token=given.token, question="which?"))
        bring("running", TaskSpec(title="running"))
        taken("running")
        bring("cancelled", TaskSpec(title="cancelled"))
        rota.call(Cancel(tasks=[f"task-{names['cancelled']}"]))
        bring("scheduled", TaskSpec(title="scheduled", start="1h"))
        bring("held", TaskSpec(title="held", held=True))
        bring("ready", TaskSpec(title="ready", priority="high"))
        bring("low", TaskSpec(title="low", priority="low"))
        bring("skilled", TaskSpec(title="skilled", priority="low", skills={"py": 2}))
        bring("blocked", TaskSpec(title="blocked", after=[f"task-{names['ready']}"]))
    return names


class Scene:
    """A copy of the scene to be damaged with plain SQL."""

    def __init__(self, path: Path, names: dict[str, int]) -> None:
        self.path = path
        self.names = names
        self._connection = apsw.Connection(str(path))

    def __getitem__(self, name: str) -> int:
        return self.names[name]

    def run(self, sql: str, *values: object) -> Rows:
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> int:
        (row,) = self.run(sql, *values)
        assert isinstance(row[0], int)
        return row[0]

    def lane(self, name: str) -> int:
        return self.one("SELECT lane FROM task WHERE id = ?", self[name])

    def agent(self, name: str) -> int:
        return self.one("SELECT id FROM agent WHERE name = ?", name)

    def say(self, kind: str, *moves: Move, **data: object) -> int:
        """One more event, as if the engine had written it; its number."""
        text, facts = msgspec.json.encode(moves).decode(), msgspec.json.encode(data).decode()
        last = self.one("SELECT max(seq) FROM event")
        at = self.one("SELECT max(at) FROM event")
        self.run("INSERT INTO event (at, kind, task, moves, data) VALUES (?, ?, NULL, ?, ?)", at, kind, text, facts)
        return last + 1

    def say_given(self, name: str, to: str, **changed: object) -> int:
        """One more plan that gives a task to an agent."""
        fleet = int(self.run("SELECT value FROM meta WHERE key = 'fleet_version'")[0][0])  # type: ignore[call-overload]
        tries = self.one("SELECT tries FROM task WHERE id = ?", self[name])
        move = {"lane": self.lane(name), "agent": self.agent(to), "slot": 8, "attempt": tries + 1}
        facts = {"pool": 1, "strategy": "balanced", "fleet": fleet}
        for key, value in changed.items():
            (move if key in move else facts)[key] = value  # type: ignore[assignment]
        return self.say("plan", Move(self[name], self[name], RUNNING, **move), **facts)

    def close(self) -> None:
        self._connection.close()
