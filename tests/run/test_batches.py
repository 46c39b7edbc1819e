"""What is asked about a batch: counts, attempts page by page, the history since a moment; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import AttemptPage, BatchView, EventPage, GetBatch, ListAttempts, ListEvents
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Claimed, Complete, Done, Fail, Failed
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor


@pytest.fixture(params=["sqlite", "postgres"])
def distributor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Distributor]:
    kept = str(tmp_path / "x.db") if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")
    with Distributor.open(kept) as opened:
        yield opened


def worked(distributor: Distributor) -> list[str]:
    """Three tasks of one batch, the first done, the second failed once."""
    distributor.call(Register(agent=AgentSpec(name="a", slots=2)))
    distributor.call(Submit(tasks=[TaskSpec(title="other")], batch="other"))
    specs = [
        TaskSpec(title="one", priority="high", estimate=2),
        TaskSpec(title="two", priority="high", kind="hard", estimate=2.5),
        TaskSpec(title="three", held=True),
    ]
    ids: list[str] = distributor.call(Submit(tasks=specs, batch="mine")).ids
    claimed: Claimed = distributor.call(Claim(agent="a", n=2))
    one, two = claimed.tasks
    distributor.call(Complete(outcomes=[Done(task=one.task, token=one.token, usage={"cpu_s": 1.5}, cost=0.25)]))
    distributor.call(Fail(outcomes=[Failed(task=two.task, token=two.token, error="no", retry_at="1h")]))
    return ids


def test_a_batch_is_counted(distributor: Distributor) -> None:
    worked(distributor)
    view: BatchView = distributor.call(GetBatch(batch="mine"))
    assert (view.tasks, view.submitted is not None, view.finished is not None) == (3, True, True)
    shown = {(group.kind, group.state, group.tasks, group.estimated, group.estimate_s) for group in view.groups}
    assert ("task", "done", 1, 1, 2.0) in shown
    assert ("task", "held", 1, 0, 0.0) in shown
    assert sum(group.tasks for group in view.groups) == sum(view.states.values()) == 3
    nothing: BatchView = distributor.call(GetBatch(batch="no such batch"))
    assert (nothing.tasks, nothing.states, nothing.submitted) == (0, {}, None)


def test_attempts_come_page_by_page(distributor: Distributor) -> None:
    first, second, _third = worked(distributor)
    whole: AttemptPage = distributor.call(ListAttempts(batch="mine"))
    assert [(one.task, one.attempt.number, one.attempt.outcome) for one in whole.attempts] == [
        (first, 1, "done"),
        (second, 1, "failed"),
    ]
    assert whole.attempts[0].attempt.usage == {"cpu_s": 1.5}
    assert whole.attempts[0].attempt.cost == 0.25
    assert whole.cursor is None
    paged = []
    cursor: str | None = None
    while True:
        page: AttemptPage = distributor.call(ListAttempts(batch="mine", limit=1, cursor=cursor))
        paged += page.attempts
        if (cursor := page.cursor) is None:
            break
    assert paged == whole.attempts
    with pytest.raises(RotaError, match="cursor"):
        distributor.call(ListAttempts(batch="mine", cursor="1"))


def test_the_history_begins_where_it_is_wanted(distributor: Distributor) -> None:
    first, second, third = worked(distributor)
    everything: EventPage = distributor.call(ListEvents())
    submitted = next(event for event in everything.events if first in event.tasks)
    later: EventPage = distributor.call(ListEvents(since=submitted.at))
    assert [event.seq for event in later.events] == [
        event.seq for event in everything.events[everything.events.index(submitted) :]
    ]
    moves = {(move.first, move.last, move.to) for move in submitted.moves}
    assert moves == {(first, first, "ready"), (second, second, "ready"), (third, third, "held")}
    given = [move for event in later.events for move in event.moves if move.to == "running"]
    assert {(move.first, move.agent) for move in given} >= {(first, "a"), (second, "a")}
    nothing: EventPage = distributor.call(ListEvents(since="2035-01-01T00:00:00Z"))
    assert nothing.events == []
    distributor.call(Submit(tasks=[TaskSpec(title="new")]))
    assert [event.kind for event in distributor.call(ListEvents(cursor=nothing.cursor)).events] == ["submit"]
