"""The stream of events: nobody misses one."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import pytest

from rota.faces.http import streams
from rota.faces.http.body import HungUp
from rota.faces.http.server import HttpServer
from rota.operations.distributor import Distributor
from tests.http.client import Client
from tests.http.waiting import until


class Reader:
    """Reads a stream of events on a thread of its own."""

    def __init__(self, client: Client, query: str = "", last: str | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.ended = threading.Event()
        self._connection = http.client.HTTPConnection(client.host, client.port, timeout=60)
        headers = {} if last is None else {"last-event-id": last}
        if client.key is not None:
            headers["authorization"] = f"Bearer {client.key}"
        self._connection.request("GET", f"/v1/events{query}", headers=headers)
        self._socket = self._connection.sock
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.headers["content-type"] == "text/event-stream"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            for line in self._answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    self.ids.append(value)
                if name == "data":
                    self.events.append(json.loads(value))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.ended.set()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.ended.wait(10)
        self._socket.close()
        self._connection.close()


def titles(reader: Reader) -> list[str]:
    return [task for event in reader.events if event["kind"] == "submit" for task in event["tasks"]]


def test_what_happens_is_told(client: Client) -> None:
    reader = Reader(client)
    client.ok("submit", {"tasks": [{"title": "one"}]})
    until(lambda: titles(reader) == ["task-1"])
    assert reader.ids[0] == reader.events[0]["seq"]
    reader.close()


def test_from_the_beginning_and_on_after_the_last_that_was_seen(client: Client) -> None:
    for number in range(30):
        client.ok("submit", {"tasks": [{"title": str(number)}]})
    every = [event["seq"] for event in client.ok("list_events", {"limit": 1_000})["events"]]
    reader = Reader(client, "?since=1h")
    until(lambda: len(reader.ids) >= len(every))
    assert reader.ids == every
    reader.close()
    for number in range(10):
        client.ok("submit", {"tasks": [{"title": str(number)}]})
    for middle in (every[7], every[-1]):
        again = Reader(client, last=middle)
        wanted = [event["seq"] for event in client.ok("list_events", {"cursor": middle, "limit": 1_000})["events"]]
        until(lambda again=again, wanted=wanted: len(again.ids) >= len(wanted))  # type: ignore[misc]
        assert again.ids == wanted
        again.close()


def test_many_readers_and_no_gap(client: Client, rota: Distributor) -> None:
    readers = [Reader(client) for _ in range(20)]
    client.ok("register_agent", {"agent": {"name": "ann", "slots": 100}})
    for _ in range(30):
        client.ok("submit", {"tasks": [{"title": "x"}] * 50})
        given = client.ok("claim", {"agent": "ann", "n": 50})["tasks"]
        client.ok("complete", {"outcomes": [{"task": one["task"], "token": one["token"]} for one in given]})
    every = [event["seq"] for event in client.ok("list_events", {"limit": 1_000})["events"]]
    for reader in readers:
        until(lambda reader=reader: reader.ids[-1:] == every[-1:])  # type: ignore[misc]
        assert reader.ids == every[every.index(reader.ids[0]) :]
    for reader in readers:
        reader.close()
    del rota


def test_only_what_is_wanted(client: Client) -> None:
    reader = Reader(client, "?kind=cancel&since=1h")
    of_task = Reader(client, "?task=task-2&since=1h")
    running = Reader(client, "?state=cancelled&since=1h")
    client.ok("submit", {"tasks": [{"title": "one"}]})
    client.ok("submit", {"tasks": [{"title": "two"}]})
    client.ok("cancel", {"tasks": ["task-1"]})
    until(lambda: bool(reader.events and of_task.events and running.events))
    assert {event["kind"] for event in reader.events} == {"cancel"}
    assert {task for event in of_task.events for task in event["tasks"]} == {"task-2"}
    assert [event["tasks"] for event in running.events] == [["task-1"]]
    for one in (reader, of_task, running):
        one.close()


@pytest.mark.parametrize("query", ["?after=x", "?since=yesterday", "?what=1"])
def test_what_can_not_be_asked(client: Client, query: str) -> None:
    assert client.get(f"/v1/events{query}").status == 400


def test_the_end_of_the_service_ends_streams(server: HttpServer, client: Client) -> None:
    reader = Reader(client)
    server.stop()
    assert reader.ended.wait(10)
    reader.close()


def test_who_hangs_up_is_not_followed_any_more(client: Client) -> None:
    reader = Reader(client)
    until(lambda: "rota_http_followers 1\n" in client.get("/metrics").body)
    reader.close()
    until(lambda: "rota_http_followers 0\n" in client.get("/metrics").body)


def test_who_reads_nothing_for_too_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALLED_S", 0.05)

    async def never(_message: MutableMapping[str, Any]) -> None:
        await asyncio.Event().wait()

    with pytest.raises(HungUp):
        asyncio.run(streams.sent(never, b"x"))
