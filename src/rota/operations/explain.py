"""Why a task waits: by the same survey the plan makes, so that it cannot disagree with it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rota.engine.agents_now import agents_now
from rota.engine.book import Book, LaneKey
from rota.model import state
from rota.model.commands.read import Explain, Explanation
from rota.model.ids import task_id
from rota.model.times import rfc3339
from rota.operations.limits import capped, line_of, used_up
from rota.operations.place_in_order import place_in_order
from rota.operations.refusals import refusal_view
from rota.operations.tasks import shown
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, nobody, standings
from rota.planning.snapshot import Agent
from rota.store.protocol import Reader
from rota.store.sql import relations
from rota.store.sql.listing import ShownRow
from rota.store.sql.waiting import COUNT_AHEAD, DEPTHS, PARKED_LIMITS

COUNTED = 10_000
FREED = "when_freed"


def explain(reader: Reader, book: Book, request: Explain, now: int) -> Explanation:
    """The reasons, by the task's state."""
    row = shown(reader, request.task)
    if row.leased_by is not None:
        return _running(book, row)
    if row.state == state.READY:
        return _ready(reader, book, row, now)
    return _aside(reader, book, row, now)


def _running(book: Book, row: ShownRow) -> Explanation:
    assert row.leased_by is not None
    assert row.since is not None
    agent = book.agent_name(row.leased_by)
    note = msgspec.json.decode(row.note) if row.note else {}
    why = {"given": rfc3339(row.since), "agent": agent, **note.get("why", {})}
    text = f"{agent} has it since {rfc3339(row.since)}"
    if row.cancel_at is not None:
        text += "; it was asked to stop"
    return Explanation(task=task_id(row.id), state="running", reason="running", text=text, why=why)


def _aside(reader: Reader, book: Book, row: ShownRow, now: int) -> Explanation:
    name = state.STATES[row.state]
    reason: str = name
    waiting_for = []
    text = row.reason or name
    if row.state == state.BLOCKED:
        parents = [(parent, met) for _c, parent, _r, _u, met in sorted(reader.each(relations.PARENTS, [(row.id,)]))]
        waiting_for = [task_id(parent) for parent, met in parents if not met]
        text = f"waits for {', '.join(waiting_for[:10])}"
        in_line = line_of(reader, book, row.id, now)
        if in_line is not None:
            reason, text, waiting_for = in_line
    elif row.state == state.SCHEDULED and row.start is not None:
        text = f"starts at {rfc3339(row.start)}" + (f" after: {row.reason}" if row.reason else "")
    return Explanation(task=task_id(row.id), state=name, reason=reason, text=text, waiting_for=waiting_for)


def _ready(reader: Reader, book: Book, row: ShownRow, now: int) -> Explanation:
    assert row.lane is not None
    key = book.lane_key(reader, row.lane)
    needs = book.needs_of(reader, key.shape)
    agents = agents_now(reader, book, key.pool, now, [needs])
    capped(reader, book, agents, now)
    asked = Asked(needs, key.band, key.tenant)
    reason, text = _why_not(reader, book, key, asked, agents, now)
    # What can not be planned can not be asked either.
    found = {} if reason == "broken" else standings(agents, asked)
    names = {agent.id: agent.profile.name for agent in agents}
    ahead = int(reader.one(COUNT_AHEAD, row.lane, row.due, row.id, COUNTED)[0][0])
    # A busy agent may: its slot comes free.
    may = [agent for agent in agents if agent.id in found and ((no := found[agent.id]) is None or no.passes == FREED)]
    better = sum(
        1
        for lane, n, _rows in reader.one(DEPTHS)
        if n > 0 and (other := book.lane_key(reader, lane)).pool == key.pool and other.band < key.band
    )
    return Explanation(
        task=task_id(row.id),
        state="ready",
        reason=reason,
        text=text,
        ahead=ahead,
        better_lanes=better,
        order=place_in_order(reader, book, row, key, may, _competing(reader, book, key, may), now),
        agents={names[one]: "may" if no is None else f"{no.code}: {no.text}" for one, no in found.items()},
        refusals={names[one]: refusal_view(no) for one, no in found.items() if no is not None},
    )


def _competing(reader: Reader, book: Book, key: LaneKey, may: Sequence[Agent]) -> list[int]:
    """The lanes of the pool that hold tasks which one of these agents may do."""
    lanes = []
    shapes: dict[int, bool] = {}
    for lane, n, _rows in reader.one(DEPTHS):
        other = book.lane_key(reader, lane)
        if n <= 0 or other.pool != key.pool or book.queues[other.queue].paused:
            continue
        if other.shape not in shapes:
            needs = book.needs_of(reader, other.shape)
            shapes[other.shape] = any(refusal(agent.profile, needs) is None for agent in may)
        if shapes[other.shape]:
            lanes.append(lane)
    return lanes


def _why_not(reader: Reader, book: Book, key: LaneKey, asked: Asked, agents: list[Agent], now: int) -> tuple[str, str]:
    queue = book.queues[key.queue]
    if queue.paused:
        return "paused", f"queue {queue.name} is paused" + (f": {queue.reason}" if queue.reason else "")
    parked: dict[str, int] = dict(reader.one(PARKED_LIMITS, now))
    for limit in asked.needs.limits:
        if limit in parked:
            return f"limit:{limit}", f"limit {limit} is used up until {rfc3339(parked[limit])}"
    shut = used_up(reader, book, book.lane(reader, key), now)
    if shut is not None:
        return shut
    if key.shape in book.broken:
        return "broken", f"set aside for a minute: planning tasks like it failed: {book.broken[key.shape].error}"
    none = nobody(agents, asked)
    if none is not None:
        return none, "no agent of its pool may take it now: " + none.removeprefix("nobody:").replace(",", ", ")
    return "slot", "waits for a free slot of an agent that may take it, in its turn"
