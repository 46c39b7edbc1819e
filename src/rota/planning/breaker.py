"""A circuit breaker for each agent and kind of work: who fails half of such tasks is given none for a while.

Per kind, since else one bad kind would keep an agent from all others. The figures are those of resilience4j, with a
shorter window, as tasks are rarer than requests.
"""

from __future__ import annotations

from typing import NamedTuple

from rota.model.times import SECOND

WINDOW = 20
"""So many of the last outcomes count."""
LEAST = 5
"""Before so many outcomes are known it does not open."""
SHARE = 0.5
"""From this share of failures on it opens."""
_ALL = (1 << WINDOW) - 1


class Breaker(NamedTuple):
    """The last outcomes of one agent at one kind: bit 0 is the newest, 1 = failed. `until` in microseconds."""

    outcomes: int = 0
    n: int = 0
    until: int = 0
    """It opened, and lets nothing through before this moment; then one task, the probe. 0 = it is closed."""

    def room(self, now: int, running: int) -> int | None:
        """How many tasks may be given now, with this many of the kind running; None = as many as there are slots."""
        if not self.until:
            return None
        return 0 if now < self.until else max(1 - running, 0)

    @property
    def failures(self) -> int:
        """Of the outcomes that count."""
        return self.outcomes.bit_count()


CLOSED = Breaker()


def after(breaker: Breaker, good: bool, ended: int, open_s: float) -> Breaker:
    """The breaker after one more outcome, at `ended` (microseconds).

    A good outcome after it opened closes it; a bad one opens it again if its time was over. What was given out before
    it opened and ends meanwhile is only counted.
    """
    if breaker.until and ended >= breaker.until:
        return CLOSED if good else breaker._replace(until=ended + round(open_s * SECOND))
    outcomes = (breaker.outcomes << 1 | (not good)) & _ALL
    found = Breaker(outcomes, min(breaker.n + 1, WINDOW), breaker.until)
    opens = found.n >= LEAST and found.failures >= SHARE * found.n and not good
    if opens and not found.until:
        return found._replace(until=ended + round(open_s * SECOND))
    return found
