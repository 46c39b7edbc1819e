"""Models of several slots: one central queue, none, an impatient one, or a queue in front of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import inf

from bench.reference import goldens
from bench.reference.agent import Agent, fleet, singles
from bench.reference.arrivals import poisson
from bench.reference.controls import endless_slots, one_fast_server
from bench.reference.model import Model, Reading, in_slot, time_inside, turned_away, wait, waited
from bench.reference.picks import AtRandom, LeastOf, Pick, Shortest
from bench.reference.row import tolerated
from bench.reference.run import central, own_queues
from bench.reference.span import Span
from bench.reference.task import Task

Arrivals = Callable[[int, int], Iterator[Task]]
Run = Callable[[Iterable[Task]], Iterator[Span]]


def models() -> Iterator[Model]:
    yield from _central()
    yield from _with_little_room()
    yield from _impatient()
    yield from _own_queues()


def _central() -> Iterator[Model]:
    for (slots, rho), (share, mean) in goldens.MMC.items():
        if slots == 1:
            continue
        readings = [
            Reading("P(wait)", share, waited, endless_slots(rho * slots, slots)),
            Reading("Wq", mean, wait, one_fast_server(slots, rho)),
        ]
        quick = 40_000 if slots == 4 else 0
        tasks = 3_000_000 if slots == 100 else 500_000
        yield Model(f"M/M/{slots} rho {rho}", _arrivals(rho * slots), _fleet(slots), readings, tasks, quick)
    for slots, share in goldens.STAFFED.items():
        readings = [Reading("P(wait)", share, waited, endless_slots(100, slots))]
        tolerance = tolerated(100 / slots)
        yield Model(f"M/M/{slots} load 100", _arrivals(100), _fleet(slots), readings, 2_000_000, 0, tolerance)


def _with_little_room() -> Iterator[Model]:
    for (slots, load), share in goldens.ERLANG_B.items():
        quick = 30_000 if (slots, load) == (10, 8) else 0
        readings = [Reading("refused", share, turned_away, endless_slots(load, slots))]
        name = f"Erlang B c {slots} load {load}"
        yield Model(name, _arrivals(load), _fleet(slots, slots), readings, 500_000 if slots == 10 else 1_500_000, quick)
    for (rho, room), share in goldens.MM1K.items():
        quick = 60_000 if rho > 1 else 0
        readings = [Reading("refused", share, turned_away)]
        tasks = 4_000_000 if rho < 1 else 1_000_000
        yield Model(f"M/M/1/{room} rho {rho}", _arrivals(rho), _fleet(1, room), readings, tasks, quick)


def _impatient() -> Iterator[Model]:
    for (slots, rate, leaving), (left, delayed, queued, busy) in goldens.ERLANG_A.items():
        crowd = endless_slots(rate, slots)
        readings = [
            Reading("leaves", left, turned_away, crowd),
            Reading("P(wait)", delayed, waited, crowd),
            Reading("Lq", queued, wait, crowd, rate),
            Reading("utilisation", busy, in_slot, crowd, rate / slots),
        ]
        quick = 40_000 if rate > slots else 0
        name = f"Erlang A c {slots} load {rate} theta {leaving}"
        tasks = 4_000_000 if slots == 100 else 1_000_000
        yield Model(name, _arrivals(rate, 1 / leaving), _fleet(slots), readings, tasks, quick, tolerated(rate / slots))


def _own_queues() -> Iterator[Model]:
    ten, hundred, thousand = singles(10), singles(100), singles(1000)
    shortest, few, finite = goldens.FEW_SHORTEST, goldens.FEW_SQ2, goldens.HUNDRED_SQ2
    yield _early("JSQ", ten, 0.9, lambda: Shortest(ten), shortest[0], shortest[1] / shortest[0], quick=30_000)
    yield _early("SQ(2)", ten, 0.9, lambda: _drawn(ten, 2), few[0], few[1] / few[0])
    random = _early("random", ten, 0.9, lambda: AtRandom(ten), goldens.RANDOM)
    yield random._replace(tasks=3_000_000)
    yield _early("SQ(2)", hundred, 0.9, lambda: _drawn(hundred, 2), finite[0])
    for (d, rho), mean in goldens.SQ.items():
        quick = 40_000 if rho < 0.9 else 0
        yield _early(f"SQ({d})", thousand, rho, partial(_drawn, thousand, d), mean, quick=quick)


def _drawn(agents: Sequence[Agent], d: int) -> Pick:
    return LeastOf(agents, d, repeats=True)


def _early(
    name: str,
    agents: Sequence[Agent],
    rho: float,
    pick: Callable[[], Pick],
    mean: float,
    tolerance: float = 0.02,
    *,
    quick: int = 0,
) -> Model:
    count = len(agents)
    return Model(
        f"{name} n {count} rho {rho}",
        _arrivals(rho * count),
        lambda tasks: own_queues(tasks, agents, pick()),
        [Reading("T", mean, time_inside, one_fast_server(count, rho))],
        1_000_000,
        quick,
        tolerance,
    )


def _arrivals(rate: float, patience: float = inf) -> Arrivals:
    return lambda count, seed: poisson(rate, count, seed, patience=patience)


def _fleet(slots: int, room: float = inf) -> Run:
    return lambda tasks: central(tasks, fleet(slots), room=room)
