"""The command a node gives itself: what time asks for."""

from __future__ import annotations

from typing import NamedTuple

from rota.engine import schedule_ticks, timers
from rota.engine.claim import add_listeners
from rota.engine.context import Context
from rota.engine.heartbeat import write_signs_of_life
from rota.model.times import SECOND
from rota.store.sql import fleet, relations
from rota.store.sql.history import DROP_STATISTICS
from rota.store.sql.leases import DROP_LISTENERS_OF_NODE
from rota.store.sql.waiting import NEXT_TIMER

KEEP_REQUESTS_S = 86_400.0
KEEP_STATISTICS_S = 30 * 86_400.0


class Tick(NamedTuple):
    """What is due now."""

    started: str | None = None
    """The node's name when this is its first turn."""
    gap: bool = False
    """Time passed in which this node could do nothing."""
    timers: bool = False
    leases: bool = False
    nodes: bool = False
    bury: bool = False
    """This node has seen others long enough to say which are lost."""
    sweep: bool = False
    """Old requests and statistics are dropped, schedules are looked at again."""
    seen: tuple[tuple[int, int], ...] = ()
    """Agents heard from, with the moment, not yet written."""
    pools: tuple[int, ...] = ()
    """Pools to plan again; empty = none but those touched."""
    all_pools: bool = False
    name: str = ""
    """The node's name."""


class Ticked(NamedTuple):
    """When the next timer is due, microseconds; None when there is none."""

    next_due: int | None


def tick(context: Context, what: Tick) -> Ticked | None:
    """Do what is due."""
    if what.started is not None:
        _start(context, what.started)
    if what.gap:
        timers.after_gap(context)
    if what.nodes and context.transaction.dialect == "postgres":
        _be_seen(context, what.name)
        if what.bury:
            timers.bury_nodes(context, timers.lost_nodes(context))
    if what.seen:
        write_signs_of_life(context, dict(what.seen))
    if what.leases:
        context.more |= timers.end_leases(context)
    if what.sweep:
        context.transaction.one(relations.DROP_OLD_REQUESTS, context.now - round(KEEP_REQUESTS_S * SECOND))
        context.transaction.one(DROP_STATISTICS, (context.now - round(KEEP_STATISTICS_S * SECOND)) // (60 * SECOND))
        schedule_ticks.look_again(context)
    context.look.update(context.book.pools if what.all_pools else what.pools)
    if not what.timers:
        return None
    context.flush()
    context.more |= timers.fire(context, gap=what.gap)
    context.flush()
    return Ticked(context.transaction.one(NEXT_TIMER)[0][0])


def _start(context: Context, name: str) -> None:
    """Take over from nodes that are gone: on SQLite every earlier owner is, since its lock is ours now."""
    if context.transaction.dialect == "sqlite":
        timers.bury_nodes(context, [row[0] for row in context.transaction.one(fleet.NODES) if row[0] != context.node])
    _enter(context, name)


def _enter(context: Context, name: str) -> None:
    context.transaction.one(fleet.ADD_NODE, context.node, name, context.now, context.now)
    context.changes.say("node_started", None, node=context.node, name=name)
    context.flush()


def _be_seen(context: Context, name: str) -> None:
    """Say that this node lives. One that others took for lost enters anew, and so do those who listen here."""
    if context.transaction.one(fleet.SEE_NODE, context.now, context.node):
        return
    _enter(context, name)
    context.transaction.one(DROP_LISTENERS_OF_NODE, context.node)
    add_listeners(context, context.listening.values())
