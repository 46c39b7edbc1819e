"""Callers that hang up, dawdle, send too much, or send what is no HTTP."""

from __future__ import annotations

import fcntl
import json
import select
import socket
import struct
import sys
import termios
import threading
from contextlib import suppress

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


def test_what_comes_in_pieces_is_the_same_as_what_comes_at_once(client: Client) -> None:
    """The one goes the long way, the other the short one."""
    body = json.dumps({"tasks": [{"title": "one"}]}).encode()
    whole = request("/v1/submit", body, "connection: close")
    answers = []
    for cut in (len(whole), len(whole) - 5, len(whole) - len(body), 30):
        with client.stream() as stream:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.sendall(whole[:cut])
            if cut < len(whole):
                # Until it was read: only then do the rest and it not come as one.
                until(lambda: unread(stream) == 0)
                stream.sendall(whole[cut:])
            head, _, said = rest_of(stream).partition(b"\r\n\r\n")
        answers.append((sorted(line for line in head.splitlines() if not line.startswith(b"date")), len(said)))
    assert answers == answers[:1] * 4
    assert len(client.ok("list_tasks")["tasks"]) == 4


def unread(stream: socket.socket) -> int:
    """Bytes that we sent and that the other side's machine has not acknowledged."""
    return int.from_bytes(fcntl.ioctl(stream, termios.TIOCOUTQ, b"\0" * 4), sys.byteorder)


def test_short_and_long_requests_one_after_the_other_without_waiting(client: Client) -> None:
    client.ok("register_agent", {"agent": {"name": "ann"}})
    parts = [
        request("/v1/submit", b'{"tasks": [{"title": "one"}]}'),
        request("/v1/get_task", b'{"task": "task-1"}'),
        request("/v1/claim", b'{"agent": "ann", "wait": 5}'),
        request("/v1/fly", b"{}"),
        request("/v1/submit", b'{"tasks": [{"title": 5}]}'),
        request("/v1/submit", b'{"tasks": [{"title": "two"}]}', "connection: close"),
        request("/v1/submit", b'{"tasks": [{"title": "not read any more"}]}'),
    ]
    with client.stream() as stream:
        stream.sendall(b"".join(parts))
        answers = rest_of(stream).split(b"HTTP/1.1 ")[1:]
    assert [int(answer[:3]) for answer in answers] == [200, 200, 200, 404, 400, 200]
    assert b'"title":"one"' in answers[2]
    assert len(client.ok("list_tasks")["tasks"]) == 2


def test_who_sends_ever_more_without_reading_is_let_go(
    ann: Client, rota: Distributor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a claim that waits everything else has to; the claim ends with the connection."""
    monkeypatch.setattr("rota.faces.http.protocol.PIPELINED", 10)
    with ann.stream() as stream:
        stream.sendall(request("/v1/claim", CLAIM))
        until(lambda: len(rota.node.listening) == 1)
        with suppress(ConnectionResetError):
            stream.sendall(b"GET /health HTTP/1.1\r\n\r\n" * 12)
            assert stream.recv(1) == b""
        until(lambda: not rota.node.listening)


def test_who_hangs_up_with_more_to_say_strands_no_task(ann: Client, rota: Distributor) -> None:
    stream = ann.stream()
    stream.sendall(request("/v1/claim", CLAIM))
    until(lambda: len(rota.node.listening) == 1)
    stream.sendall(b"GET /health HTTP/1.1\r\n\r\n")
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
    ann.ok("submit", {"tasks": [{"title": "one", "max_attempts": 1}]})
    (given,) = ann.ok("claim", {"agent": "ann", "wait": 20, "n": 8})["tasks"]
    assert given["task"] == "task-1"
    assert given["title"] == "one", "with one attempt: none of the others was counted"


def test_an_older_client_is_answered_and_the_connection_closed(client: Client) -> None:
    with client.stream() as stream:
        stream.sendall(b"POST /v1/set_pool HTTP/1.0\r\ncontent-length: 13\r\n\r\n" + b'{"pool": "p"}')
        answer = rest_of(stream)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


def test_a_claim_whose_caller_resets_before_it_has_read_the_answer(ann: Client) -> None:
    """Also one that did not wait: the task goes back at once, and no attempt is counted."""
    ann.ok("submit", {"tasks": [{"title": "one", "max_attempts": 1}]})
    for _ in range(20):
        stream = ann.stream()
        stream.sendall(request("/v1/claim", b'{"agent": "ann"}'))
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
    (given,) = ann.ok("claim", {"agent": "ann", "wait": 20})["tasks"]
    assert given["title"] == "one", "with one attempt: none of the others was counted"


def test_a_thousand_claims_on_one_name(client: Client, rota: Distributor) -> None:
    """One slot: each task is given once, to one of them; all the others go on waiting, and end with nothing."""
    client.ok("register_agent", {"agent": {"name": "ann"}})
    streams = [client.stream() for _ in range(1_000)]
    try:
        for stream in streams:
            stream.sendall(request("/v1/claim", CLAIM))
        until(lambda: len(rota.node.listening) == 1_000)
        waiting = {stream.fileno(): stream for stream in streams}
        poll = select.poll()
        for descriptor in waiting:
            poll.register(descriptor, select.POLLIN)
        for number in range(1, 4):
            client.ok("submit", {"tasks": [{"title": "x"}]})
            ((descriptor, _),) = poll.poll(20_000)
            answered = waiting.pop(descriptor)
            poll.unregister(descriptor)
            head, _, body = answered.recv(65_536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            (given,) = json.loads(body)["tasks"]
            assert given["task"] == f"task-{number}"
            assert len(rota.node.listening) == 1_000 - number
            client.ok("complete", {"outcomes": [{"task": given["task"], "token": given["token"]}]})
        assert client.get("/health").status == 200
        assert client.ok("get_agent", {"agent": "ann"})["running"] == 0
    finally:
        for stream in streams:
            stream.close()
    until(lambda: not rota.node.listening)


def test_parts_of_a_body_of_unknown_length(client: Client) -> None:
    with client.stream() as stream:
        stream.sendall(
            b"POST /v1/get_queue HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            b'8\r\n{"queue"\r\nb\r\n:"default"}\r\n0\r\n\r\n'
        )
        assert rest_of(stream).startswith(b"HTTP/1.1 200 ")
