"""Operations that a face plugs in, over a real socket."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from rota.operations.distributor import Distributor
from rota.owner.link import Link, LinkError
from rota.owner.own import owned
from tests.owner.faces import OneFace
from tests.owner.raw import raw

PATIENCE_S = 20.0


@pytest.fixture
def face(database: str) -> Iterator[OneFace]:
    made: list[OneFace] = []

    def faces(distributor: Distributor) -> dict[str, OneFace]:
        made.append(OneFace(distributor))
        return {"t": made[0]}

    with owned(database, faces, print):
        yield made[0]


@pytest.mark.usefixtures("face")
def test_calls_of_one_connection_come_to_one_session(database: str) -> None:
    one, two = Link(database), Link(database)
    notices: list[Any] = []
    assert one.call("t.echo", {"x": 1}, on_notice=notices.append) == {"calls": 1, "x": 1}
    assert one.call("t.echo", {"x": 2}, on_notice=notices.append) == {"calls": 2, "x": 2}
    assert two.call("t.echo", {}) == {"calls": 1}
    assert notices == [{"heard": {"x": 1}}, {"heard": {"x": 2}}]
    one.close()
    two.close()


@pytest.mark.usefixtures("face")
def test_refusals_and_mistakes(database: str) -> None:
    link = Link(database)
    with pytest.raises(LinkError, match="task: there is none") as refused:
        link.call("t.refuse", {})
    assert refused.value.code == "no_task"
    with pytest.raises(LinkError, match=r"unexpected error: KeyError: 't\.nope'") as refused:
        link.call("t.nope", {})
    assert refused.value.code == "internal"
    with raw(database) as connection:
        connection.ask(1, "t.echo", [1])  # type: ignore[arg-type]
        said = connection.hear()
        assert said is not None
        assert said["error"]["field"] == "arguments"
    link.close()


def test_a_call_that_takes_long_holds_up_nobody(face: OneFace, database: str) -> None:
    link = Link(database)
    came: queue.Queue[Any] = queue.Queue()
    link.ask("t.slow", {}, done=came.put)
    assert link.call("t.echo", {})["calls"] == 2
    face.let_go.set()
    assert came.get(timeout=PATIENCE_S) == {}
    link.close()


@pytest.mark.usefixtures("face")
def test_a_call_that_waits_can_be_cancelled(database: str) -> None:
    link = Link(database)
    came: queue.Queue[Any] = queue.Queue()
    number = link.ask("t.next", {}, done=came.put)
    link.call("t.echo", {})
    link.cancel(number)
    assert came.get(timeout=PATIENCE_S).code == "cancelled"
    again = Link(database)
    again.ask("t.next", {}, done=came.put)
    again.call("submit", {"tasks": [{"title": "x"}]})
    assert came.get(timeout=PATIENCE_S) == {"tasks": ["task-1"]}
    link.close()
    again.close()


def test_a_session_is_told_when_its_connection_ends(face: OneFace, database: str) -> None:
    link = Link(database)
    link.call("t.echo", {})
    link.close()
    assert face.changed.wait(PATIENCE_S)
    assert face.ended == [False]


@pytest.mark.usefixtures("face")
def test_what_a_session_handed_to_a_caller_that_is_gone_is_taken_back(database: str) -> None:
    link = Link(database)
    link.call("submit", {"tasks": [{"title": "x"}]})
    with raw(database) as connection:
        assert connection.answer(1, "t.next")["tasks"] == ["task-1"]
    assert link.call("t.next", {})["tasks"] == ["task-1"]
    link.close()


def test_an_owner_that_leaves_says_so_to_the_sessions(database: str) -> None:
    made: list[OneFace] = []

    def faces(distributor: Distributor) -> dict[str, OneFace]:
        made.append(OneFace(distributor))
        return {"t": made[-1]}

    link = Link(database)
    came: queue.Queue[Any] = queue.Queue()
    with owned(database, faces, print):
        link.call("t.echo", {})
        link.ask("t.next", {}, done=came.put, safe=True)
        link.call("t.echo", {})
    assert made[0].ended == [True]
    # What waited was not told that it was cancelled: it is asked of the next owner, who has no such face.
    assert came.get(timeout=PATIENCE_S).code == "invalid"
    link.close()


def test_a_face_that_waits_on_a_thread_does_not_keep_the_owner_from_leaving(database: str) -> None:
    def faces(distributor: Distributor) -> dict[str, OneFace]:
        return {"t": OneFace(distributor)}

    link = Link(database)
    came: queue.Queue[Any] = queue.Queue()
    with owned(database, faces, print):
        link.ask("t.wait", {}, done=came.put)
        link.call("t.echo", {})
    # It did not wait for the claim's end: then there would be an answer.
    assert came.get(timeout=PATIENCE_S).code in ("unavailable", "stopped")
    link.close()
