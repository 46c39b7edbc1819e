"""The cells: each asks one thing of a subject and answers in measurements, named the same for everybody."""

import random
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench import killing
from bench.measure import Measurement, fsync_seconds, quantile
from bench.progress import say
from bench.subject import Entry, Subject

_BATCH = 500
_PAYLOAD_BYTES = 200
_WARM_UP = 10  # idle submissions before those that count


class Scale(msgspec.Struct, frozen=True):
    """How big the cells are."""

    submit_one: int  # tasks, as in the next three
    submit_batch: int
    drain: int
    idle: int
    gap: tuple[float, float]  # seconds between idle submissions; drawn evenly, or a poll might keep step
    limit: float  # seconds that one cell may wait
    kill_limit: float  # seconds from the kill


FULL = Scale(2_000, 50_000, 20_000, 300, (0.050, 0.150), 120.0, 60.0)
QUICK = Scale(100, 2_000, 1_000, 30, (0.020, 0.060), 10.0, 3.0)


class Run(msgspec.Struct, frozen=True):
    """What a cell knows: the subject, its line of the table, what waits all the while, how big to be."""

    subject: Subject
    entry: Entry
    backlog: int
    scale: Scale


class Figure(msgspec.Struct, frozen=True):
    value: float | None
    n: int
    notes: str


class Cell(msgspec.Struct, frozen=True):
    """What is measured, in which units, and how: `measure` answers a figure for each name, in order."""

    names: dict[str, str]  # → unit
    measure: Callable[[Run], list[Figure]]


def payload(number: int) -> str:
    """200 bytes of ASCII that begin with the number."""
    return f"{number:08d} ".ljust(_PAYLOAD_BYTES, "x")


def _memory(run: Run) -> list[Figure]:
    """Resident memory of this process, which has just opened the database with its backlog."""
    return [Figure(_resident_bytes() / 1e6, 1, run.subject.settings)]


def _idle(run: Run) -> list[Figure]:
    chance = random.Random(1)
    gaps = [chance.uniform(*run.scale.gap) for _ in range(run.scale.idle + _WARM_UP)]
    payloads = [payload(number) for number in range(len(gaps))]
    latencies = run.subject.idle_latencies(payloads, gaps, run.scale.limit)[_WARM_UP:]
    if not latencies:
        raise TimeoutError(f"at most {_WARM_UP} of {len(payloads)} tasks started in {run.scale.limit:.0f} s")
    return [Figure(quantile(latencies, q) * 1e3, len(latencies), run.subject.settings) for q in (0.50, 0.99)]


def _drain(run: Run) -> list[Figure]:
    n = run.scale.drain
    run.subject.fill(n)  # on top of the backlog, which therefore stays as large as it is
    return [Figure(n / run.subject.drain(n, run.scale.limit), n, run.subject.settings)]


def _submit_one(run: Run) -> list[Figure]:
    n = run.scale.submit_one
    seconds = run.subject.submit_each([payload(number) for number in range(n)])
    return [Figure(n / seconds, n, run.subject.settings)]


def _submit_batch(run: Run) -> list[Figure]:
    n = run.scale.submit_batch
    batches = [[payload(first + i) for i in range(_BATCH)] for first in range(0, n, _BATCH)]
    return [Figure(n / run.subject.submit_batches(batches), n, run.subject.settings)]


def _kill(run: Run) -> list[Figure]:
    payloads = [payload(number) for number in range(killing.TASKS)]
    limit = run.scale.kill_limit
    with tempfile.TemporaryDirectory(prefix="rota-bench-") as folder:
        killed = killing.kill_and_restart(run.subject, payloads, Path(folder, "log"), limit)
    story = killed.story(limit)
    return [Figure(killed.seconds, killing.TASKS, story), Figure(float(killed.undone), killing.TASKS, story)]


TABLE = {
    "memory": Cell({"memory of the process": "MB"}, _memory),
    "idle": Cell({"idle latency p50": "ms", "idle latency p99": "ms"}, _idle),
    "drain": Cell({"drain no-op tasks": "tasks/s"}, _drain),
    "submit-one": Cell({"submit one by one": "tasks/s"}, _submit_one),
    "submit-batch": Cell({f"submit in batches of {_BATCH}": "tasks/s"}, _submit_batch),
    "kill": Cell({"kill -9, all done after": "s", "kill -9, never done": "tasks"}, _kill),
}


def measure(run: Run, name: str) -> list[Measurement]:
    """The cell's measurements; one that goes wrong has no values and says why, and the others go on."""
    say(f"{run.entry.name} on {run.entry.database}, {run.backlog:,} waiting: {name}")
    cell = TABLE[name]
    before = fsync_seconds()
    try:
        figures = cell.measure(run)
    except Exception as error:
        story = f"failed: {type(error).__name__}: {error}"
        say(f"  {story}")
        figures = [Figure(None, 0, story) for _ in cell.names]
    fsync_us = round(max(before, fsync_seconds()) * 1e6, 1)
    return [
        Measurement(
            name=what,
            subject=run.entry.name,
            database=run.entry.database,
            backlog=run.backlog,
            value=figure.value,
            unit=unit,
            n=figure.n,
            notes=figure.notes,
            fsync_us=fsync_us,
        )
        for (what, unit), figure in zip(cell.names.items(), figures, strict=True)
    ]


def _resident_bytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # elsewhere only the peak is to be had
    return peak if sys.platform == "darwin" else peak * 1024
