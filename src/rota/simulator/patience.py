"""How long a simulation goes on when nothing but the clock does: working hours begin and end for ever.

While nothing runs, all that can let a task be given is a task's own moment (a start, a retry, a stage, a time to live),
an arrival, a limit that opens, or the clock of an agent: its hours, reservations for some hours, time out after
failures, a slow start. The first ones are events and are waited for, however far away. The clock of agents is waited
for until all it can bring has come once with nothing else going on: hours are weekly, the others as long as their
pool says.
"""

from __future__ import annotations

from collections.abc import Iterable

from rota.model.queue import PoolPolicy
from rota.model.times import SECOND
from rota.planning.ejection import MOST_S
from rota.planning.hours import FAR

DAY_S = 86_400.0


def span_of(pools: Iterable[PoolPolicy]) -> int:
    """In so many microseconds the clock of every agent has brought all it can, a week skipped by a clock included."""
    longest = max((_longest_s(policy) for policy in pools), default=0.0)
    return round((FAR * DAY_S + longest) * SECOND)


def _longest_s(policy: PoolPolicy) -> float:
    waits = 0.0 if policy.preempt is None else policy.preempt.patience_s
    return max(policy.eject_s, MOST_S) + policy.breaker_s + policy.slow_start_s + waits


class Patience:
    """What comes next while nothing runs. Times in microseconds."""

    def __init__(self, span: int, start: int) -> None:
        self._span = span
        self._since = start
        """Since when nothing has happened."""
        self._alone = False
        """Since then nothing has come but the clock of agents, unless the next event came meanwhile."""
        self._event: int | None = None
        """Which was the next event then."""

    def happened(self, now: int) -> None:
        """A task came, moved or runs."""
        self._since, self._alone = now, False

    def is_over(self, at: int) -> bool:
        """Whether nothing will have happened for so long when the next moment has come."""
        return at - self._since > self._span

    def next(self, at: int, event: int | None, now: int) -> int | None:
        """The next moment once patience is over: `at`, when the clock of an agent goes on, or the next event; None =
        there is none.
        """
        if event is not None and event <= at:
            self.happened(event)
            return at
        if not self._alone or event != self._event:
            # An event that came meanwhile may have changed what the clock brings: from here on it is alone.
            self._since, self._alone, self._event = now, True, event
            return at
        if event is not None:
            self.happened(event)
        return event
