"""What agents failed at lately: circuit breakers by kind, and streaks of failures, as the plan's filters use them.

Only agents in trouble have rows; a success where there is none changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rota.engine.context import Context
from rota.engine.timer_kinds import WAKE
from rota.engine.trouble_rows import ANY_KIND, Troubles, troubles_of
from rota.model.times import SECOND
from rota.planning import breaker, ejection
from rota.planning.ejection import Streak
from rota.store.sql import fleet
from rota.store.sql.leases import Sample


def known_troubles(context: Context) -> Troubles:
    """Everybody's troubles, as this turn finds them."""
    owned = context.owned
    if owned is None:
        return troubles_of(context.transaction)
    if owned.troubles is None:
        owned.troubles = troubles_of(context.transaction)
    return owned.troubles


def learn_troubles(context: Context, samples: Sequence[Sample]) -> None:
    """Fold outcomes, in the order in which they ended, into breakers and streaks, and say who is out."""
    known = known_troubles(context)
    if all(sample.good for sample in samples) and not (known.breakers or known.streaks):
        return
    rows: dict[tuple[int, str], tuple[int, int, int]] = {}
    was: set[tuple[int, str]] = set()
    breakers = {(agent, kind): one for agent, kinds in known.breakers.items() for kind, one in kinds.items()}
    streaks = dict(known.streaks)
    for sample in samples:
        agent = context.book.agents.get(sample.agent)
        if agent is None:
            continue
        policy = context.book.pools[agent.pool].policy
        if policy.breaker_s > 0:
            key = (sample.agent, sample.kind)
            before = breakers.get(key, breaker.CLOSED)
            if key in breakers:
                was.add(key)
            found = breaker.after(before, bool(sample.good), sample.ended, policy.breaker_s)
            if found.until > before.until:
                _out(context, agent.pool, "breaker", found.until, agent=sample.agent, kind_of_work=sample.kind)
            if found != before:
                breakers[key] = found
                rows[key] = (found.outcomes, found.n, found.until) if found.failures else (0, 0, 0)
        if policy.eject_s > 0:
            key = (sample.agent, ANY_KIND)
            streak = streaks.get(sample.agent, ejection.CLEAN)
            if sample.agent in streaks:
                was.add(key)
            after = ejection.after(streak, bool(sample.good), sample.ended, policy.eject_s)
            if after.until > streak.until:
                _out(context, agent.pool, "eject", after.until, agent=sample.agent)
            if after != streak:
                streaks[sample.agent] = after
                rows[key] = (after.failures, after.times, after.until)
    if not rows:
        return
    if context.owned is not None:
        context.owned.troubles = None
    context.transaction.each(fleet.DROP_TROUBLES, sorted(rows.keys() & was))
    context.transaction.add(fleet.ADD_TROUBLE, [(*key, *row) for key, row in sorted(rows.items()) if row != (0, 0, 0)])


def _out(context: Context, pool: int, kind: str, until: int, **data: Any) -> None:
    context.changes.say(kind, until=until, **data)
    context.changes.add_timer(until, WAKE, pool)


def slow_since(registered: int, streak: Streak | None) -> int:
    """From when on an agent starts slowly, microseconds: it registered then, or came back from being out."""
    return max(registered, streak.until if streak is not None else 0)


def seconds_since(moment: int, now: int) -> float:
    """Seconds from a moment until now."""
    return max(now - moment, 0) / SECOND
