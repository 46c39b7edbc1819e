"""Generated tasks: how they come, how long they take, whose they are, all from a seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import pi, sin
from random import Random

from rota.model.errors import invalid
from rota.model.priority import BANDS, Priority
from rota.model.task import TaskSpec
from rota.simulator.arrival import Arrival, Work
from rota.simulator.chance import sampler, stream
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.settings import Settings

TASKS = 10_000
"""How many when nothing is said."""
_SHARE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}")


class Generated:
    """A generator: independent tasks of one kind."""

    uses = frozenset(
        {
            "tasks", "load", "arrivals", "cv", "period", "swing", "mean", "service", "service.cv", "alpha", "tenants",
            "bands",
        }
    )  # fmt: skip
    fleet: SimulatedFleet | None = None

    def __init__(self, name: str, settings: Settings, seed: int) -> None:
        self.name = name
        self.kind = "generated tasks"
        self._settings = settings
        self._seed = seed
        self.weights: Mapping[str, float] = tenants_of(settings.tenants)
        if settings.service == "hyperexponential" and settings.service_cv < 1:
            raise invalid("--set service.cv", "a hyperexponential distribution has at least 1; take lognormal below")

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """Tasks one by one, so that load = rate * mean work / capacity."""
        settings = self._settings
        coming = stream(self._seed, "arrivals")
        gap = settings.mean / (settings.load * capacity)
        gaps = gaps_of(settings, gap, coming)
        work = sampler(
            settings.service, settings.mean, settings.service_cv, settings.alpha, stream(self._seed, "service")
        )
        owner = chooser(self.weights, stream(self._seed, "tenants"))
        band = chooser(bands_of(settings.bands), stream(self._seed, "bands"))
        at = 0.0
        for number in range(1, (settings.tasks or TASKS) + 1):
            priority: Priority = band()  # type: ignore[assignment]
            spec = TaskSpec(title=f"task {number}", tenant=owner(), priority=priority)
            yield Arrival(at_s=at, works=[Work(spec=spec, run_s=work())])
            at += gaps(at)


def gaps_of(settings: Settings, gap: float, random: Random) -> Callable[[float], float]:
    """A function that draws the gap after an arrival at a moment; `gap` is the mean, seconds."""
    kind = settings.arrivals
    if kind == "batch":
        return lambda _at: 0.0
    if kind == "regular":
        return lambda _at: gap
    if kind == "poisson":
        return lambda _at: random.expovariate(1.0) * gap
    if kind == "bursty":
        phases = sampler("hyperexponential", gap, settings.cv, 1.0, random)
        return lambda _at: phases()
    return _diurnal(settings, gap, random)


def _diurnal(settings: Settings, gap: float, random: Random) -> Callable[[float], float]:
    """A Poisson process whose rate follows a sine, by thinning (Lewis and Shedler 1979)."""
    most = 1 + settings.swing

    def draw(at: float) -> float:
        begin = at
        while True:
            at += random.expovariate(1.0) * gap / most
            if random.random() * most <= 1 + settings.swing * sin(2 * pi * at / settings.period):
                return at - begin

    return draw


def tenants_of(text: str) -> dict[str, float]:
    """`1:2:5` -> tenant-1 of weight 1, tenant-2 of weight 2, tenant-3 of weight 5; one alone is `default`."""
    parts = text.split(":")
    if not all(_SHARE.fullmatch(part.strip()) and float(part) > 0 for part in parts) or len(parts) > 1_000:
        raise invalid("--set tenants", f"{text[:60]!r} is not a list of weights above 0, such as 1:2:5")
    if len(parts) == 1:
        return {"default": 1.0}
    return {f"tenant-{number}": float(part) for number, part in enumerate(parts, 1)}


def bands_of(text: str) -> dict[str, float]:
    """`high:0.2,normal:0.8` -> shares by priority."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition(":")
        if name not in BANDS:
            raise invalid("--set bands", f"{name[:60]!r} is none of {', '.join(BANDS)}; write `high:0.2,normal:0.8`")
        if name in found or not _SHARE.fullmatch(share or "1") or float(share or "1") <= 0:
            raise invalid("--set bands", f"{part[:60]!r} needs one share above 0, such as {name}:0.2, once")
        found[name] = float(share or "1")
    return found


def chooser(shares: Mapping[str, float], random: Random) -> Callable[[], str]:
    """A function that draws names in these shares."""
    names = list(shares)
    if len(names) == 1:
        return lambda: names[0]
    total = sum(shares.values())
    bounds: list[float] = []
    for name in names:
        bounds.append((bounds[-1] if bounds else 0.0) + shares[name] / total)

    def draw() -> str:
        point = random.random()
        return next((name for name, bound in zip(names, bounds, strict=True) if point < bound), names[-1])

    return draw
