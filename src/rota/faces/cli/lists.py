"""`rota tasks`, `dead`, `queues`, `agents`, `events`: lists, straight from the operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from rota.faces.cli.asking import asking
from rota.faces.cli.columns import columns
from rota.faces.cli.options import All, Cursor, Database, Json, Limit
from rota.faces.cli.say import json_line, talk
from rota.model.agent import AgentView
from rota.model.commands.read import ListAgents, ListEvents, ListQueues, ListTasks
from rota.model.event import EventView
from rota.model.priority import Priority
from rota.model.queue import QueueView
from rota.model.state import State
from rota.model.task import TaskView

Row = Sequence[object]


def tasks(
    *,
    state: State | None = None,
    queue: str | None = None,
    project: str | None = None,
    tenant: str | None = None,
    priority: Priority | None = None,
    kind: str | None = None,
    batch: str | None = None,
    agent: str | None = None,
    unique: str | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    every: All = False,
    database: Database = None,
    json: Json = False,
) -> int:
    """List tasks, newest first, by any of these filters together.

    Parameters
    ----------
    agent: Only what this agent has now.
    unique: Only the tasks with this unique key.
    """
    request = ListTasks(
        state=state, queue=queue, project=project, tenant=tenant, priority=priority, kind=kind, batch=batch,
        agent=agent, unique=unique, limit=limit, cursor=cursor,
    )  # fmt: skip
    return _pages(request, "tasks", _TASK, _task, database, json, every)


def dead(
    *,
    queue: str | None = None,
    project: str | None = None,
    kind: str | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    every: All = False,
    database: Database = None,
    json: Json = False,
) -> int:
    """List dead tasks with their reasons, newest first."""
    request = ListTasks(state="dead", queue=queue, project=project, kind=kind, limit=limit, cursor=cursor)
    return _pages(request, "tasks", _DEAD, _dead, database, json, every)


def agents(
    *,
    pool: str | None = None,
    limit: Limit = 1_000,
    cursor: Cursor = None,
    every: All = False,
    database: Database = None,
    json: Json = False,
) -> int:
    """List agents by name."""
    return _pages(ListAgents(pool=pool, limit=limit, cursor=cursor), "agents", _AGENT, _agent, database, json, every)


def queues(*, database: Database = None, json: Json = False) -> int:
    """List queues by name, with what waits and runs in them."""
    return _pages(ListQueues(), "queues", _QUEUE, _queue, database, json, False)


def events(
    *,
    since: Annotated[str | None, Parameter(help="Leave out what was before: RFC 3339, or so long ago: 1h.")] = None,
    limit: Limit = 500,
    cursor: Cursor = None,
    every: All = False,
    database: Database = None,
    json: Json = False,
) -> int:
    """List what happened, oldest first."""
    request = ListEvents(since=since, limit=limit, cursor=cursor)
    return _pages(request, "events", _EVENT, _event, database, json, every)


def _pages(
    request: Any,
    items: str,
    heads: Sequence[str],
    row: Callable[[Any], Row],
    database: str | None,
    as_json: bool,
    every: bool,
) -> int:
    with asking(database) as ask:
        page = ask(request)
        _show(page, items, heads, row, as_json, every)
        while every and getattr(page, items) and getattr(page, "cursor", None) is not None:
            request.cursor = page.cursor
            page = ask(request)
            _show(page, items, (), row, as_json, every)
    cursor = getattr(page, "cursor", None)
    if not every and not as_json and cursor is not None and len(getattr(page, items)) == request.limit:
        talk(f"there may be more: --cursor {cursor}, or --all")
    return 0


def _show(page: Any, items: str, heads: Sequence[str], row: Callable[[Any], Row], as_json: bool, every: bool) -> None:
    if not as_json:
        columns(heads, map(row, getattr(page, items)))
    elif every:
        for item in getattr(page, items):
            json_line(item)
    else:
        json_line(page)


_TASK = ("TASK", "STATE", "PRIORITY", "QUEUE", "KIND", "AGENT", "TRIES", "TITLE")
_DEAD = ("TASK", "QUEUE", "TITLE", "TRIES", "ENDED", "REASON")
_AGENT = ("AGENT", "STATE", "HEALTHY", "POOL", "ROLE", "RUNNING", "SLOTS", "DONE", "FAILED", "SKILLS")
_QUEUE = ("QUEUE", "POOL", "WAITING", "RUNNING", "ASIDE", "PAUSED")
_EVENT = ("EVENT", "AT", "KIND", "STATE", "TASKS")


def _task(task: TaskView) -> Row:
    tries = f"{task.attempts}/{task.max_attempts}"
    return (task.id, task.state, task.priority, task.queue, task.kind, task.agent, tries, task.title)


def _dead(task: TaskView) -> Row:
    return (task.id, task.queue, task.title, task.attempts, _second(task.finished), task.reason)


def _agent(agent: AgentView) -> Row:
    skills = ", ".join(f"{name} {level}" for name, level in sorted(agent.skills.items()))
    return (
        agent.name, agent.state, "yes" if agent.healthy else "no", agent.pool, agent.role, agent.running, agent.slots,
        agent.done, agent.failed, skills,
    )  # fmt: skip


def _queue(queue: QueueView) -> Row:
    aside = ", ".join(f"{n} {name}" for name, n in sorted(queue.aside.items()))
    paused = (queue.reason or "yes") if queue.paused else None
    return (queue.name, queue.policy.pool, queue.waiting, queue.running, aside, paused)


def _event(event: EventView) -> Row:
    named = ", ".join(event.tasks[:3]) + (f" and {len(event.tasks) - 3} more" if len(event.tasks) > 3 else "")
    return (event.seq, event.at, event.kind, event.state, named)


def _second(at: str | None) -> str | None:
    """A moment without its fraction."""
    return None if at is None else f"{at.partition('.')[0]}Z"
