"""What callers do to their connections is nobody else's trouble: a real owner, real sockets."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from rota import __version__
from rota.owner.frames import HEADER, MOST_BYTES, framed
from tests.owner.raw import raw

pytestmark = pytest.mark.usefixtures("owner")

BROKEN = [
    b"\0\0\0\0",
    (MOST_BYTES + 1).to_bytes(HEADER, "big"),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    framed(b"{"),
    framed(b"[1, 2]"),
    framed(b"\xff\xfe"),
    framed(b'{"operation": "list_queues"}'),
    framed(b'{"id": "one", "operation": "list_queues"}'),
    framed(b'{"id": 1, "operation": 7}'),
    framed(b"[" * 100_000),
]


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: str(data[:30]))
def test_a_broken_frame_ends_its_connection_alone(data: bytes, database: str) -> None:
    with raw(database) as other, raw(database) as connection:
        connection.send(data)
        said = connection.hear()
        assert said is not None
        assert said["error"]["code"] == "invalid"
        assert connection.hear() is None
        assert other.answer(1, "list_queues")["queues"][0]["name"] == "default"


def test_half_a_frame_and_then_nothing_disturbs_nobody(database: str) -> None:
    with raw(database) as other:
        with raw(database) as connection:
            connection.send((1_000).to_bytes(HEADER, "big") + b'{"id": 1, "oper')
        assert other.answer(1, "list_queues")["queues"]


def test_a_frame_may_come_byte_by_byte(database: str) -> None:
    with raw(database) as connection:
        for byte in framed(b'{"id": 5, "operation": "list_agents", "arguments": {}}'):
            connection.send(bytes([byte]))
        said = connection.hear()
        assert said is not None
        assert said["id"] == 5
        assert said["answer"]["agents"] == []


@pytest.mark.parametrize(
    ("operation", "arguments", "field"),
    [
        ("nope", {}, "operation"),
        ("owner.nope", {}, "operation"),
        ("nobody.call", {}, "operation"),
        ("get_task", {"tusk": "task-1"}, "tusk"),
        ("get_task", {"task": 7}, "task"),
        ("submit", {"tasks": [{"title": "x", "priority": "top"}]}, "tasks[0].priority"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_and_the_connection_goes_on(
    operation: str, arguments: dict[str, Any], field: str, database: str
) -> None:
    with raw(database) as connection:
        connection.ask(1, operation, arguments)
        said = connection.hear()
        assert said is not None
        assert (said["error"]["code"], said["error"]["field"]) == ("invalid", field)
        assert connection.answer(2, "list_agents")["agents"] == []


def test_answers_come_as_they_are_ready(database: str) -> None:
    with raw(database) as connection:
        connection.answer(1, "register_agent", {"agent": {"name": "ann"}})
        connection.ask(2, "claim", {"agent": "ann", "wait": 40.0})
        assert connection.answer(3, "list_agents")["agents"][0]["name"] == "ann"
        connection.ask(4, "submit", {"tasks": [{"title": "x"}]})
        said = {}
        for _ in range(2):
            frame = connection.hear()
            assert frame is not None
            said[frame["id"]] = frame
        assert said[2]["answer"]["tasks"][0]["task"] == "task-1"
        assert said[2]["ack"] is True
        assert said[4]["answer"]["ids"] == ["task-1"]


def test_the_same_number_twice_at_once_is_refused(database: str) -> None:
    with raw(database) as connection:
        connection.answer(1, "register_agent", {"agent": {"name": "ann"}})
        connection.ask(2, "claim", {"agent": "ann", "wait": 40.0})
        connection.ask(2, "list_queues")
        said = connection.hear()
        assert said is not None
        assert "there is a call 2 already" in said["error"]["message"]


def test_a_caller_that_hangs_up_while_it_waits_strands_nothing(database: str) -> None:
    with raw(database) as other:
        other.answer(1, "register_agent", {"agent": {"name": "ann"}})
        other.answer(2, "register_agent", {"agent": {"name": "bob"}})
        for _ in range(5):
            with raw(database) as connection:
                connection.ask(1, "claim", {"agent": "ann", "wait": 40.0})
                connection.answer(2, "list_queues")
        # All have hung up. What comes now is bob's at once, though ann was there before.
        other.answer(3, "submit", {"tasks": [{"title": "x"}]})
        given = other.answer(4, "claim", {"agent": "bob", "wait": 40.0})["tasks"]
        assert [task["task"] for task in given] == ["task-1"]


def test_what_was_handed_to_a_caller_that_is_gone_goes_back(database: str) -> None:
    with raw(database) as other:
        other.answer(1, "register_agent", {"agent": {"name": "ann"}})
        other.answer(2, "register_agent", {"agent": {"name": "bob"}})
        other.answer(3, "submit", {"tasks": [{"title": "x"}]})
        with raw(database) as connection:
            # It hears the answer, but does not say so.
            assert connection.answer(1, "claim", {"agent": "ann"})["tasks"][0]["task"] == "task-1"
        given = other.answer(4, "claim", {"agent": "bob", "wait": 40.0})["tasks"]
        assert [(task["task"], task["agent"]) for task in given] == [("task-1", "bob")]


def test_what_was_handed_over_and_arrived_stays_when_the_connection_ends(database: str) -> None:
    with raw(database) as other:
        other.answer(1, "register_agent", {"agent": {"name": "ann"}})
        other.answer(2, "submit", {"tasks": [{"title": "x"}]})
        with raw(database) as connection:
            given = connection.answer(1, "claim", {"agent": "ann"})["tasks"][0]
            connection.send(framed(json.dumps({"id": 1, "got": True}).encode()))
            connection.answer(2, "list_queues")
        done = {"outcomes": [{"task": given["task"], "token": given["token"]}]}
        assert other.answer(3, "complete", done)["states"] == {"task-1": "done"}


def test_a_cancelled_claim_ends_and_the_task_goes_to_the_next(database: str) -> None:
    with raw(database) as connection:
        for number, name in enumerate(("ann", "bob"), 1):
            connection.answer(number, "register_agent", {"agent": {"name": name}})
        connection.ask(3, "claim", {"agent": "ann", "wait": 40.0})
        connection.send(framed(b'{"id": 9, "cancel": 3}'))
        said = connection.hear()
        assert said is not None
        assert (said["id"], said["error"]["code"]) == (3, "cancelled")
        connection.answer(4, "submit", {"tasks": [{"title": "x"}]})
        assert connection.answer(5, "claim", {"agent": "bob", "wait": 40.0})["tasks"][0]["agent"] == "bob"


def test_a_caller_of_another_version_is_told_so(database: str, owner: psutil.Process) -> None:
    with raw(database) as connection:
        connection.ask(1, "list_queues", version="99.0")
        said = connection.hear()
        assert said is not None
        assert said["error"]["code"] == "other_version"
        assert said["error"]["data"] == {"owner": str(owner.pid), "owner_version": __version__}
        assert "99.0" in said["error"]["message"]


def test_more_calls_at_once_than_one_caller_may_have(database: str) -> None:
    with raw(database) as connection:
        connection.answer(1, "register_agent", {"agent": {"name": "ann", "slots": 1}})
        for number in range(2, 1_003):
            connection.ask(number, "claim", {"agent": "ann", "wait": 40.0})
        said = connection.hear()
        assert said is not None
        assert said["error"]["code"] == "too_large"


def test_a_caller_that_does_not_listen_holds_up_nobody(database: str) -> None:
    with raw(database) as other:
        payload = "x" * 1_000_000
        ids = other.answer(1, "submit", {"tasks": [{"title": "x", "payload": payload}]})["ids"]
        with raw(database) as deaf:
            for number in range(40):
                deaf.ask(number, "get_task", {"task": ids[0]})
            assert other.answer(2, "list_agents")["agents"] == []
            heard = set()
            for _ in range(40):
                said = deaf.hear()
                assert said is not None
                assert said["answer"]["payload"] == payload
                heard.add(said["id"])
            assert heard == set(range(40))
