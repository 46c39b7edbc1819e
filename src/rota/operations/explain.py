"""Why a task waits: by the same survey the plan makes, so that it cannot disagree with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rota.engine.agents_now import agents_now
from rota.engine.book import Book
from rota.engine.brief import attempt_view
from rota.model import state
from rota.model.commands.read import Explain, Explanation
from rota.model.ids import task_id
from rota.model.times import rfc3339
from rota.operations.lanes import Waiting, barred, lanes_of
from rota.operations.limits import capped, line_of
from rota.operations.place_in_order import place_in_order
from rota.operations.refusals import refusal_view
from rota.operations.tasks import shown
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, nobody, standings
from rota.planning.refusal import Refusal
from rota.planning.rooms import room_of
from rota.planning.snapshot import Agent
from rota.store.protocol import Reader
from rota.store.sql import relations
from rota.store.sql.leases import ATTEMPTS_OF_TASKS
from rota.store.sql.listing import ShownRow
from rota.store.sql.waiting import COUNT_AHEAD

COUNTED = 10_000
NAMED = 3
"""How many agents a text names."""


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
    if "group" in why:
        text += f"; it {why['group']}"
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
    why = _last_decision(reader, book, row)
    return Explanation(task=task_id(row.id), state=name, reason=reason, text=text, waiting_for=waiting_for, why=why)


def _last_decision(reader: Reader, book: Book, row: ShownRow) -> dict[str, Any]:
    """Why its last agent got it, as recorded, and how that ended; empty when it was never given away."""
    if not row.tries:
        return {}
    ended = (attempt_view(one, book.agent_name(one[2])) for one in reader.each(ATTEMPTS_OF_TASKS, [(row.id,)]))
    last = max(ended, key=lambda attempt: attempt.number, default=None)
    if last is None:
        return {}
    return {"given": last.started, "agent": last.agent, "ended": last.ended, "outcome": last.outcome, **last.why}


def _ready(reader: Reader, book: Book, row: ShownRow, now: int) -> Explanation:
    assert row.lane is not None
    key = book.lane_key(reader, row.lane)
    asked = Asked(book.needs_of(reader, key.shape), key.band, key.tenant)
    agents = agents_now(reader, book, key.pool, now, [asked.needs])
    capped(reader, book, agents, now)
    reason, text = _why_not(reader, book, row.lane, asked, agents, now)
    # What can not be planned can not be asked either.
    found = {} if reason == "broken" else standings(agents, asked)
    names = {agent.id: agent.profile.name for agent in agents}
    rooms = {agent.id: room_of(agent, asked, found[agent.id], now) for agent in agents if agent.id in found}
    idle = [names[one] for one, room in rooms.items() if found[one] is None and room and room.busy < room.slots]
    if reason == "slot" and idle:
        text = f"waits until an agent asks for work that may take it; {_some(idle)} could, with a slot free"
    lanes = lanes_of(reader, book, key.pool)
    competing = _competing(reader, book, row.lane, lanes, [agent for agent in agents if rooms.get(agent.id)])
    order = place_in_order(reader, book, row, [room for room in rooms.values() if room], competing, now)
    return Explanation(
        task=task_id(row.id),
        state="ready",
        reason=reason,
        text=text,
        ahead=int(reader.one(COUNT_AHEAD, row.lane, row.due, row.id, COUNTED)[0][0]),
        better_lanes=sum(one.key.band < key.band for one in lanes),
        order=order,
        agents={names[one]: "may" if no is None else f"{no.code}: {no.text}" for one, no in found.items()},
        refusals={names[one]: refusal_view(no) for one, no in found.items() if no is not None},
        why=_last_decision(reader, book, row),
    )


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def is_in_turn(no: Refusal | None) -> bool:
    """Whether an agent that stands so may be given it as soon as it has room: who is only busy ends something."""
    return no is None or no.passes == "when_freed"


def _competing(reader: Reader, book: Book, own: int, lanes: Sequence[Waiting], may: Sequence[Agent]) -> list[Waiting]:
    """The lanes whose tasks one of these agents may do too, and the task's own."""
    shapes: dict[int, bool] = {}
    for shape in {one.key.shape for one in lanes} - book.broken.keys():
        needs = book.needs_of(reader, shape)
        shapes[shape] = any(refusal(agent.profile, needs) is None for agent in may)
    return [one for one in lanes if one.lane == own or shapes.get(one.key.shape)]


def _why_not(reader: Reader, book: Book, lane: int, asked: Asked, agents: Sequence[Agent], now: int) -> tuple[str, str]:
    shut = barred(reader, book, lane, now)
    if shut is not None:
        return shut.code, shut.text
    none = nobody(agents, asked)
    if none is not None:
        return none, "no agent of its pool may take it now: " + none.removeprefix("nobody:").replace(",", ", ")
    return "slot", "waits for a free slot of an agent that may take it, in its turn"
