"""Short ways to run the simulator in tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rota.model.times import SECOND
from rota.simulator.live import Live
from rota.simulator.result import Outcome, Result
from rota.simulator.shaping import shaped
from rota.simulator.simulate import ORIGIN, Setup, prepared, simulate

TRACES = Path(__file__).parents[3] / "shared" / "traces"
"""Real traces, where this checkout stands beside them; nothing of the product needs them."""


def setup(
    workload: str | Path,
    slots: str | None = None,
    *,
    seed: int = 0,
    fleet: str | None = None,
    more: Mapping[str, str] | None = None,
    **given: str,
) -> Setup:
    """Settings as keywords, `__` for a dot, or in `more` as they are."""
    values = {**{key.replace("__", "."): value for key, value in given.items()}, **(more or {})}
    return prepared(str(workload), slots=slots, fleet=fleet, given=values, seed=seed)


def run(
    workload: str | Path,
    slots: str | None = None,
    *,
    seed: int = 0,
    more: Mapping[str, str] | None = None,
    **given: str,
) -> Result:
    return simulate(setup(workload, slots, seed=seed, more=more, **given)).result


def outcome(workload: str | Path, slots: str | None = None, **given: str) -> Outcome:
    return simulate(setup(workload, slots, more=given))


def endings(ready: Setup) -> list[tuple[str, int]]:
    """How each task ended and how long it had waited (microseconds), in the order in which they came."""
    found: dict[int, tuple[str, int]] = {}

    def ended(live: Live, how: str, _now: int) -> None:
        found[live.place] = (how, live.waited)

    simulate(ready, on_end=ended)
    return [found[place] for place in sorted(found)]


class Came:
    """One single task as it comes, times in microseconds."""

    def __init__(self, at: int, run: int, band: str, patience: int | None) -> None:
        self.at = at
        self.run = run
        self.band = band
        self.patience = patience


def coming(ready: Setup) -> list[Came]:
    """The tasks of a setup whose agents have speed 1."""
    found = []
    for arrival in shaped(ready.workload, ready.options.settings, ready.fleet.capacity, ready.seed):
        (work,) = arrival.works
        ttl = work.spec.ttl
        patience = None if ttl is None else round(float(ttl) * SECOND)
        at = ORIGIN + round(arrival.at_s * SECOND)
        found.append(Came(at, max(round(work.run_s * SECOND), 1), work.spec.priority, patience))
    return found
