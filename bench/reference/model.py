"""A queueing model, run and read: arrivals go in, what was read from the spans comes out beside its target."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

from bench.reference.batches import BatchMeans
from bench.reference.controls import Control
from bench.reference.row import Row
from bench.reference.span import NOBODY, Span
from bench.reference.task import Task

QUICK_SLACK = 3.0  # so much wider is the tolerance of a quick check

Value = Callable[[Span], float | None]


class Reading(NamedTuple):
    """The mean of `value` over spans, those with None left out, times `scale`; its luck as the control saw it."""

    what: str
    target: float
    value: Value
    control: Control | None = None
    scale: float = 1.0


class Model(NamedTuple):
    """`arrivals` is called with the number of tasks and a seed; `quick` is that number in a quick check, 0 to skip."""

    name: str
    arrivals: Callable[[int, int], Iterable[Task]]
    run: Callable[[Iterable[Task]], Iterator[Span]]
    readings: list[Reading]
    tasks: int
    quick: int = 0
    tolerance: float = 0.02


def rows(model: Model, seed: int, *, quick: bool) -> Iterator[Row]:
    count = model.quick if quick else model.tasks
    tolerance = model.tolerance * (QUICK_SLACK if quick else 1.0)
    # Each model has its own luck, or one lucky stream of arrivals would lean all rows to one side.
    arrivals = model.arrivals(count, crc32(f"{seed} {model.name}".encode()))
    luck = {reading.control: _batch_means(count) for reading in model.readings if reading.control}
    for seen, notes in luck.items():
        arrivals = seen.watch(arrivals, notes)
    found = [_batch_means(count) for _ in model.readings]
    adders = [(reading.value, means.add) for reading, means in zip(model.readings, found, strict=True)]
    for span in model.run(arrivals):
        for value, add in adders:
            read = value(span)
            if read is not None:
                add(span.task.seq, read)
    for (what, target, _, control, scale), means in zip(model.readings, found, strict=True):
        mean, half_width = means.controlled(luck[control], control.expected) if control else means.estimate()
        yield Row(model.name, what, target, mean * scale, half_width * scale, tolerance, count)


def _batch_means(count: int) -> BatchMeans:
    return BatchMeans(count, warm_up=count // 10)


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
