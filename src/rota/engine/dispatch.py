"""Planning a pool inside a turn: read the snapshot, plan, give out what the plan decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rota.engine.book import ACTIVE, REMOVED, Agent, Pool
from rota.engine.context import Context
from rota.engine.give import give
from rota.engine.health import healthy
from rota.engine.learn import fold, load_of
from rota.engine.listening import Listening, listeners_of
from rota.engine.set_aside import Fault
from rota.model.times import SECOND
from rota.planning import snapshot as seen
from rota.planning.plan import plan, survey
from rota.store.sql.fleet import HEARTBEATS
from rota.store.sql.leases import SLOTS_OF_AGENTS
from rota.store.sql.waiting import (
    ADD_DEPTH,
    DEPTHS,
    HEADS_POSTGRES,
    HEADS_SQLITE,
    PARKED_LIMITS,
    TAKE_DEPTHS,
)

LEAST_HEADS = 8
FOLD_DEPTH = 64
"""Depth rows are folded into one a lane when there are this many more than lanes."""


class PlanningError(Exception):
    """The plan of a pool failed and no single shape could be blamed."""


def dispatch(context: Context, pool: Pool) -> bool:
    """Plan the pool and give out its tasks; False when another node was planning it."""
    if not context.transaction.lock_pool(pool.id):
        return False
    listeners = listeners_of(context, pool)
    fold(context, pool)
    if not listeners:
        return True
    # Before anything is read: what a plan must have seen is what was committed by now.
    horizon = context.transaction.horizon()
    depths = {lane: n for lane, n, _rows in _depths(context) if n > 0}
    lanes = [lane for lane in depths if context.book.lane_key(context.transaction, lane).pool == pool.id]
    if not lanes:
        return True
    used = _slots_in_use(context, listeners)
    decided = _plan(context, _snapshot(context, pool, listeners, lanes, used), depths)
    if decided.gives:
        give(context, pool, decided, {listener.id: listener for listener in listeners}, used, horizon)
    return True


def _depths(context: Context) -> list[tuple[Any, ...]]:
    context.flush()
    found = context.transaction.one(DEPTHS)
    if sum(row[2] for row in found) > len(found) + FOLD_DEPTH:
        totals: dict[int, int] = {}
        for lane, n in context.transaction.one(TAKE_DEPTHS):
            totals[lane] = totals.get(lane, 0) + n
        context.transaction.add(ADD_DEPTH, sorted((lane, n) for lane, n in totals.items() if n))
    return found


def _slots_in_use(context: Context, listeners: Sequence[Listening]) -> dict[int, dict[int, int]]:
    """Slots in use of every listening agent, with the moment each was taken."""
    listening = sorted({agent for listener in listeners for agent in listener.agents})
    used: dict[int, dict[int, int]] = {agent: {} for agent in listening}
    for agent, slot, since in context.transaction.each(SLOTS_OF_AGENTS, [(agent,) for agent in listening]):
        used[agent][slot] = since
    return used


def _snapshot(
    context: Context, pool: Pool, listeners: Sequence[Listening], lanes: list[int], used: dict[int, dict[int, int]]
) -> seen.Snapshot:
    loads = load_of(context, sorted(used))
    quiet = any(agent.pool == pool.id and agent.id not in used for agent in context.book.agents.values())
    heard: dict[int, int] = dict(context.transaction.one(HEARTBEATS)) if quiet else {}
    parked: set[str] | None = None
    shapes = {}
    pictured = []
    for lane in lanes:
        key = context.book.lane_key(context.transaction, lane)
        needs = shapes[key.shape] = context.book.needs_of(context.transaction, key.shape)
        barred = "paused" if context.book.queues[key.queue].paused else None
        if needs.limits and parked is None:
            parked = {limit for limit, _until in context.transaction.one(PARKED_LIMITS, context.now)}
        limit = next((limit for limit in needs.limits if limit in (parked or ())), None)
        barred = barred or (f"limit:{limit}" if limit else None)
        barred = barred or ("broken" if key.shape in context.broken else None)
        pictured.append(seen.Lane(lane, key.shape, key.band, barred))
    agents = [
        _agent(context, agent, used, loads, heard) for agent in context.book.agents.values() if agent.pool == pool.id
    ]
    return seen.Snapshot(
        agents=[agent for agent in agents if agent is not None],
        listeners=[seen.Listener(listener.id, listener.agents, listener.n) for listener in listeners],
        lanes=pictured,
        shapes=shapes,
        strategy=pool.policy.strategy,
        seed=context.now // SECOND,
    )


def _agent(
    context: Context,
    agent: Agent,
    used: dict[int, dict[int, int]],
    loads: dict[int, tuple[int, float, float]],
    heard: dict[int, int],
) -> seen.Agent | None:
    if agent.state == REMOVED:
        return None
    slots = used.get(agent.id, {})
    barred = None if agent.state == ACTIVE else "draining"
    if agent.id not in used and not healthy(heard.get(agent.id), context.now):
        barred = barred or "unhealthy"
    served, busy_s, mean_s = loads.get(agent.id, (0, 0.0, 1.0))
    return seen.Agent(
        id=agent.id,
        profile=agent.profile,
        slots=agent.spec.slots,
        running=len(slots),
        barred=barred,
        weight=agent.spec.weight or float(agent.spec.slots),
        served=served,
        busy_s=busy_s + sum(context.now - since for since in slots.values()) / SECOND,
        mean_s=mean_s,
    )


def _plan(context: Context, pictured: seen.Snapshot, depths: dict[int, int]) -> seen.Plan:
    """Read heads only of lanes that a listening agent may serve, more of them while the plan asks for more."""
    wanted = sum(listener.n for listener in pictured.listeners)
    heads_each = LEAST_HEADS
    while True:
        try:
            lanes, parked = survey(pictured)
        except Exception as error:
            _set_aside(context, pictured, error)
            continue
        heads_each = max(heads_each, -(-2 * wanted // max(len(lanes), 1)))
        heads = _heads(context, [lane.id for lane in lanes], heads_each)
        for lane in lanes:
            lane.heads = heads.get(lane.id, ())
            lane.more = len(lane.heads) >= heads_each and depths[lane.id] > heads_each
        try:
            decided = plan(_unused(pictured, lanes))
        except Exception as error:
            _set_aside(context, pictured, error)
            continue
        if not decided.starved:
            decided.parked = parked
            return decided
        heads_each *= 4


def _set_aside(context: Context, pictured: seen.Snapshot, error: Exception) -> None:
    """Bar the lanes of the shapes that the plan can not cope with, so that it can be made for the others."""
    found = False
    for shape in sorted({lane.shape for lane in pictured.lanes if lane.barred is None}):
        own = [lane for lane in pictured.lanes if lane.shape == shape]
        try:
            lanes, _parked = survey(_unused(pictured, own))
            plan(_unused(pictured, lanes))
        except Exception as fault:
            found = True
            said = f"{type(fault).__name__}: {fault}"
            context.broken[shape] = Fault(context.now, said)
            context.changes.say("set_aside", shape=shape, error=said)
            context.trouble.append(f"shape {shape} is set aside: planning it failed: {said}")
            for lane in own:
                lane.barred = "broken"
    if not found:
        raise PlanningError(f"{type(error).__name__}: {error}") from error


def _unused(pictured: seen.Snapshot, lanes: list[seen.Lane]) -> seen.Snapshot:
    """The snapshot with these lanes and agents and listeners of its own: a plan uses them up."""
    return msgspec.structs.replace(
        pictured,
        lanes=lanes,
        agents=[msgspec.structs.replace(agent) for agent in pictured.agents],
        listeners=[msgspec.structs.replace(listener) for listener in pictured.listeners],
    )


def _heads(context: Context, lanes: list[int], k: int) -> dict[int, list[tuple[int, int]]]:
    statement = HEADS_SQLITE if context.transaction.dialect == "sqlite" else HEADS_POSTGRES
    heads: dict[int, list[tuple[int, int]]] = {}
    for lane, due, task in context.transaction.each(statement, [(lane, k) for lane in lanes]):
        heads.setdefault(lane, []).append((due, task))
    return heads
