"""A queueing model, run and read: arrivals go in, what was read from the spans comes out beside its target."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

from bench.reference.batches import BatchMeans, lindley
from bench.reference.row import TOLERANCE, Row
from bench.reference.span import NOBODY, Span
from bench.reference.task import Task

QUICK_SLACK = 3.0  # so much wider is the tolerance of a quick check

Value = Callable[[Span], float | None]


class Reading(NamedTuple):
    """The mean of `value` over spans, those with None left out, times `scale`."""

    what: str
    target: float
    value: Value
    scale: float = 1.0


class Control(NamedTuple):
    """One FIFO server of this capacity fed with the same arrivals, and its mean wait by Pollaczek-Khinchine."""

    capacity: float
    expected: float


class Model(NamedTuple):
    """`arrivals` is called with the number of tasks and a seed; `quick` is that number in a quick check, 0 to skip."""

    name: str
    arrivals: Callable[[int, int], Iterable[Task]]
    run: Callable[[Iterable[Task]], Iterator[Span]]
    readings: list[Reading]
    tasks: int
    quick: int = 0
    control: Control | None = None
    tolerance: float = TOLERANCE


def markov_control(capacity: float, rho: float) -> Control:
    """For Poisson arrivals and exponential work of mean 1."""
    return Control(capacity, rho / (1 - rho) / capacity)


def rows(model: Model, seed: int, *, quick: bool) -> Iterator[Row]:
    count = model.quick if quick else model.tasks
    warm_up = count // 10
    found = [BatchMeans(count, warm_up) for _ in model.readings]
    luck = BatchMeans(count, warm_up)
    # Each model has its own luck, or one lucky stream of arrivals would lean all rows to one side.
    arrivals = model.arrivals(count, crc32(f"{seed} {model.name}".encode()))
    if model.control:
        arrivals = lindley(arrivals, model.control.capacity, luck)
    adders = [(reading.value, means.add) for reading, means in zip(model.readings, found, strict=True)]
    for span in model.run(arrivals):
        for value, add in adders:
            read = value(span)
            if read is not None:
                add(span.task.seq, read)
    tolerance = model.tolerance * (QUICK_SLACK if quick else 1.0)
    for reading, means in zip(model.readings, found, strict=True):
        mean, half_width = means.controlled(luck, model.control.expected) if model.control else means.estimate()
        measured = (mean * reading.scale, half_width * reading.scale)
        yield Row(model.name, reading.what, reading.target, *measured, tolerance, count)


def wait(span: Span) -> float:
    return span.start - span.ready


def waited(span: Span) -> float:
    return float(span.start > span.ready)


def time_inside(span: Span) -> float | None:
    """Turnaround, of tasks that are done."""
    return span.finish - span.task.submit if span.ending == "done" else None


def in_slot(span: Span) -> float:
    return span.finish - span.start


def turned_away(span: Span) -> float:
    """Refused, or gone before a start."""
    return float(span.agent == NOBODY)


def in_band(band: int, value: Value) -> Value:
    return lambda span: value(span) if span.task.band == band else None
