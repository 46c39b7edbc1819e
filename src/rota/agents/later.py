"""How long a task waits that its agent sends back for later."""

from __future__ import annotations

from rota.model.task import Given

FIRST_S = 1.0
MOST_S = 300.0
"""Without a time of its own: the first wait, doubled up to the longest, seconds."""
LEAST_S = 0.05


def later_s(given: Given, wanted_s: float | None) -> float:
    """Seconds; `wanted_s` is what the agent asked for, None = it did not say."""
    if wanted_s is not None:
        return max(wanted_s, LEAST_S)
    before = 0
    for attempt in reversed(given.attempts):
        if attempt.outcome != "limited":
            break
        before += 1
    return float(min(MOST_S, FIRST_S * 2.0 ** min(before, 30)))
