"""Clocks that jump, and a machine that sleeps, while agents speak over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.faces.http.server import HttpServer, Listening
from rota.model.times import SECOND
from rota.operations.distributor import Distributor, now_us, open_store
from tests.http.client import Client, request, rest_of
from tests.http.waiting import until

HOUR = 3_600 * SECOND


class Clock:
    """The wall clock, put forward or back by hand."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return now_us() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rota(tmp_path: Path, clock: Clock) -> Iterator[Distributor]:
    store, lock = open_store(str(tmp_path / "work.db"))
    with Distributor(store, lock, clock=clock).start() as distributor:
        yield distributor


@pytest.fixture
def client(rota: Distributor) -> Iterator[Client]:
    server = HttpServer(rota, Listening(port=0, log=None))
    server.start()
    client = Client(server.url)
    client.ok("register_agent", {"agent": {"name": "ann"}})
    try:
        yield client
    finally:
        server.stop()


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_lease_outlives_an_hour_of_sleep_and_a_clock_put_back(client: Client, clock: Clock, jump: int) -> None:
    client.ok("submit", {"tasks": [{"title": "one"}]})
    (given,) = client.ok("claim", {"agent": "ann"})["tasks"]
    clock.ahead += jump
    client.ok("submit", {"tasks": [{"title": "a turn more"}]})
    held = {"task": given["task"], "token": given["token"]}
    assert client.ok("heartbeat", {"agent": "ann", "beats": [held]})["renewed"] == ["task-1"]
    assert client.ok("complete", {"outcomes": [held]})["states"] == {"task-1": "done"}
    assert client.ok("get_task", {"task": "task-1"})["attempts"] == 1


def test_a_claim_that_waits_is_answered_in_time_though_the_clock_is_put_back(
    client: Client, clock: Clock, rota: Distributor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rota.faces.http.operations.OVERTIME_S", 0.1)
    with client.stream() as stream:
        body = json.dumps({"agent": "ann", "wait": 1}).encode()
        stream.sendall(request("/v1/claim", body, "connection: close"))
        until(lambda: len(rota.node.listening) == 1)
        clock.ahead -= HOUR
        assert rest_of(stream).endswith(b'{"tasks":[]}')
    until(lambda: not rota.node.listening)
    client.ok("submit", {"tasks": [{"title": "one"}]})
    assert client.ok("get_task", {"task": "task-1"})["state"] == "ready"


def test_after_an_hour_of_sleep_those_who_waited_are_answered(client: Client, clock: Clock, rota: Distributor) -> None:
    with client.stream() as stream:
        body = json.dumps({"agent": "ann", "wait": 40}).encode()
        stream.sendall(request("/v1/claim", body, "connection: close"))
        until(lambda: len(rota.node.listening) == 1)
        clock.ahead += HOUR
        client.ok("set_health", {"agent": "ann", "healthy": True})
        assert rest_of(stream).endswith(b'{"tasks":[]}')


def test_a_key_expires_by_the_clock(client: Client, clock: Clock) -> None:
    made = client.ok("create_key", {"name": "k", "scopes": ["read", "work"], "expires": "30m"})
    one = client.with_key(made["secret"])
    assert one.post("list_queues").status == 200
    clock.ahead += HOUR
    assert (one.post("list_queues").status, one.post("claim", {"agent": "ann"}).status) == (401, 401)
