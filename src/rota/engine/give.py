"""Giving out what a plan decided: out of `ready`, into leases, to the listeners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from rota.engine.book import Pool
from rota.engine.brief import brief, read_briefs
from rota.engine.context import Context
from rota.engine.learn import count_served
from rota.engine.listening import Listening
from rota.engine.meters import PoolMeters
from rota.model import state
from rota.model.commands.work import Claimed
from rota.model.event import Move
from rota.model.ids import task_id
from rota.model.priority import PRIORITIES
from rota.model.times import SECOND, rfc3339
from rota.planning.snapshot import Give, Plan
from rota.store.sql.fleet import ADD_PASS, RAISE_PASS
from rota.store.sql.leases import ADD_LEASE, DROP_LISTENERS, LeaseRow
from rota.store.sql.tasks import Brief
from rota.store.sql.waiting import TAKE_READY

OFFER_S = 5.0
"""How long an offer waits for its delivery, seconds."""
TOKEN_BITS = 63

_encode = msgspec.json.Encoder().encode


def give(
    context: Context,
    pool: Pool,
    decided: Plan,
    listeners: Mapping[int, Listening],
    used: Mapping[int, Mapping[int, int]],
    horizon: str | None,
    meters: PoolMeters,
    by_name: str | None = None,
) -> None:
    """Lease every task that is still in `ready`; one that is gone by now is passed over and its slot stays free.

    `by_name` says, where tasks were asked for by name, whether that was with `override`.
    """
    changes = context.changes
    wanted = [(chosen.lane, chosen.due, chosen.task) for chosen in decided.gives]
    taken = {task for (task,) in context.transaction.each(TAKE_READY, wanted)}
    briefs = read_briefs(context, list(taken))
    free = {
        agent: _free_slots(context.book.agents[agent].spec.slots, used[agent])
        for agent in {chosen.agent for chosen in decided.gives}
    }
    leases: list[LeaseRow] = []
    moves: list[Move] = []
    why: dict[int, dict[str, Any]] = {}
    for chosen in decided.gives:
        if chosen.task not in taken:
            continue
        found, listener = briefs[chosen.task], listeners[chosen.listener]
        why[found.id] = _why(context, pool, chosen)
        note = _encode({"why": why[found.id]}).decode()
        lease = _lease(context, found, chosen, free[chosen.agent].pop(), listener, note)
        leases.append(lease)
        moves.append(Move(found.id, found.id, state.RUNNING, chosen.lane, chosen.agent, lease.slot, lease.attempt))
        changes.depth[chosen.lane] = changes.depth.get(chosen.lane, 0) - 1
        waited = (context.now - (found.ready_at or found.submitted)) / SECOND
        changes.count(found.queue, "given", waited)
    context.transaction.add(ADD_LEASE, [(*lease[:15], lease.note, lease.cost, lease.share) for lease in leases])
    if context.owned is not None:
        context.owned.take(leases)
    changes.say(
        "plan",
        moves[0].first if len(moves) == 1 else None,
        tuple(moves),
        **_facts(context, pool, decided, horizon),
        **({"by_name": by_name} if by_name else {}),
        **meters.facts(decided),
    )
    meters.charge(leases)
    count_served(context, [lease.agent for lease in leases])
    _charge(context, pool, decided)
    _answer(context, leases, listeners, why, briefs)


def _lease(context: Context, found: Brief, chosen: Give, slot: int, listener: Listening, note: str) -> LeaseRow:
    # A listener of another node is told by signal and confirms in a turn of its own: an offer until then.
    offered = listener.own is None or listener.own.claim.delivery == "offer"
    term = round(context.book.queues[found.queue].policy.term * SECOND)
    return LeaseRow(
        task=found.id,
        agent=chosen.agent,
        slot=slot,
        token=context.random.getrandbits(TOKEN_BITS),
        attempt=found.tries + 1,
        lane=chosen.lane,
        due=chosen.due,
        since=context.now,
        until=context.now + (round(OFFER_S * SECOND) if offered else term),
        term=term,
        offered=int(offered),
        node=listener.node,
        listener=listener.id,
        instance=None if listener.own is None else listener.own.claim.instance,
        request=None if listener.own is None else listener.own.claim.request,
        cancel_at=None,
        note=note,
        cost=chosen.cost,
        share=chosen.share,
    )


def _why(context: Context, pool: Pool, chosen: Give) -> dict[str, Any]:
    """The decision as it is recorded: the place in the order of work, and what chose the agent."""
    key = context.book.lane_key(context.transaction, chosen.lane)
    place = {"late": True} if key.late else {"due": rfc3339(max(chosen.due, 0))}
    if chosen.came_with:
        together = {"group": f"came with {task_id(chosen.came_with)} of its group"}
        return {"band": PRIORITIES[key.band], **place, **together}
    return {
        "band": PRIORITIES[key.band],
        **place,
        "strategy": pool.policy.strategy,
        "score": round(chosen.score, 6),
    }


def _charge(context: Context, pool: Pool, decided: Plan) -> None:
    """Raise the passes of the tenants and shares that were given something."""
    if not decided.charges:
        return
    more = [(pool.id, *key, work) for key, work in sorted(decided.charges.items())]
    # Rows that are missing are made first, at nothing.
    context.transaction.add(ADD_PASS, [(*row[:4], 0) for row in more])
    context.transaction.each(RAISE_PASS, more)


def _free_slots(slots: int, used: Mapping[int, int]) -> list[int]:
    return [slot for slot in range(slots - 1, -1, -1) if slot not in used]


def _answer(
    context: Context,
    leases: list[LeaseRow],
    listeners: Mapping[int, Listening],
    why: Mapping[int, dict[str, Any]],
    briefs: Mapping[int, Brief],
) -> None:
    by_listener: dict[int, list[LeaseRow]] = {}
    for lease in leases:
        by_listener.setdefault(lease.listener, []).append(lease)
    drop = []
    for number, given in by_listener.items():
        listener = listeners[number]
        if listener.own is not None:
            context.answered[number] = Claimed(tasks=brief(context, given, why, briefs))
            rows = (briefs[lease.task] for lease in given)
            context.waited_from[number] = [found.ready_at or found.submitted for found in rows]
        else:
            context.topics.add(f"node:{listener.node}")
        if listener.own is None or listener.own not in context.claims:
            drop.append((number,))
    if drop:
        context.transaction.each(DROP_LISTENERS, drop)


def _facts(context: Context, pool: Pool, decided: Plan, horizon: str | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"pool": pool.id, "strategy": pool.policy.strategy, "fleet": context.book.version}
    if decided.parked:
        facts["parked"] = {str(lane): reason for lane, reason in sorted(decided.parked.items())}
    if decided.passed:
        facts["passed"] = {str(lane): reason for lane, reason in sorted(decided.passed.items())}
    refused = _refused(decided)
    if refused:
        facts["refused"] = refused
    if horizon is not None:
        # What was ready by then and was not taken away by an event before this one, the plan has seen.
        facts["horizon"] = horizon
    return facts


def _refused(decided: Plan) -> dict[str, dict[str, str]]:
    """Of the agents that were given something: for which lanes they may do tasks, but not now, with the code."""
    given = {chosen.agent for chosen in decided.gives}
    found = {
        str(lane): {str(agent): code for agent, code in sorted(codes.items()) if agent in given}
        for lane, codes in sorted(decided.refused.items())
    }
    return {lane: codes for lane, codes in found.items() if codes}
