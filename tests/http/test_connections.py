"""Callers that hang up, dawdle, send too much, or send what is no HTTP."""

from __future__ import annotations

import json
import socket
import struct
import threading

import pytest

from rota.faces.http.server import HttpServer
from rota.operations.distributor import Distributor
from tests.http.client import Client, request, rest_of
from tests.http.conftest import Lines
from tests.http.waiting import until

CLAIM = json.dumps({"agent": "ann", "wait": 40}).encode()


@pytest.fixture
def ann(client: Client) -> Client:
    client.ok("register_agent", {"agent": {"name": "ann", "slots": 8}})
    return client


def test_a_claim_waits_for_a_task(ann: Client) -> None:
    with ann.stream() as stream:
        stream.sendall(request("/v1/claim", CLAIM, "connection: close"))
        ann.ok("submit", {"tasks": [{"title": "late"}]})
        answer = rest_of(stream)
    assert b'"title":"late"' in answer


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_who_hangs_up_while_waiting_is_given_nothing(ann: Client, rota: Distributor, how: str) -> None:
    stream = ann.stream()
    stream.sendall(request("/v1/claim", CLAIM))
    until(lambda: len(rota.node.listening) == 1)
    if how == "reset":
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
    until(lambda: not rota.node.listening)
    ann.ok("submit", {"tasks": [{"title": "one"}]})
    assert ann.ok("get_task", {"task": "task-1"})["state"] == "ready"


def test_a_task_given_to_who_hangs_up_at_that_moment_is_not_stranded(ann: Client, rota: Distributor) -> None:
    for number in range(40):
        stream = ann.stream()
        stream.sendall(request("/v1/claim", CLAIM))
        until(lambda: len(rota.node.listening) == 1)
        submitted = threading.Thread(target=ann.ok, args=("submit", {"tasks": [{"title": str(number)}]}))
        submitted.start()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
        submitted.join()
        until(lambda: not rota.node.listening)
        until(lambda: len(ann.ok("list_tasks", {"state": "ready"})["tasks"]) == 1)
        assert ann.ok("purge_queue", {"queue": "default"}) == {"cancelled": 1}


def test_the_end_of_the_service_answers_claims_that_wait(server: HttpServer, ann: Client, rota: Distributor) -> None:
    with ann.stream() as stream:
        stream.sendall(request("/v1/claim", CLAIM))
        until(lambda: len(rota.node.listening) == 1)
        server.stop()
        answer = rest_of(stream)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"tasks":[]}')


def test_requests_one_after_the_other_without_waiting(client: Client) -> None:
    bodies = [json.dumps({"tasks": [{"title": f"t{n}"}]}).encode() for n in range(20)]
    parts = [request("/v1/submit", body) for body in bodies]
    last = request("/v1/list_queues", b"{}", "connection: close")
    with client.stream() as stream:
        stream.sendall(b"".join([*parts, last]))
        answer = rest_of(stream)
    assert answer.count(b"HTTP/1.1 200 ") == 21
    places = [answer.index(b'"task-%d"' % n) for n in range(1, 21)]
    assert places == sorted(places)


def test_a_body_that_is_cut_off(client: Client, log: Lines) -> None:
    with client.stream() as stream:
        stream.sendall(b"POST /v1/submit HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
    until(lambda: any(line["status"] == 499 for line in log.all()))
    assert client.ok("list_tasks")["tasks"] == []


def test_a_head_that_comes_drop_by_drop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.faces.http.protocol.HEAD_S", 0.2)
    with client.stream() as stream:
        stream.sendall(b"POST /v1/submit HT")
        answer = rest_of(stream)
    assert answer.startswith(b"HTTP/1.1 408 ")
    with client.stream() as stream:
        assert rest_of(stream).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_drop_by_drop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.faces.http.body.PATIENCE_S", 0.2)
    with client.stream() as stream:
        stream.sendall(b"POST /v1/submit HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
        answer = rest_of(stream)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_head_without_an_end(client: Client) -> None:
    with client.stream() as stream:
        stream.sendall(b"POST /v1/submit HTTP/1.1\r\nhost: localhost\r\n")
        answer = b""
        try:
            for _ in range(300):
                stream.sendall(b"x-more: " + b"y" * 1_000 + b"\r\n")
        except OSError:
            # It was closed while we went on.
            pass
        try:
            answer = rest_of(stream)
        except ConnectionResetError:
            answer = b"HTTP/1.1 431 "
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert client.get("/health").status == 200


def test_a_long_body_is_no_long_head(client: Client) -> None:
    body = json.dumps({"tasks": [{"title": "long", "payload": "x" * 500_000}]}).encode()
    with client.stream() as stream:
        for more in ((), (), ("connection: close",)):
            stream.sendall(request("/v1/submit", body, *more))
        assert rest_of(stream).count(b"HTTP/1.1 200 ") == 3


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x02\x00\x01", b"HELO me\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_http(client: Client, said: bytes) -> None:
    with client.stream() as stream:
        stream.sendall(said)
        answer = rest_of(stream)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_parts_of_a_body_of_unknown_length(client: Client) -> None:
    with client.stream() as stream:
        stream.sendall(
            b"POST /v1/get_queue HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            b'8\r\n{"queue"\r\nb\r\n:"default"}\r\n0\r\n\r\n'
        )
        assert rest_of(stream).startswith(b"HTTP/1.1 200 ")
