"""Faces for tests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.work import Claim, Claimed, GiveBack, Held
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.owner.chained import then
from rota.owner.face import Answer, Face, Handed, Notify


def no_faces(_distributor: Distributor) -> Mapping[str, Face]:
    return {}


class FaceSession:
    """`t.echo`, `t.refuse`, `t.break`, `t.slow` (waits for `let_go`), `t.next` (waits for a task of agent `t`)."""

    def __init__(self, face: OneFace) -> None:
        self.face = face
        self.calls = 0

    def call(self, operation: str, arguments: dict[str, Any], notify: Notify) -> Answer | Future[Answer]:
        self.calls += 1
        if operation == "t.echo":
            notify({"heard": arguments})
            return {"calls": self.calls, **arguments}
        if operation == "t.refuse":
            raise RotaError("no_task", "there is none", field="task")
        if operation == "t.slow":
            self.face.let_go.wait(20.0)
            return {}
        if operation == "t.wait":
            self.face.distributor.call(Claim(agent="t", wait=40.0))
            return {}
        if operation == "t.next":
            return then(self.face.distributor.ask(Claim(agent="t", wait=40.0)), self._handed)
        raise KeyError(operation)

    def _handed(self, claimed: Claimed) -> Handed:
        tasks = [Held(task=given.task, token=given.token) for given in claimed.tasks]
        return Handed({"tasks": [held.task for held in tasks]}, lambda: self._give_back(tasks))

    def _give_back(self, tasks: list[Held]) -> None:
        self.face.distributor.call(GiveBack(tasks=tasks))

    def closed(self, *, leaving: bool) -> None:
        self.face.ended.append(leaving)
        self.face.changed.set()


class OneFace:
    def __init__(self, distributor: Distributor) -> None:
        self.distributor = distributor
        self.let_go = threading.Event()
        self.changed = threading.Event()
        self.ended: list[bool] = []
        distributor.call(Register(agent=AgentSpec(name="t")))

    def open(self) -> FaceSession:
        return FaceSession(self)
