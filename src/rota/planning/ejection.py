"""Outlier ejection: an agent that fails task after task is out for a while, longer each time.

As in Envoy (30 s times the number of ejections), doubled instead, and up to half of the agents where Envoy ejects a
tenth: fleets of agents are small.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rota.model.times import SECOND
from rota.planning.snapshot import Agent

FAILURES = 3
"""So many failures in a row, over all kinds."""
MOST_S = 300.0
"""The longest time out, seconds."""
SHARE = 0.5
"""Of the agents that may do a task no more than this share is out."""


class Streak(NamedTuple):
    """How an agent did lately, over all kinds. `until` in microseconds."""

    failures: int = 0
    """In a row."""
    times: int = 0
    """How often it was ejected; each success takes one off."""
    until: int = 0
    """It is out before this moment; 0 = never was."""


CLEAN = Streak()


def after(streak: Streak, good: bool, ended: int, out_s: float) -> Streak:
    """The streak after one more outcome, at `ended` (microseconds). Out for out_s * 2^(times - 1), at most 5 minutes.

    What an agent that is out was given before only ends: it does not make its time longer.
    """
    if good:
        return CLEAN if streak.times <= 1 else Streak(0, streak.times - 1, streak.until)
    if ended < streak.until:
        return streak
    failures = streak.failures + 1
    if failures < FAILURES:
        return streak._replace(failures=failures)
    times = streak.times + 1
    out = min(out_s * 2.0 ** min(times - 1, 30), max(MOST_S, out_s))
    return Streak(0, times, ended + round(out * SECOND))


def pardoned(may: Iterable[Agent]) -> set[int]:
    """Of the agents that may do a task, those ejected that are let back in, so that no more than half are out.

    Who would be back soonest comes first.
    """
    agents = list(may)
    out = [agent for agent in agents if agent.barred is not None and agent.barred.code == "ejected"]
    excess = len(out) - int(len(agents) * SHARE)
    if excess <= 0:
        return set()
    out.sort(key=lambda agent: ((agent.barred.until if agent.barred else 0) or 0, agent.id))
    return {agent.id for agent in out[:excess]}
