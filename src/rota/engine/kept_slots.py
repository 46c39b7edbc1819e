"""Slots kept for tasks for which others gave way: bound until the task has one, ends, or the time is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rota.engine.book import Pool
from rota.engine.context import Context
from rota.model import state
from rota.planning.keep import Kept
from rota.store.protocol import Reader
from rota.store.sql.leases import DROP_KEPT, KEPT_SLOTS, LEASES_OF_TASKS, SPARE, LeaseRow
from rota.store.sql.tasks import WAITING_TASKS, WaitingTask


class KeptRow(NamedTuple):
    """A row of `kept_slot`: the victim's lease is known by its token; `until` when it is kept no longer."""

    task: int
    agent: int
    victim: int
    token: int
    until: int


class KeptSlots(NamedTuple):
    """Those of one pool."""

    rows: Sequence[KeptRow] = ()
    open: Sequence[Kept] = ()
    """Those whose victim has gone, so that the slot is free."""

    @property
    def tasks(self) -> frozenset[int]:
        """The tasks that slots are kept for."""
        return frozenset(row.task for row in self.rows)


def kept_slots(context: Context, pool: Pool) -> KeptSlots:
    """What is kept in this pool; what is not needed any more is let go."""
    if pool.policy.preempt is None:
        return KeptSlots()
    rows = [row for row in _all(context.transaction) if _is_of(context, row, pool)]
    if not rows:
        return KeptSlots()
    context.flush()
    waiting = waiting_tasks(context.transaction, [row.task for row in rows])
    held = _held(context.transaction, [*(row.task for row in rows), *(row.victim for row in rows)])
    live, gone = list[KeptRow](), list[KeptRow]()
    for row in rows:
        wanted = row.task in waiting and waiting[row.task].state == state.READY and row.task not in held
        (live if wanted and row.until > context.now else gone).append(row)
    _let_go(context, gone)
    free = [row for row in live if held.get(row.victim) != row.token]
    found = []
    for row in free:
        lane = waiting[row.task].lane
        if lane is not None:
            found.append(Kept(row.task, row.agent, lane, waiting[row.task].due))
    return KeptSlots(live, found)


def given_out(context: Context, kept: KeptSlots, tasks: Iterable[int]) -> None:
    """These tasks have a slot now: none is kept for them. A victim whose slot they did not need goes on."""
    if not kept.rows:
        return
    found = set(tasks)
    _keep_no_more(context, [row for row in kept.rows if row.task in found])


def kept_by_agent(reader: Reader, now: int) -> dict[int, int]:
    """How many free slots of each agent are kept."""
    rows = [row for row in _all(reader) if row.until > now]
    held = _held(reader, [row.victim for row in rows])
    return Counter(row.agent for row in rows if held.get(row.victim) != row.token)


def waiting_tasks(reader: Reader, tasks: Iterable[int]) -> dict[int, WaitingTask]:
    """Where these tasks stand, without locking them."""
    found = [WaitingTask(*row) for row in reader.each(WAITING_TASKS, [(task,) for task in sorted(set(tasks))])]
    return {row.id: row for row in found}


def _all(reader: Reader) -> list[KeptRow]:
    return [KeptRow(*row) for row in reader.one(KEPT_SLOTS)]


def _is_of(context: Context, row: KeptRow, pool: Pool) -> bool:
    agent = context.book.agents.get(row.agent)
    return agent is not None and agent.pool == pool.id


def _held(reader: Reader, tasks: Sequence[int]) -> dict[int, int]:
    """The tokens of the leases of those that are in agents' hands."""
    leases = [LeaseRow(*row) for row in reader.each(LEASES_OF_TASKS, [(task,) for task in sorted(set(tasks))])]
    return {lease.task: lease.token for lease in leases}


def _keep_no_more(context: Context, rows: Sequence[KeptRow]) -> None:
    context.transaction.each(SPARE, sorted((row.victim, row.token) for row in rows))
    context.transaction.each(DROP_KEPT, sorted((row.task,) for row in rows))


def _let_go(context: Context, rows: Sequence[KeptRow]) -> None:
    """Nothing is kept any more, and a victim that has not heard of it goes on."""
    _keep_no_more(context, rows)
    for row in rows:
        context.changes.say("let_go_slot", row.task, agent=row.agent)
