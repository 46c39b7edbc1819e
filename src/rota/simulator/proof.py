"""Is the simulator right? The engine against exact results of queueing theory: `python -m rota.simulator.proof`.

Each point is a run of many tasks; a confidence interval comes from batch means. It takes minutes, and ends with 1 when
a point is off.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from rota.model.times import SECOND
from rota.simulator import analytic
from rota.simulator.live import Live
from rota.simulator.simulate import prepared, simulate

TASKS = 200_000
BATCHES = 20
T_95 = 2.093
"""Student's t for 19 degrees of freedom, 95 %, two-sided."""
WARM_UP = 0.05
"""The first share of the tasks does not count: the system starts empty."""
TOLERANCE = 0.02
WIDTHS = 1.5
"""A point is right within the tolerance, or within so many half-widths of its interval (3.1 standard errors)."""

Value = Callable[[Live, str], float | None]
"""What is measured of one task that ended so; None = it says nothing."""


class Point(NamedTuple):
    """One model at one load: how it is simulated, what is measured, what must come out."""

    name: str
    slots: str
    settings: dict[str, str]
    values: Mapping[str, tuple[Value, float]]


class Figure(NamedTuple):
    """What came out for one value, with the half-width of its 95 % confidence interval."""

    point: str
    value: str
    exact: float
    found: float
    half_width: float

    @property
    def right(self) -> bool:
        """Whether it agrees with theory."""
        return abs(self.found - self.exact) <= max(TOLERANCE * self.exact, WIDTHS * self.half_width)


def wait(live: Live, how: str) -> float | None:
    """Seconds waited, of the done."""
    return live.waited / SECOND if how == "done" else None


def waited(live: Live, how: str) -> float | None:
    """Whether it had to wait, of the done."""
    return float(live.waited > 0) if how == "done" else None


def lost(_live: Live, how: str) -> float | None:
    """Whether it was refused or gave up."""
    return float(how in ("refused", "expired"))


def wait_of(band: int) -> Value:
    """Seconds waited, of one band."""
    return lambda live, how: wait(live, how) if live.band == band else None


def time_in_system(live: Live, how: str) -> float | None:
    """Seconds from submission to the end."""
    return (live.waited + live.run) / SECOND if how == "done" else None


def _points() -> Iterator[Point]:
    exponential = {"service": "exponential", "mean": "1", "queue.ordering": "fifo"}
    for servers, rho in ((1, 0.5), (1, 0.8), (4, 0.8), (10, 0.9), (32, 0.9)):
        share, mean = analytic.m_m_c(servers, rho)
        values: dict[str, tuple[Value, float]] = {"P(wait)": (waited, share), "mean wait": (wait, mean)}
        yield Point(f"M/M/{servers} {rho}", str(servers), {**exponential, "load": str(rho)}, values)
    fixed = {**exponential, "service": "fixed", "load": "0.8"}
    yield Point("M/D/1 0.8", "1", fixed, {"mean wait": (wait, analytic.m_g_1(0.8, 0))})
    spread = {**exponential, "service": "hyperexponential", "service.cv": "2", "load": "0.8"}
    yield Point("M/G/1 0.8, cv 2", "1", spread, {"mean wait": (wait, analytic.m_g_1(0.8, 2))})
    high, low = analytic.two_bands(0.8)
    bands = {**exponential, "load": "0.8", "bands": "high:1,normal:1"}
    values = {"mean wait, high": (wait_of(2), high), "mean wait, normal": (wait_of(3), low)}
    yield Point("two bands 0.8", "1", bands, values)
    shortest = {"service": "exponential", "mean": "1", "load": "0.8", "policy": "shortest"}
    value = {"time in system": (time_in_system, analytic.m_m_1_shortest_first(0.8))}
    yield Point("shortest first 0.8", "1", shortest, value)
    # Whoever finds no free slot gives up a microsecond later: nobody waits.
    impatient = {**exponential, "load": "0.8", "queue.ttl": "0.000001"}
    yield Point("Erlang B 10, 8", "10", impatient, {"lost": (lost, analytic.erlang_b(10, 8))})
    for rho, places in ((0.8, 10), (1.2, 20)):
        bounded = {**exponential, "load": str(rho), "queue.depth": str(places - 1)}
        yield Point(f"M/M/1/{places} {rho}", "1", bounded, {"refused": (lost, analytic.m_m_1_k(rho, places))})
    for rate in (9, 12):
        gone, _busy = analytic.erlang_a(10, rate, 0.5)
        patient = {**exponential, "load": str(rate / 10), "patience": "2"}
        yield Point(f"Erlang A 10, {rate}, 0.5", "10", patient, {"given up": (lost, gone)})


POINTS = {point.name: point for point in _points()}


class Means:
    """Means of consecutive batches of tasks, in the order in which they came."""

    def __init__(self, tasks: int) -> None:
        self._first = round(tasks * WARM_UP)
        self._size = max((tasks - self._first) / BATCHES, 1)
        self._totals = [0.0] * BATCHES
        self._counts = [0] * BATCHES

    def add(self, place: int, value: float) -> None:
        """One task's value."""
        if place >= self._first:
            batch = min(int((place - self._first) / self._size), BATCHES - 1)
            self._totals[batch] += value
            self._counts[batch] += 1

    def figure(self) -> tuple[float, float]:
        """The mean of all, and the half-width of its interval."""
        means = [total / n for total, n in zip(self._totals, self._counts, strict=True) if n]
        mean = sum(means) / len(means)
        variance = sum((one - mean) ** 2 for one in means) / max(len(means) - 1, 1)
        return mean, T_95 * sqrt(variance / len(means))


def prove(point: Point, tasks: int, seed: int) -> tuple[list[Figure], float]:
    """Simulate one point: its figures, and how many tasks a second were simulated."""
    means = {name: Means(tasks) for name in point.values}

    def ended(live: Live, how: str, _now: int) -> None:
        for name, (value, _exact) in point.values.items():
            found = value(live, how)
            if found is not None:
                means[name].add(live.place, found)

    setup = prepared("poisson", slots=point.slots, given={**point.settings, "tasks": str(tasks)}, seed=seed)
    outcome = simulate(setup, on_end=ended)
    figures = [Figure(point.name, name, exact, *means[name].figure()) for name, (_value, exact) in point.values.items()]
    return figures, outcome.speed.tasks_per_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each figure; 1 when one is off."""
    parser = argparse.ArgumentParser(prog="python -m rota.simulator.proof", description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS, help=f"tasks of each run ({TASKS:,})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("points", nargs="*", metavar="POINT", help=f"only these: {'; '.join(POINTS)}")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.points if name not in POINTS]
    if unknown:
        parser.error(f"there is no point {unknown[0]!r}; there are {'; '.join(POINTS)}")
    if asked.tasks < 1_000:
        parser.error("fewer than 1,000 tasks prove nothing; raise --tasks")
    sys.stdout.write(f"{'model':<20}  {'value':<18}  {'theory':>9}  {'simulated':>9}  {'+-':>7}  {'off':>7}  tasks/s\n")
    wrong = 0
    for name in asked.points or POINTS:
        figures, speed = prove(POINTS[name], asked.tasks, asked.seed)
        for figure in figures:
            off = (figure.found - figure.exact) / figure.exact
            wrong += not figure.right
            line = f"{figure.point:<20}  {figure.value:<18}  {figure.exact:>9.4f}  {figure.found:>9.4f}"
            mark = "" if figure.right else "  WRONG"
            sys.stdout.write(f"{line}  {figure.half_width:>7.4f}  {off:>+7.2%}  {speed:>7,.0f}{mark}\n")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
