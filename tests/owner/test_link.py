"""A link: many calls at once, what it does when they are not wanted any more, and when the owner ends."""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from rota.owner.link import Link, LinkError, Opening
from tests.owner.owners import owners
from tests.owner.raw import raw
from tests.owner.stand_in import StandIn

PATIENCE_S = 20.0


def test_many_threads_call_at_once(database: str) -> None:
    link = Link(database)
    ids: list[str] = []

    def submit() -> None:
        for _ in range(10):
            ids.extend(link.call("submit", {"tasks": [{"title": "x"}]})["ids"])

    threads = [threading.Thread(target=submit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 160
    link.close()


def test_a_cancelled_claim_gets_nothing_and_the_next_one_the_task(database: str) -> None:
    link = Link(database)
    for name in ("ann", "bob"):
        link.call("register_agent", {"agent": {"name": name}})
    came: queue.Queue[Any] = queue.Queue()
    number = link.ask("claim", {"agent": "ann", "wait": 40.0}, done=came.put)
    link.call("list_queues", {})
    link.cancel(number)
    refused = came.get(timeout=PATIENCE_S)
    assert refused.code == "cancelled"
    link.call("submit", {"tasks": [{"title": "x"}]})
    assert link.call("claim", {"agent": "bob", "wait": 40.0})["tasks"][0]["task"] == "task-1"
    link.close()
    assert came.empty()


def test_who_closes_on_an_answer_keeps_what_it_was_given(database: str) -> None:
    link = Link(database)
    link.call("register_agent", {"agent": {"name": "ann"}})
    link.call("submit", {"tasks": [{"title": "x"}]})
    came: queue.Queue[Any] = queue.Queue()
    closed = threading.Event()

    def done(answer: Any) -> None:
        came.put(answer)
        # Whoever waits for it is quicker than we are to say that it arrived.
        closed.wait(0.2)

    link.ask("claim", {"agent": "ann"}, done=done)
    (given,) = came.get(timeout=PATIENCE_S)["tasks"]
    link.close()
    closed.set()
    after = Link(database)
    assert after.call("get_task", {"task": given["task"]})["state"] == "running"
    outcome = {"task": given["task"], "token": given["token"]}
    assert after.call("complete", {"outcomes": [outcome]})["states"] == {given["task"]: "done"}
    after.close()


def test_a_call_that_takes_longer_than_its_caller_waits(database: str) -> None:
    link = Link(database)
    link.call("register_agent", {"agent": {"name": "ann"}})
    with pytest.raises(LinkError, match=r"no answer to claim within 0.1 s; it may have happened") as refused:
        link.call("claim", {"agent": "ann", "wait": 40.0}, timeout=0.1)
    assert refused.value.code == "unavailable"
    link.close()


def test_a_listener_that_fails_gives_back_what_it_was_handed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: queue.Queue[BaseException] = queue.Queue()
    monkeypatch.setattr("sys.excepthook", lambda _kind, error, _trace: said.put(error))
    link = Link(database)
    link.call("register_agent", {"agent": {"name": "ann"}})
    link.call("register_agent", {"agent": {"name": "bob"}})
    link.call("submit", {"tasks": [{"title": "x"}]})

    def broken(_answer: object) -> None:
        raise RuntimeError("out of order")

    link.ask("claim", {"agent": "ann"}, done=broken)
    assert str(said.get(timeout=PATIENCE_S)) == "out of order"
    assert link.call("claim", {"agent": "bob", "wait": 40.0})["tasks"][0]["task"] == "task-1"
    link.close()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"x": float("nan")}, "invalid"), ({"x": "\ud800"}, "invalid"), ({"x": object()}, "invalid")],
)
def test_arguments_that_are_no_json_are_refused_here(arguments: dict[str, Any], code: str, database: str) -> None:
    link = Link(database)
    with pytest.raises(LinkError) as refused:
        link.call("list_queues", arguments)
    assert (refused.value.code, refused.value.field) == (code, "arguments")
    link.close()


def test_arguments_beyond_a_frame_are_refused_here(database: str, runtime: Path) -> None:
    link = Link(database)
    with pytest.raises(LinkError, match="67,108,864") as refused:
        link.call("submit", {"tasks": [{"title": "x", "payload": "x" * 68_000_000}]})
    assert refused.value.code == "too_large"
    link.close()
    assert owners(runtime) == []


def test_a_closed_link_says_so(database: str) -> None:
    link = Link(database)
    link.call("list_queues", {})
    came: queue.Queue[Any] = queue.Queue()
    link.call("register_agent", {"agent": {"name": "ann"}})
    link.ask("claim", {"agent": "ann", "wait": 40.0}, done=came.put)
    link.close()
    assert came.get(timeout=PATIENCE_S).code == "stopped"
    with pytest.raises(LinkError, match="closed"):
        link.call("list_queues", {})


def test_what_may_have_happened_is_not_sent_twice(database: str) -> None:
    with StandIn(database) as owner:
        link = Link(database)
        came: queue.Queue[Any] = queue.Queue()
        link.ask("approve", {"tasks": []}, done=came.put)
        link.ask("list_queues", {}, done=came.put)
        assert [owner.hear()["operation"] for _ in range(2)] == ["approve", "list_queues"]
        owner.break_off()
        refused = came.get(timeout=PATIENCE_S)
        assert (refused.code, refused.data) == ("unavailable", {"may_have_happened": True})
        assert "may have happened" in refused.message
        # The read is asked again.
        again = owner.hear()
        assert again["operation"] == "list_queues"
        owner.say({"id": again["id"], "answer": {"queues": []}})
        assert came.get(timeout=PATIENCE_S) == {"queues": []}
        link.close()


def test_what_an_owner_that_left_has_not_answered_is_asked_again(database: str) -> None:
    with StandIn(database) as owner:
        link = Link(database)
        came: queue.Queue[Any] = queue.Queue()
        link.ask("complete", {"outcomes": []}, done=came.put)
        first = owner.hear()
        owner.say({"bye": True})
        owner.break_off()
        assert owner.hear() == first
        owner.say({"id": first["id"], "answer": {"states": {}}})
        assert came.get(timeout=PATIENCE_S) == {"states": {}}
        link.close()


def test_the_opening_comes_first_on_every_connection(database: str) -> None:
    with StandIn(database) as owner:
        link = Link(database, opening=Opening("mcp.open", {"agent": "ann"}))
        came: queue.Queue[Any] = queue.Queue()
        link.ask("list_queues", {}, done=came.put)
        for _ in range(3):
            opening = owner.hear()
            assert (opening["operation"], opening["arguments"]) == ("mcp.open", {"agent": "ann"})
            owner.say({"id": opening["id"], "answer": {}})
            assert owner.hear()["operation"] == "list_queues"
            owner.break_off()
        # Once more, and without a call that waits.
        opening = owner.hear()
        owner.say({"id": opening["id"], "answer": {}})
        asked = owner.hear()
        owner.say({"id": asked["id"], "answer": {}})
        assert came.get(timeout=PATIENCE_S) == {}
        owner.break_off()
        assert owner.hear()["operation"] == "mcp.open"
        link.close()


def test_an_opening_that_is_refused_refuses_the_calls(database: str) -> None:
    with StandIn(database) as owner:
        link = Link(database, opening=Opening("mcp.open", {}))
        came: queue.Queue[Any] = queue.Queue()
        link.ask("list_queues", {}, done=came.put)
        opening = owner.hear()
        owner.say({"id": opening["id"], "error": {"code": "no_agent", "message": "nobody"}})
        assert came.get(timeout=PATIENCE_S).code == "no_agent"
        link.close()


def test_a_call_at_which_every_owner_ends_is_given_up(database: str) -> None:
    with StandIn(database) as owner:
        link = Link(database)
        came: queue.Queue[Any] = queue.Queue()
        link.ask("list_queues", {}, done=came.put)
        for _ in range(8):
            owner.hear()
            owner.break_off()
        assert came.get(timeout=PATIENCE_S).code == "unavailable"
        link.close()


def test_notices_come_before_the_answer(database: str) -> None:
    with StandIn(database) as owner:
        link = Link(database)
        came: queue.Queue[Any] = queue.Queue()
        link.ask("list_queues", {}, done=came.put, on_notice=came.put)
        asked = owner.hear()
        for value in ({"notice": {"n": 1}}, {"notice": {"n": 2}}, {"answer": {"n": 3}}):
            owner.say({"id": asked["id"], **value})
        assert [came.get(timeout=PATIENCE_S)["n"] for _ in range(3)] == [1, 2, 3]
        link.close()


def test_it_needs_little_and_loads_nothing_but_the_standard_library(database: str, owner: psutil.Process) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from rota.owner.link import Link; link = Link(sys.argv[1]); link.call('list_queues', {});"
        "print(*sys.modules); link.close()"
    )
    ran = subprocess.run([sys.executable, "-c", code, database], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert loaded & {"msgspec", "apsw", "cyclopts", "asyncio", "hashlib", "subprocess"} == set()
    with raw(database) as connection:
        assert connection.answer(1, "owner.about")["process"] == owner.pid != os.getpid()
