"""Models of a single slot: orders, with and without preemption."""

from collections.abc import Callable, Iterable, Iterator

from bench.reference import goldens
from bench.reference.agent import fleet
from bench.reference.arrivals import Sizes, constant, exponential, hyperexponential, poisson
from bench.reference.controls import one_fast_server
from bench.reference.model import Model, Reading, in_band, time_inside, wait, waited
from bench.reference.orders import Order, banded, fifo, sjf
from bench.reference.preemptive import Preference, fixed, preemptive, srpt
from bench.reference.run import central
from bench.reference.span import Span
from bench.reference.task import Task

Arrivals = Callable[[int, int], Iterator[Task]]
Run = Callable[[Iterable[Task]], Iterator[Span]]

ONE = fleet(1)


def models() -> Iterator[Model]:
    yield from _plain_fifo()
    yield from _by_size()
    yield from _two_classes()


def _plain_fifo() -> Iterator[Model]:
    """Without a control: it would be the very same thing. So these take many tasks."""
    for rho, tasks in ((0.8, 1_000_000), (0.9, 4_000_000)):
        share, mean = goldens.MMC[1, rho]
        readings = [Reading("P(wait)", share, waited), Reading("Wq", mean, wait)]
        yield Model(f"M/M/1 FIFO rho {rho}", _arrivals(rho), _ordered(fifo), readings, tasks)
    for (cv2, rho), mean in goldens.MG1.items():
        tasks = (2_500_000 if rho > 0.8 else 1_000_000) * (2 if cv2 > 1 else 1)
        sizes = hyperexponential(cv2) if cv2 else constant
        quick = 40_000 if (cv2, rho) == (0.0, 0.8) else 0
        readings = [Reading("T", mean, time_inside)]
        yield Model(f"M/G/1 FIFO cv2 {cv2:g} rho {rho}", _arrivals(rho, sizes), _ordered(fifo), readings, tasks, quick)


def _by_size() -> Iterator[Model]:
    for rho, mean in goldens.SJF.items():
        yield _controlled(f"M/M/1 SJF rho {rho}", rho, _ordered(sjf), mean, quick=rho in (0.5, 0.9))
    for rho, mean in goldens.PREEMPTIVE_SJF.items():
        yield _controlled(f"M/M/1 preemptive SJF rho {rho}", rho, _preferred(fixed(sjf)), mean, quick=rho == 0.8)
    for rho, mean in goldens.SRPT.items():
        yield _controlled(f"M/M/1 SRPT rho {rho}", rho, _preferred(srpt), mean, quick=rho == 0.9)


def _two_classes() -> Iterator[Model]:
    order = banded(fifo)
    for rho, (high, low) in goldens.COBHAM_WAIT.items():
        control = one_fast_server(1, rho)
        readings = [
            Reading("Wq high", high, in_band(0, wait), control),
            Reading("Wq low", low, in_band(1, wait), control),
            Reading("Wq both", rho / (1 - rho), wait, control),
        ]
        quick = 30_000 if rho == 0.8 else 0
        name = f"M/M/1 bands rho {rho}"
        yield Model(name, _arrivals(rho, bands=2), _ordered(order), readings, 500_000, quick)
    for rho, (high, low) in goldens.PREEMPTIVE_TIME.items():
        control = one_fast_server(1, rho)
        readings = [
            Reading("T high", high, in_band(0, time_inside), control),
            Reading("T low", low, in_band(1, time_inside), control),
        ]
        quick = 30_000 if rho == 0.8 else 0
        name = f"M/M/1 preemptive bands rho {rho}"
        yield Model(name, _arrivals(rho, bands=2), _preferred(fixed(order)), readings, 500_000, quick)


def _controlled(name: str, rho: float, run: Run, mean: float, *, quick: bool) -> Model:
    readings = [Reading("T", mean, time_inside, one_fast_server(1, rho))]
    return Model(name, _arrivals(rho), run, readings, 400_000, 20_000 if quick else 0)


def _arrivals(rho: float, sizes: Sizes = exponential, bands: int = 1) -> Arrivals:
    return lambda count, seed: poisson(rho, count, seed, sizes, bands=bands)


def _ordered(order: Order) -> Run:
    return lambda tasks: central(tasks, ONE, order)


def _preferred(preference: Preference) -> Run:
    return lambda tasks: preemptive(tasks, ONE, preference)
