"""Showing tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rota.engine.book import Book
from rota.engine.brief import attempt_view
from rota.engine.named import project
from rota.engine.touches import places_in
from rota.model import bounds, check, state
from rota.model.commands.read import GetHistory, GetTask, ListTasks, TaskHistory, TaskPage
from rota.model.errors import RotaError, invalid
from rota.model.event import EventView, Move, MoveView
from rota.model.ids import project_id, task_id, task_number
from rota.model.priority import BANDS, PRIORITIES
from rota.model.task import TaskView
from rota.model.times import SECOND, maybe_rfc3339, rfc3339
from rota.planning.stages import next_change
from rota.store.protocol import Reader
from rota.store.sql import relations
from rota.store.sql.history import TASK_EVENTS
from rota.store.sql.leases import ATTEMPTS_OF_TASKS
from rota.store.sql.listing import BODIES, SHOWN, ShownRow, listing

_decode = msgspec.json.Decoder().decode
HISTORY = 1_000
_WAITING = (state.READY, state.SCHEDULED, state.BLOCKED)


def get(reader: Reader, book: Book, request: GetTask, now: int) -> TaskView:
    """One task with body, result and parents."""
    del now
    return _whole(reader, book, [shown(reader, request.task)])[0]


def _whole(reader: Reader, book: Book, rows: Sequence[ShownRow]) -> list[TaskView]:
    """The tasks of these rows with everything about them."""
    views = {row.id: view_of(reader, book, row) for row in rows}
    bodies = reader.each(BODIES, [(row.id,) for row in rows])
    for number, description, payload, result, question, answer in bodies:
        view = views[number]
        view.description = description
        view.payload = None if payload is None else _decode(payload)
        view.result = None if result is None else _decode(result)
        view.question = question
        if answer is not None and question is not None:
            view.question = f"{question}\n(answered: {answer})"
    edges = reader.each(relations.PARENTS, [(row.id,) for row in rows if row.parents])
    for child, parent, *_ in sorted(edges):
        views[child].after.append(task_id(parent))
    return list(views.values())


def shown(reader: Reader, task: str) -> ShownRow:
    """The row of a task; refused when there is none."""
    found = reader.each(SHOWN, [(task_number(task),)])
    if not found:
        raise RotaError("no_task", f"there is no {task}", field="task")
    return ShownRow._make(found[0])


def listed(reader: Reader, book: Book, request: ListTasks, now: int) -> TaskPage:
    """A page of tasks, newest first."""
    del now
    check.number(request.limit, "limit", 1, bounds.PAGE)
    before = bounds.INT64 if request.cursor is None else task_number(request.cursor, "cursor")
    in_state = None if request.state is None else state.NUMBERS[request.state]
    found = _filters(reader, book, request)
    if found is None:
        return TaskPage(tasks=[])
    statement, values = listing(in_state, found, before, request.limit + 1)
    rows = [ShownRow._make(row) for row in reader.one(statement, *values)]
    page = rows[: request.limit]
    cursor = task_id(page[-1].id) if len(rows) > request.limit else None
    if request.whole:
        return TaskPage(tasks=_whole(reader, book, page), cursor=cursor)
    return TaskPage(tasks=[view_of(reader, book, row) for row in page], cursor=cursor)


def _filters(reader: Reader, book: Book, request: ListTasks) -> dict[str, Any] | None:
    """Conditions by name with database values; None when no task can fit."""
    found: dict[str, Any] = {}
    if request.queue is not None:
        found["queue"] = book.queue(request.queue).id
    if request.agent is not None:
        found["agent"] = book.agent(request.agent).id
    if request.priority is not None:
        found["band"] = BANDS[request.priority]
    if request.project is not None:
        found["project"] = project(reader, request.project)
    if request.tenant is not None:
        tenant = book.known_tenant(reader, check.name(request.tenant, "tenant"))
        if tenant is None:
            return None
        found["tenant"] = tenant
    for name in ("kind", "batch", "unique"):
        value = getattr(request, name)
        if value is not None:
            found[name] = check.text(value, name, bounds.KEY)
    return found


def view_of(reader: Reader, book: Book, row: ShownRow) -> TaskView:
    """A task as lists show it."""
    needs = book.needs_of(reader, row.shape)
    running = row.leased_by is not None
    agent = row.leased_by if running else row.agent
    note = _decode(row.note) if row.note else {}
    return TaskView(
        id=task_id(row.id),
        title=row.title,
        kind=row.kind,
        queue=book.queues[row.queue].name,
        tenant=book.tenant_name(reader, row.tenant),
        priority=PRIORITIES[row.band],
        state=state.STATES[state.RUNNING if running else row.state],
        submitted=rfc3339(row.submitted),
        promoted=None if row.promoted is None else PRIORITIES[row.promoted],
        next_stage=_next_stage(reader, book, row),
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        version=row.version,
        project=None if row.project is None else project_id(row.project),
        batch=row.batch,
        deadline=maybe_rfc3339(row.deadline),
        start=maybe_rfc3339(row.start),
        expires=maybe_rfc3339(row.expires),
        finished=maybe_rfc3339(row.finished if row.state in state.ENDED else None),
        estimate=None if row.estimate is None else row.estimate / SECOND,
        group=row.grp,
        sequence=row.sequence,
        unique=row.unique_key,
        approval=bool(row.review),
        skills=dict(needs.skills),
        role=needs.role,
        regions=list(needs.regions),
        pin=needs.pin,
        ban=list(needs.ban),
        limits=list(needs.limits),
        touches=[] if row.keys is None else places_in(msgspec.json.decode(row.keys, type=dict[str, int])),
        resources=dict(needs.resources),
        near=needs.near,
        max_cost=needs.max_cost,
        agent=None if agent is None else book.agent_name(agent),
        until=maybe_rfc3339(row.until),
        progress=note.get("progress"),
        reason=row.reason,
    )


def _next_stage(reader: Reader, book: Book, row: ShownRow) -> str | None:
    if row.stages is None or row.leased_by is not None or row.state not in _WAITING:
        return None
    stages = book.stages_of(reader, row.stages)
    return maybe_rfc3339(next_change(stages, row.fired, row.waits_from, row.deadline))


def history(reader: Reader, book: Book, request: GetHistory, now: int) -> TaskHistory:
    """A task's attempts and events. Events about many tasks at once are told by the attempts and the task itself."""
    view = get(reader, book, GetTask(task=request.task), now)
    number = task_number(request.task)
    attempts = sorted(reader.each(ATTEMPTS_OF_TASKS, [(number,)]), key=lambda row: int(row[1]))
    return TaskHistory(
        task=view,
        attempts=[attempt_view(row, book.agent_name(row[2])) for row in attempts],
        events=[
            event_view(book, str(seq), at, kind, moves, data)
            for seq, at, kind, moves, data in reader.one(TASK_EVENTS, number, HISTORY)
        ],
    )


def event_view(book: Book, seq: str, at: int, kind: str, moves_text: str, data_text: str) -> EventView:
    """An event as shown; of very many tasks only the first 1,000 are named, the moves are whole."""
    moves = msgspec.json.decode(moves_text, type=list[Move])
    numbers = [number for move in moves for number in range(move.first, min(move.last, move.first + HISTORY) + 1)]
    states = {state.STATES[move.to] for move in moves}
    data = _decode(data_text)
    if isinstance(data.get("agent"), int):
        data["agent"] = book.agent_name(data["agent"])
    return EventView(
        seq=seq,
        at=rfc3339(at),
        kind=kind,
        tasks=[task_id(number) for number in numbers[:HISTORY]],
        state=states.pop() if len(states) == 1 else None,
        moves=[_move_view(book, move) for move in moves],
        data=data,
    )


def _move_view(book: Book, move: Move) -> MoveView:
    return MoveView(
        first=task_id(move.first),
        last=task_id(move.last),
        to=state.STATES[move.to],
        lane=move.lane,
        agent=None if move.agent is None else book.agent_name(move.agent),
        slot=move.slot,
        attempt=move.attempt,
    )


def page_cursor(cursor: str | None, field: str = "cursor") -> int:
    """A numeric cursor; None starts at the beginning."""
    if cursor is None:
        return 0
    number = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 19 else -1
    if not 0 <= number <= bounds.INT64:
        raise invalid(field, "is not a cursor that a page answered")
    return number
