"""A place with something of everything, open in this process and served to others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from rota.faces.http.server import HttpServer, Listening
from rota.faces.plugged import plugged
from rota.model.agent import AgentSpec, Cost
from rota.model.commands.fleet import PauseQueue, Register, SetQueue
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done, Fail, Failed
from rota.model.queue import QueuePolicy
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.owner.own import owned
from tests.owner.conftest import database as database
from tests.owner.conftest import runtime as runtime

PLACES = ("file", "postgres", "http")


class Place:
    """Where it is looked at, and the distributor itself."""

    def __init__(self, address: str, rota: Distributor) -> None:
        self.address = address
        self.rota = rota


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, database: str) -> Iterator[Place]:
    """task-1 done, task-2 dead, task-3 running at ann's, task-4 and task-5 ready, task-6 in a paused queue."""
    at = request.getfixturevalue("postgres_dsn") if request.param == "postgres" else database
    with ExitStack() as stack:
        rota = stack.enter_context(owned(at, plugged, lambda _trouble: None))
        fill(rota)
        if request.param == "http":
            server = HttpServer(rota, Listening(port=0))
            server.start()
            stack.callback(server.stop)
            at = server.url
        yield Place(at, rota)


def fill(rota: Distributor) -> None:
    rota.call(SetQueue(queue="later", policy=QueuePolicy()))
    rota.call(Register(agent=AgentSpec(name="ann", slots=3, cost=Cost(per_hour=3600.0, per_task=1.0))))
    rota.call(Register(agent=AgentSpec(name="bob")))
    rota.call(Submit(tasks=[TaskSpec(title=title, pin="ann") for title in ("one", "two", "[b]three[/b]\x1b[31m")]))
    one, two, _three = rota.call(Claim(agent="ann", n=3)).tasks
    rota.call(Complete(outcomes=[Done(task=one.task, token=one.token)]))
    rota.call(Fail(outcomes=[Failed(task=two.task, token=two.token, error="it broke", retryable=False)]))
    rota.call(Submit(tasks=[TaskSpec(title="needs c", skills={"c": 3}), TaskSpec(title="waits")]))
    rota.call(Submit(tasks=[TaskSpec(title="parked", queue="later")]))
    rota.call(PauseQueue(queue="later", reason="inventory"))
