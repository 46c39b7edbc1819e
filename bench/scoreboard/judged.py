"""What a row of the scoreboard says: its goals with what was found, and what was measured beside them."""

from collections.abc import Sequence

import msgspec


class Goal(msgspec.Struct, frozen=True):
    """One thing that must be shown. `met` is None when it is only reported."""

    what: str
    goal: str
    found: str
    met: bool | None = None


class Beside(msgspec.Struct, frozen=True):
    """A table for comparison: its heads, and a row for each policy."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Row(msgspec.Struct, frozen=True):
    """A workload with its goals. `skipped` says why nothing was measured."""

    name: str
    workload: str
    goals: list[Goal] = []
    beside: list[Beside] = []
    notes: list[str] = []
    skipped: str = ""


def at_least(what: str, found: float | None, goal: float, *, shown: str = "{:.4g}") -> Goal:
    """A figure that must not be below the goal; one that does not exist misses it."""
    return _judged(what, ">=", found, goal, shown, found is not None and found >= goal)


def at_most(what: str, found: float | None, goal: float, *, shown: str = "{:.4g}") -> Goal:
    """A figure that must not be above the goal."""
    return _judged(what, "<=", found, goal, shown, found is not None and found <= goal)


def reported(what: str, found: str) -> Goal:
    """A figure without a goal."""
    return Goal(what, "", found)


def _judged(what: str, sign: str, found: float | None, goal: float, shown: str, met: bool) -> Goal:
    text = "none" if found is None else shown.format(found)
    return Goal(what, f"{sign} {shown.format(goal)}", text, met)
