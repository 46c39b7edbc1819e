"""Orders that the engine does not have, rehearsed with the one it has: by deadline.

Every task is submitted with a made-up deadline that is its place in the rehearsed order; its true deadline stays with
the simulator, which judges by it. The made-up ones lie years ahead, so that none is ever over.
"""

from __future__ import annotations

from collections.abc import Sequence

from rota.files.task_check import parent_of
from rota.model.errors import invalid
from rota.model.times import SECOND
from rota.simulator.arrival import Arrival
from rota.simulator.settings import Order

AHEAD_S = 4 * 365 * 86_400.0
"""Made-up deadlines lie about this far after the beginning, seconds: no simulation is so long, nor an estimate."""


def made_up(order: Order, k: float, arrival: Arrival, due: Sequence[float | None], elapsed_us: int) -> list[float]:
    """Seconds from now to the made-up deadline of each task of an arrival.

    `due` are the true deadlines, seconds from now; `elapsed_us` passed since the beginning.
    """
    elapsed = elapsed_us / SECOND
    estimates = [_estimate(work.spec.estimate) for work in arrival.works]
    if order == "shortest":
        places = estimates
    elif order == "longest":
        places = [-estimate for estimate in estimates]
    else:
        places = [elapsed + k * estimate for estimate in estimates]
        if order == "inherited":
            places = [place if own is None else elapsed + own for place, own in zip(places, due, strict=True)]
            _inherit(arrival, places, estimates)
    return [AHEAD_S - elapsed + place for place in places]


def _inherit(arrival: Arrival, places: list[float], estimates: list[float]) -> None:
    """due(t) = min(own, due(child) - estimate(child)), children after their parents."""
    number = {work.spec.ref: index for index, work in enumerate(arrival.works)}
    for index in range(len(places) - 1, -1, -1):
        for parent in arrival.works[index].spec.after:
            above = number.get(parent_of(parent))
            if above is not None:
                places[above] = min(places[above], places[index] - estimates[index])


def _estimate(estimate: object) -> float:
    if not isinstance(estimate, int | float):
        raise invalid("--set order", "this order needs estimates; leave --set estimates=none out")
    return float(estimate)
