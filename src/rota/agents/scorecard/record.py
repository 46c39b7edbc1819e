"""What the database says about a run: its tasks, every attempt at them, and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from rota.model.agent import AgentView
from rota.model.commands.read import (
    AgentPage,
    AttemptPage,
    EventPage,
    GetHistory,
    ListAgents,
    ListAttempts,
    ListEvents,
    ListQueues,
    ListTasks,
    QueuePage,
    TaskAttempt,
    TaskHistory,
    TaskPage,
)
from rota.model.errors import RotaError
from rota.model.event import EventView
from rota.model.ids import task_number
from rota.model.queue import QueueView
from rota.model.task import TaskView
from rota.operations.distributor import Distributor

PAGE = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Record(NamedTuple):
    """All that a scorecard is computed from. `tasks` by number; `events` in their order."""

    batch: str | None
    tasks: dict[int, TaskView]
    attempts: list[TaskAttempt]
    events: list[EventView]
    agents: dict[str, AgentView]
    queues: dict[str, QueueView]
    shared: bool
    """Several nodes work on the database, so one that starts does not mean that the others had stopped."""


def record_of_batch(distributor: Distributor, batch: str) -> Record:
    """The record of a batch, from its submission to its end, or to now."""
    tasks = {task_number(task.id): task for task in _batch_tasks(distributor, batch)}
    since = min((task.submitted for task in tasks.values()), default=None)
    until = _end_of(tasks)
    events = [] if since is None else list(_events(distributor, since, until))
    return _record(distributor, batch, tasks, list(_attempts(distributor, batch)), events)


def record_of_project(distributor: Distributor, project: str, most_events: int) -> Record:
    """The record of a project, from its first submission to its end, or to now.

    Refused as `too_large` when more than `most_events` happened in the database meanwhile.
    """
    tasks = {task_number(task.id): task for task in _project_tasks(distributor, project)}
    since = min((task.submitted for task in tasks.values()), default=None)
    events = [] if since is None else list(islice(_events(distributor, since, _end_of(tasks)), most_events + 1))
    if len(events) > most_events:
        raise RotaError("too_large", f"more than {most_events:,} events happened while it went on", field="project")
    attempts: list[TaskAttempt] = []
    for task in tasks.values():
        history: TaskHistory = distributor.call(GetHistory(task=task.id))
        attempts += [TaskAttempt(task=task.id, attempt=one) for one in history.attempts]
    return _record(distributor, None, tasks, attempts, events)


def record_since(distributor: Distributor, since: str) -> Record:
    """The record of every task that an agent had since a moment (RFC 3339)."""
    events = list(_events(distributor, since, None))
    given = {
        number
        for event in events
        for move in event.moves
        if move.to == "running"
        for number in range(task_number(move.first), task_number(move.last) + 1)
    }
    tasks: dict[int, TaskView] = {}
    attempts: list[TaskAttempt] = []
    for number in sorted(given):
        history: TaskHistory = distributor.call(GetHistory(task=f"task-{number}"))
        tasks[number] = history.task
        attempts += [TaskAttempt(task=history.task.id, attempt=one) for one in history.attempts if one.started >= since]
    return _record(distributor, None, tasks, attempts, events)


def micros(text: str) -> int:
    """RFC 3339 -> microseconds since 1970."""
    return round((datetime.fromisoformat(text) - _EPOCH) / timedelta(microseconds=1))


def _record(
    distributor: Distributor,
    batch: str | None,
    tasks: dict[int, TaskView],
    attempts: list[TaskAttempt],
    events: list[EventView],
) -> Record:
    queues: QueuePage = distributor.call(ListQueues())
    return Record(
        batch=batch,
        tasks=tasks,
        attempts=attempts,
        events=events,
        agents={agent.name: agent for agent in _agents(distributor)},
        queues={queue.name: queue for queue in queues.queues},
        shared=distributor.store.nodes_share,
    )


def _end_of(tasks: dict[int, TaskView]) -> str | None:
    """When the last task ended; None while one has not."""
    ends = [task.finished for task in tasks.values()]
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def _batch_tasks(distributor: Distributor, batch: str) -> Iterator[TaskView]:
    cursor: str | None = None
    while True:
        page: TaskPage = distributor.call(ListTasks(batch=batch, limit=PAGE, cursor=cursor))
        yield from page.tasks
        if (cursor := page.cursor) is None:
            return


def _project_tasks(distributor: Distributor, project: str) -> Iterator[TaskView]:
    cursor: str | None = None
    while True:
        page: TaskPage = distributor.call(ListTasks(project=project, limit=PAGE, cursor=cursor))
        yield from page.tasks
        if (cursor := page.cursor) is None:
            return


def _attempts(distributor: Distributor, batch: str) -> Iterator[TaskAttempt]:
    cursor: str | None = None
    while True:
        page: AttemptPage = distributor.call(ListAttempts(batch=batch, limit=PAGE, cursor=cursor))
        yield from page.attempts
        if (cursor := page.cursor) is None:
            return


def _events(distributor: Distributor, since: str, until: str | None) -> Iterator[EventView]:
    cursor: str | None = None
    while True:
        page: EventPage = distributor.call(ListEvents(since=since, limit=PAGE, cursor=cursor))
        yield from (event for event in page.events if until is None or event.at <= until)
        # Of several nodes one may be a little late: read on for a page before believing that it is over.
        if not page.events or (until is not None and page.events[0].at > until):
            return
        cursor = page.cursor


def _agents(distributor: Distributor) -> Iterator[AgentView]:
    cursor: str | None = None
    while True:
        page: AgentPage = distributor.call(ListAgents(limit=PAGE, cursor=cursor))
        yield from page.agents
        if (cursor := page.cursor) is None:
            return
