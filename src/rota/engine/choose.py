"""Giving chosen tasks to those who asked for them: a small plan of its own, before the pool's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from rota.engine.agents_seen import Look, agent_seen, expectations, lanes_in_hands
from rota.engine.book import LaneKey, Pool
from rota.engine.context import Context, Waiting
from rota.engine.give import give
from rota.engine.kept_slots import KeptSlots, given_out, kept_slots
from rota.engine.lane_depths import lane_depths
from rota.engine.learn import served_of
from rota.engine.listening import Listening
from rota.engine.meters import PoolMeters
from rota.engine.parked import lane_parked, parked
from rota.engine.slots_in_use import slots_in_use
from rota.engine.trouble_rows import NONE
from rota.engine.troubles import known_troubles
from rota.engine.unreviewed import barred_by_queue
from rota.model.requirements import Requirements
from rota.planning import snapshot as seen
from rota.planning.plan import plan
from rota.planning.single import single
from rota.planning.survey import survey
from rota.store.sql.waiting import HEADS_POSTGRES, HEADS_SQLITE, PROJECT_IN_LANE, READY_OF_PROJECT, READY_OF_TASKS

_STRATEGY = "balanced"
"""Of those who asked; mostly there is only one."""
LOOKS = (4, 32, 1_024)
"""So many tasks of a lane are looked at for those of a project, before the project is looked through."""


def choose(context: Context, pool: Pool) -> None:
    """Answer the claims for chosen tasks in this pool. They go before its plan, which sees what they left."""
    asked = _asking(context, pool)
    if not asked:
        return
    if not context.transaction.lock_pool(pool.id):
        context.contended.add(pool.id)
        return
    kept = kept_slots(context, pool)
    for waiting in asked:
        _answer(context, pool, waiting, kept)
        context.flush()


def _asking(context: Context, pool: Pool) -> list[Waiting]:
    agents = context.book.agents
    claims = [*context.listening.values(), *context.claims]
    return [
        waiting
        for waiting in claims
        if waiting.chosen is not None
        and waiting.id not in context.answered
        and agents[waiting.agents[0]].pool == pool.id
    ]


def _answer(context: Context, pool: Pool, waiting: Waiting, kept: KeptSlots) -> None:
    heads = _heads(context, pool, waiting)
    if not heads:
        return
    horizon = context.transaction.horizon()
    used = slots_in_use(context, sorted(set(waiting.agents)))
    meters = PoolMeters(context, list(heads), used)
    pictured = meters.draw(_snapshot(context, pool, waiting, heads, used, kept))
    lanes, _parked = survey(pictured)
    decided = single(pictured, lanes) or plan(msgspec.structs.replace(pictured, lanes=lanes))
    if decided.gives:
        listener = Listening(waiting.id, context.node, waiting.agents, waiting.claim.n, waiting)
        how = "override" if waiting.claim.override else "asked"
        give(context, pool, decided, {waiting.id: listener}, used, horizon, meters, by_name=how)
        given_out(context, kept, (found.task for found in decided.gives))
    meters.close()


def _heads(context: Context, pool: Pool, waiting: Waiting) -> dict[int, list[seen.Head]]:
    """What is ready of what was chosen, by lane, best first; of a project no more of each lane than is asked for."""
    chosen = waiting.chosen
    assert chosen is not None
    if chosen.tenant is not None:
        return _heads_of_tenant(context, pool, chosen.tenant, waiting.claim.n)
    if chosen.project is not None:
        return _heads_of_project(context, pool, chosen.project, waiting.claim.n)
    rows = context.transaction.each(READY_OF_TASKS, [(number,) for number in sorted(chosen.tasks)])
    heads: dict[int, list[seen.Head]] = {}
    for lane, *head in sorted(rows):
        if context.book.lane_key(context.transaction, lane).pool == pool.id:
            heads.setdefault(lane, []).append(seen.Head(*head))
    return heads


def _heads_of_project(context: Context, pool: Pool, project: int, n: int) -> dict[int, list[seen.Head]]:
    share = context.book.shares.of(context.transaction, project)
    heads: dict[int, list[seen.Head]] = {}
    for lane, depth in lane_depths(context).items():
        key = context.book.lane_key(context.transaction, lane)
        if key.pool != pool.id or key.share != share:
            continue
        found = _first_in_lane(context, project, lane, depth, n)
        if found:
            heads[lane] = [seen.Head(*head) for _lane, *head in found]
    return heads


def _heads_of_tenant(context: Context, pool: Pool, tenant: int, n: int) -> dict[int, list[seen.Head]]:
    """All of a lane is of one tenant."""
    lanes = [
        (lane, n)
        for lane in lane_depths(context)
        if _is_of(context.book.lane_key(context.transaction, lane), pool, tenant)
    ]
    statement = HEADS_SQLITE if context.transaction.dialect == "sqlite" else HEADS_POSTGRES
    heads: dict[int, list[seen.Head]] = {}
    for lane, *head in sorted(context.transaction.each(statement, lanes)):
        heads.setdefault(lane, []).append(seen.Head(*head))
    return heads


def _is_of(lane: LaneKey, pool: Pool, tenant: int) -> bool:
    return lane.pool == pool.id and lane.tenant == tenant


def _first_in_lane(context: Context, project: int, lane: int, depth: int, n: int) -> list[tuple[int, ...]]:
    """The project's first tasks in a lane. Mostly they stand at its front: others of its share seldom wait with it."""
    for look in (look for look in LOOKS if look >= n):
        found = sorted(context.transaction.one(PROJECT_IN_LANE, lane, look, project))[:n]
        if len(found) == n or depth <= look:
            return found
    return context.transaction.one(READY_OF_PROJECT, project, lane, n)


def _snapshot(
    context: Context,
    pool: Pool,
    waiting: Waiting,
    heads: Mapping[int, Sequence[seen.Head]],
    used: dict[int, dict[int, int]],
    kept: KeptSlots,
) -> seen.Snapshot:
    """Whoever asked, alone, and what it asked for, with room for all of it: no lane has more than it shows."""
    keys = parked(context)
    shapes: dict[int, Requirements] = {}
    lanes = []
    known: dict[int, str | None] = {}
    for lane, shown in heads.items():
        key = context.book.lane_key(context.transaction, lane)
        needs = context.book.needs_of(context.transaction, key.shape)
        shapes[key.shape] = _loosened(needs, waiting) if waiting.claim.override else needs
        barred = barred_by_queue(context.transaction, context.book.queues[key.queue], known)
        limit = lane_parked(context.book, context.transaction, lane, keys)
        barred = barred or (f"limit:{limit}" if limit else None)
        lanes.append(seen.Lane(lane, key.shape, key.band, barred, bool(key.late), key.tenant, slack=None, heads=shown))
    return seen.Snapshot(
        agents=_agents(context, waiting, shapes, used, kept),
        listeners=[seen.Listener(waiting.id, tuple(used), waiting.claim.n)],
        lanes=lanes,
        shapes=shapes,
        strategy=_STRATEGY,
        now=context.now,
        slack=pool.policy.slack,
    )


def _loosened(needs: Requirements, waiting: Waiting) -> Requirements:
    """What still counts when somebody decided by hand who does it: pins, bans, limits. Who failed at a task lately
    gets it again where it asked for that very task."""
    avoid = needs.avoid if waiting.claim.project is not None else ()
    return msgspec.structs.replace(needs, role=None, skills=(), regions=(), resources=(), max_cost=None, avoid=avoid)


def _agents(
    context: Context,
    waiting: Waiting,
    shapes: Mapping[int, Requirements],
    used: dict[int, dict[int, int]],
    kept: KeptSlots,
) -> list[seen.Agent]:
    book = context.book
    known = [book.agents[number] for number in used]
    # Failures keep an agent from what comes next, not from a task that somebody decided it is to have.
    troubles = NONE if waiting.claim.override and waiting.claim.project is None else known_troubles(context)
    look = Look(
        context.transaction,
        book,
        context.now,
        heard={},
        listening=dict.fromkeys(used),
        used=used,
        served=served_of(context, used),
        troubles=troubles,
        expected=expectations(context.estimates, known, shapes.values(), _STRATEGY, {}),
        lanes=lanes_in_hands(context.transaction, known, troubles),
        kept=Counter(one.agent for one in kept.open),
        parked=parked(context),
    )
    return [agent_seen(look, agent) for agent in known]
