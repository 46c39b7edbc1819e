"""Planning a pool inside a turn: read the snapshot, plan, give out what the plan decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from rota.engine.agents_seen import Look, agent_seen, expectations, is_plain, lanes_in_hands, next_wake
from rota.engine.book import Pool
from rota.engine.context import Context
from rota.engine.give import give
from rota.engine.heads import add_companions, heads_of
from rota.engine.kept_slots import KeptSlots, given_out, kept_slots
from rota.engine.lane_depths import lane_depths
from rota.engine.learn import fold, served_of
from rota.engine.listening import Listening, listeners_of
from rota.engine.make_way import make_way
from rota.engine.meters import PoolMeters
from rota.engine.parked import lane_parked, parked
from rota.engine.set_aside import Fault
from rota.engine.slots_in_use import slots_in_use
from rota.engine.timer_kinds import WAKE
from rota.engine.trouble_rows import Troubles
from rota.engine.troubles import known_troubles
from rota.engine.unreviewed import barred_by_queue
from rota.model.requirements import Requirements
from rota.model.times import SECOND
from rota.planning import snapshot as seen
from rota.planning.fair import shared_passes
from rota.planning.keep import give_kept
from rota.planning.order import slack
from rota.planning.plan import plan, survey
from rota.planning.single import single
from rota.planning.snapshot import PassKey
from rota.planning.strategies import looks_around, weights_of
from rota.planning.survey import all_open, refused_where_closed
from rota.store.sql.fleet import HEARTBEATS, PASSES

LEAST_HEADS = 8


class PlanningError(Exception):
    """The plan of a pool failed and no single shape could be blamed."""


def dispatch(context: Context, pool: Pool) -> bool:
    """Plan the pool and give out its tasks; False when another node was planning it."""
    if not context.transaction.lock_pool(pool.id):
        return False
    kept = kept_slots(context, pool)
    listeners = listeners_of(context, pool)
    fold(context, pool)
    if not listeners and context.owned is not None:
        lane_depths(context)  # else their rows grow for as long as nobody claims
    if not listeners or _give_safely(context, pool, listeners, kept):
        make_way(context, pool, kept)
    return True


def _give_safely(context: Context, pool: Pool, listeners: Sequence[Listening], kept: KeptSlots) -> bool:
    """Plan and give out; a plan that fails gives nothing, leaves the commands standing, and is False."""
    # Before anything is read: what a plan must have seen is what was committed by now.
    horizon = context.transaction.horizon()
    depths = lane_depths(context)
    lanes = [lane for lane in depths if context.book.lane_key(context.transaction, lane).pool == pool.id]
    if not lanes:
        return True
    heard = sorted({agent for listener in listeners for agent in listener.agents})
    used = slots_in_use(context, _watched(context, pool, heard))
    meters = PoolMeters(context, lanes, used)
    pictured, open_to_all = _pictured(context, pool, listeners, heard, lanes, used, kept)
    open_to_all = open_to_all and meters.idle and not kept.open
    try:
        decided = _plan(context, meters.draw(pictured), depths, kept, open_to_all=open_to_all)
    except PlanningError as error:
        context.trouble.append(f"planning pool {pool.name} failed: {error}")
        decided = None
    if decided is not None and decided.gives:
        give(context, pool, decided, {listener.id: listener for listener in listeners}, used, horizon, meters)
        given_out(context, kept, (chosen.task for chosen in decided.gives))
    meters.close()
    return decided is not None


def _watched(context: Context, pool: Pool, heard: Sequence[int]) -> Sequence[int]:
    """Agents whose slots are looked at, in order of number: those that listen, or all, where all are compared."""
    if "crowded" not in weights_of(pool.policy.strategy, pool.policy.terms):
        return heard
    return sorted({*heard, *(agent.id for agent in context.book.agents_of(pool.id))})


def _pictured(
    context: Context,
    pool: Pool,
    listeners: Sequence[Listening],
    heard: Sequence[int],
    lanes: list[int],
    used: dict[int, dict[int, int]],
    kept: KeptSlots,
) -> tuple[seen.Snapshot, bool]:
    """The snapshot, with those agents alone that listen where the others decide nothing: mostly one has come free.

    And whether it was found on the way that these may serve every lane.
    """
    troubles = known_troubles(context)
    others = len(context.book.agents_of(pool.id)) > len(heard)
    if others and not troubles.streaks and not looks_around(weights_of(pool.policy.strategy, pool.policy.terms)):
        few = _snapshot(context, pool, listeners, heard, lanes, used, kept, troubles, listening=True)
        if _all_open(few):
            return few, True
    return _snapshot(context, pool, listeners, heard, lanes, used, kept, troubles, listening=False), False


def _all_open(pictured: seen.Snapshot) -> bool:
    """Whether those who listen may serve every lane, so that nobody else is asked for a reason."""
    try:
        return all_open(pictured)
    except Exception:  # a shape that planning can not cope with is set aside where the plan is made
        return False


def _snapshot(
    context: Context,
    pool: Pool,
    listeners: Sequence[Listening],
    heard: Sequence[int],
    lanes: list[int],
    used: dict[int, dict[int, int]],
    kept: KeptSlots,
    troubles: Troubles,
    *,
    listening: bool,
) -> seen.Snapshot:
    keys = parked(context)
    shapes = {}
    pictured = []
    known: dict[int, str | None] = {}
    for lane in lanes:
        key = context.book.lane_key(context.transaction, lane)
        shapes[key.shape] = context.book.needs_of(context.transaction, key.shape)
        queue = context.book.queues[key.queue]
        barred = barred_by_queue(context.transaction, queue, known)
        limit = lane_parked(context.book, context.transaction, lane, keys)
        barred = barred or (f"limit:{limit}" if limit else None)
        barred = barred or ("broken" if key.shape in context.broken else None)
        ahead = slack(queue.policy.ordering, pool.policy.slack)
        one = seen.Lane(lane, key.shape, key.band, barred, bool(key.late), key.tenant, key.share, ahead)
        one.group_size = queue.policy.group_size
        pictured.append(one)
    agents, plain = _agents(context, pool, heard, used, shapes, kept, troubles, listening=listening)
    return seen.Snapshot(
        agents=agents,
        listeners=[seen.Listener(listener.id, listener.agents, listener.n) for listener in listeners],
        lanes=pictured,
        shapes=shapes,
        strategy=pool.policy.strategy,
        terms=pool.policy.terms,
        matching=pool.policy.matching,
        now=context.now,
        seed=context.now // SECOND,
        weights=context.book.weights,
        passes=_passes(context, pool, pictured),
        slack=pool.policy.slack,
        fits=context.book.fits,
        plain=plain,
    )


def _agents(
    context: Context,
    pool: Pool,
    heard: Sequence[int],
    used: dict[int, dict[int, int]],
    shapes: Mapping[int, Requirements],
    kept: KeptSlots,
    troubles: Troubles,
    *,
    listening: bool,
) -> tuple[list[seen.Agent], bool]:
    """The pool's agents, or those that listen, and whether all are plain.

    There is a timer for when the clock alone will let one of those that listen have more.
    """
    book, policy = context.book, pool.policy
    known = book.those_of(pool.id, heard) if listening else book.agents_of(pool.id)
    listens = dict.fromkeys(heard)
    rows = served_of(context, used)
    look = Look(
        context.transaction,
        book,
        context.now,
        heard=dict(context.transaction.one(HEARTBEATS)) if len(known) > len(heard) else {},
        listening=listens,
        used=used,
        served=rows if listening else {agent: rows[agent] for agent in used},
        troubles=troubles,
        expected=expectations(context.estimates, known, shapes.values(), policy.strategy, policy.terms),
        lanes=lanes_in_hands(context.transaction, known, troubles),
        kept=Counter([one.agent for one in kept.open]) if kept.open else {},
        parked=parked(context),
    )
    if listening and is_plain(look, pool.id, known):
        look = look._replace(plain=True)
        return [agent_seen(look, agent) for agent in known], True
    found = [agent_seen(look, agent) for agent in known]
    wake = next_wake([agent for agent in found if agent.id in listens], book, context.now)
    if wake is not None:
        context.changes.add_timer(wake, WAKE, pool.id)
    return found, False


def _passes(context: Context, pool: Pool, lanes: Sequence[seen.Lane]) -> dict[PassKey, int]:
    """What tenants and their shares had so far, in bands where more than one waits."""
    if len(lanes) == 1:
        return {}
    asked = [(pool.id, *key) for key in sorted(shared_passes(lanes))]
    return {PassKey(*row[:3]): row[3] for row in context.transaction.each(PASSES, asked)}


def _plan(
    context: Context, pictured: seen.Snapshot, depths: dict[int, int], kept: KeptSlots, *, open_to_all: bool
) -> seen.Plan:
    """Read heads only of lanes that a listening agent may serve, more of them while the plan asks for more.

    `open_to_all`: that is every lane.
    """
    first = give_kept(pictured, kept.open)
    gone = {chosen.task for chosen in first}
    wanted = sum(listener.n for listener in pictured.listeners)
    least = 1 if wanted == 1 and pictured.matching != "regret" else LEAST_HEADS
    heads_each = least + len(gone)
    # Where others write too, tasks may have come in since the depths were read, and hide what they counted.
    alone = context.transaction.dialect == "sqlite"
    while True:
        try:
            lanes, parked = (list(pictured.lanes), {}) if open_to_all else survey(pictured)
        except Exception as error:
            _set_aside(context, pictured, error)
            continue
        open_to_all = False
        heads_each = max(heads_each, -(-2 * wanted // max(len(lanes), 1)))
        heads = heads_of(context.transaction, [lane.id for lane in lanes], heads_each)
        for lane in lanes:
            shown = heads.get(lane.id, [])
            lane.heads = [head for head in shown if head.task not in gone] if gone else shown
            lane.more = len(shown) >= heads_each and (not alone or depths[lane.id] > heads_each)
        add_companions(context.transaction, pictured, lanes, gone)
        try:
            decided = single(pictured, lanes) or plan(_unused(pictured, lanes))
        except Exception as error:
            _set_aside(context, pictured, error)
            continue
        if not decided.starved:
            # What was given first may have left its lane without anybody for the others of it.
            served = {chosen.lane for chosen in first}
            decided.parked = {lane: reason for lane, reason in parked.items() if lane not in served}
            given = {chosen.agent for chosen in decided.gives}
            if given:
                decided.refused |= refused_where_closed(pictured, {lane.id for lane in lanes}, given)
            decided.gives[:0] = first
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
        gauges={name: msgspec.structs.replace(gauge) for name, gauge in pictured.gauges.items()},
    )
