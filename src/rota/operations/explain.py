"""Why a task waits: by the same survey the plan makes, so that it cannot disagree with it."""

from __future__ import annotations

import msgspec

from rota.engine.book import ACTIVE, REMOVED, Book, LaneKey
from rota.engine.health import healthy
from rota.model import state
from rota.model.commands.read import Explain, Explanation
from rota.model.ids import task_id
from rota.model.requirements import Requirements
from rota.model.times import rfc3339
from rota.operations.tasks import shown
from rota.planning.filter import nobody, refusal_now
from rota.planning.snapshot import Agent
from rota.store.protocol import Reader
from rota.store.sql import relations
from rota.store.sql.fleet import HEARTBEATS
from rota.store.sql.leases import SLOTS_OF_AGENTS
from rota.store.sql.listing import ShownRow
from rota.store.sql.waiting import COUNT_AHEAD, DEPTHS, PARKED_LIMITS

COUNTED = 10_000


def explain(reader: Reader, book: Book, request: Explain, now: int) -> Explanation:
    """The reasons, by the task's state."""
    row = shown(reader, request.task)
    if row.leased_by is not None:
        return _running(book, row)
    if row.state == state.READY:
        return _ready(reader, book, row, now)
    return _aside(reader, row)


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


def _aside(reader: Reader, row: ShownRow) -> Explanation:
    name = state.STATES[row.state]
    waiting_for = []
    text = row.reason or name
    if row.state == state.BLOCKED:
        parents = [(parent, met) for _c, parent, _r, _u, met in sorted(reader.each(relations.PARENTS, [(row.id,)]))]
        waiting_for = [task_id(parent) for parent, met in parents if not met]
        text = f"waits for {', '.join(waiting_for[:10])}"
    elif row.state == state.SCHEDULED and row.start is not None:
        text = f"starts at {rfc3339(row.start)}" + (f" after: {row.reason}" if row.reason else "")
    return Explanation(task=task_id(row.id), state=name, reason=name, text=text, waiting_for=waiting_for)


def _ready(reader: Reader, book: Book, row: ShownRow, now: int) -> Explanation:
    assert row.lane is not None
    key = book.lane_key(reader, row.lane)
    needs = book.needs_of(reader, key.shape)
    agents = agents_of(reader, book, key.pool, now)
    reason, text = _why_not(reader, book, key, needs, agents, now)
    ahead = int(reader.one(COUNT_AHEAD, row.lane, row.due, row.id, COUNTED)[0][0])
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
        # What can not be planned can not be asked either.
        agents={} if reason == "broken" else {agent.profile.name: _standing(agent, needs) for agent in agents},
    )


def agents_of(reader: Reader, book: Book, pool: int, now: int) -> list[Agent]:
    """The agents of a pool as the plan sees them."""
    heard: dict[int, int] = dict(reader.one(HEARTBEATS))
    known = [agent for agent in book.agents.values() if agent.pool == pool and agent.state != REMOVED]
    running: dict[int, int] = {}
    for agent, _slot, _since in reader.each(SLOTS_OF_AGENTS, [(agent.id,) for agent in known]):
        running[agent] = running.get(agent, 0) + 1
    return [
        Agent(
            id=agent.id,
            profile=agent.profile,
            slots=agent.spec.slots,
            running=running.get(agent.id, 0),
            barred="draining"
            if agent.state != ACTIVE
            else (None if healthy(heard.get(agent.id), now) else "unhealthy"),
        )
        for agent in known
    ]


def _why_not(
    reader: Reader, book: Book, key: LaneKey, needs: Requirements, agents: list[Agent], now: int
) -> tuple[str, str]:
    queue = book.queues[key.queue]
    if queue.paused:
        return "paused", f"queue {queue.name} is paused" + (f": {queue.reason}" if queue.reason else "")
    parked: dict[str, int] = dict(reader.one(PARKED_LIMITS, now))
    for limit in needs.limits:
        if limit in parked:
            return f"limit:{limit}", f"limit {limit} is used up until {rfc3339(parked[limit])}"
    if key.shape in book.broken:
        return "broken", f"set aside for a minute: planning tasks like it failed: {book.broken[key.shape].error}"
    none = nobody(agents, needs)
    if none is not None:
        return none, "no agent of its pool may take it now: " + none.removeprefix("nobody:").replace(",", ", ")
    return "slot", "waits for a free slot of an agent that may take it, in its turn"


def _standing(agent: Agent, needs: Requirements) -> str:
    found = refusal_now(agent, needs)
    return "may" if found is None else f"{found.code}: {found.text}"
