"""The cells: each asks one thing of a subject and answers in measurements, named the same for everybody."""

import random
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench import killing
from bench.measure import Measurement, quantile
from bench.progress import say
from bench.subject import Entry, Subject

_BATCH = 500
_PAYLOAD_BYTES = 200
_WARM_UP = 10  # idle submissions before those that count


class Scale(msgspec.Struct, frozen=True):
    submit_one: int
    submit_batch: int
    drain: int
    idle: int
    gap: tuple[
        float, float
    ]  # seconds between idle submissions, drawn evenly, so that no poll keeps step with them
    limit: float  # seconds that one cell may wait
    kill_limit: float  # seconds from the kill


FULL = Scale(2_000, 50_000, 20_000, 300, (0.020, 0.080), 240.0, 60.0)
QUICK = Scale(200, 5_000, 2_000, 40, (0.010, 0.030), 20.0, 3.0)


def payload(number: int) -> str:
    """About 200 bytes; begins with the number, filled up with what does not compress to nothing."""
    return f"{number:08d} ".ljust(_PAYLOAD_BYTES, "abcdefghijklmnopqrstuvwxyz"[number % 26])


class Run(msgspec.Struct, frozen=True):
    """What a cell knows: the subject, its line of the table, how much is waiting, and how big to be."""

    subject: Subject
    entry: Entry
    backlog: int
    scale: Scale

    def measured(self, name: str, value: float, unit: str, n: int) -> Measurement:
        return Measurement(
            name, self.entry.name, self.entry.database, self.backlog, value, unit, n, self.subject.settings
        )


def memory(run: Run) -> list[Measurement]:
    """Resident memory of this process, which has just opened the database with its backlog."""
    return [run.measured("memory of the process", _resident_bytes() / 1e6, "MB", 1)]


def idle(run: Run) -> list[Measurement]:
    chance = random.Random(1)
    gaps = [chance.uniform(*run.scale.gap) for _ in range(run.scale.idle + _WARM_UP)]
    payloads = [payload(number) for number in range(len(gaps))]
    latencies = run.subject.idle_latencies(payloads, gaps, run.scale.limit)[_WARM_UP:]
    return [
        run.measured(f"idle latency p{q}", quantile(latencies, q / 100) * 1e3, "ms", len(latencies))
        for q in (50, 99)
    ]


def drain(run: Run) -> list[Measurement]:
    n = run.scale.drain
    if run.backlog < n:
        run.subject.fill(n - run.backlog)
    return [run.measured("drain no-op tasks", n / run.subject.drain(n, run.scale.limit), "tasks/s", n)]


def submit_one(run: Run) -> list[Measurement]:
    n = run.scale.submit_one
    seconds = run.subject.submit_each([payload(number) for number in range(n)])
    return [run.measured("submit one by one", n / seconds, "tasks/s", n)]


def submit_batch(run: Run) -> list[Measurement]:
    n = run.scale.submit_batch
    batches = [[payload(first + i) for i in range(_BATCH)] for first in range(0, n, _BATCH)]
    seconds = run.subject.submit_batches(batches)
    return [run.measured(f"submit in batches of {_BATCH}", n / seconds, "tasks/s", n)]


def kill(run: Run) -> list[Measurement]:
    payloads = [payload(number) for number in range(killing.TASKS)]
    with tempfile.TemporaryDirectory(prefix="rota-bench-") as folder:
        killed = killing.kill_and_restart(run.subject, payloads, Path(folder, "log"), run.scale.kill_limit)
    return killing.measurements(run.entry.name, run.entry.database, killed, run.scale.kill_limit)


TABLE: dict[str, Callable[[Run], list[Measurement]]] = {
    "memory": memory,
    "idle": idle,
    "drain": drain,
    "submit-one": submit_one,
    "submit-batch": submit_batch,
    "kill": kill,
}


def measure(run: Run, cell: str) -> list[Measurement]:
    """The cell's measurements; a cell that goes wrong becomes one without a value, and the others go on."""
    say(f"{run.entry.name} on {run.entry.database}, {run.backlog:,} waiting: {cell}")
    try:
        return TABLE[cell](run)
    except Exception as error:
        story = f"failed: {type(error).__name__}: {error}"
        say(f"  {story}")
        return [Measurement(cell, run.entry.name, run.entry.database, run.backlog, None, "", 0, story)]


def _resident_bytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(
        resource.RUSAGE_SELF
    ).ru_maxrss  # the most there ever was: no better figure here
    return peak if sys.platform == "darwin" else peak * 1024
