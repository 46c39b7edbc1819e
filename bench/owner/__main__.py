"""Measures how fast short-lived processes reach the owner of a database, and what they get from it.

    python -m bench.owner [--quick]

Prints JSON: for each figure its value, unit, how many samples it rests on and what was aimed at. A figure is no
verdict: the exit code only says whether it ran.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.measure import fsync_seconds, machine, quantile
from rota.owner.link import Link

CALLERS = 16
ROOT = Path(__file__).parents[2]

_FIRST = """
import sys
from rota.owner.link import Link
link = Link(sys.argv[1])
link.call("list_queues", {})
"""


class Figure(msgspec.Struct, frozen=True):
    name: str
    value: float
    unit: str
    n: int
    goal: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.owner", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    quick = parser.parse_args().quick
    synced = fsync_seconds()
    with _places() as database:
        figures = [*_starts(database, 3 if quick else 10), *_alone(database, 200 if quick else 3_000)]
        figures += _together(database, 2.0 if quick else 8.0)
    report = {
        "machine": machine(["rota", "apsw", "msgspec"], "", os.getloadavg()[0]),
        "fsync_us": round(max(synced, fsync_seconds()) * 1e6, 1),
        "figures": figures,
    }
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return 0


@contextmanager
def _places() -> Iterator[str]:
    """A database in a fresh folder, with a runtime directory of our own; its owner is ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="rota-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        database = str(Path(folder, "work.db"))
        try:
            yield database
        finally:
            _end_owner(database)


def _end_owner(database: str) -> None:
    """End the owner, if there is one, and wait until it has gone."""
    link = Link(database)
    process = link.call("owner.about", {})["process"]
    link.close()
    os.kill(process, signal.SIGKILL)
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        if _is_dead(process):
            return
        time.sleep(0.005)


def _is_dead(process: int) -> bool:
    """Dead, but not yet collected by whoever has to."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return not Path("/proc").exists()


def _starts(database: str, n: int) -> Iterator[Figure]:
    """From the start of an interpreter to its end, with one call in between."""
    without, beside = [], []
    for _ in range(n):
        without.append(_first(database))
        beside.append(_first(database))
        _end_owner(database)
    yield Figure("first answer, no owner, p50", round(quantile(without, 0.5), 3), "s", n, "< 1.5")
    yield Figure("first answer, no owner, worst", round(max(without), 3), "s", n, "< 1.5")
    yield Figure("first answer beside an owner, p50", round(quantile(beside, 0.5), 3), "s", n, "< 0.15")
    yield Figure("first answer beside an owner, worst", round(max(beside), 3), "s", n, "< 0.15")


def _first(database: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _FIRST, database], check=True, cwd=ROOT)
    return time.perf_counter() - began


def _alone(database: str, n: int) -> Iterator[Figure]:
    """One caller, one call after the other."""
    link = Link(database)
    task = link.call("submit", {"tasks": [{"title": "one"}]})["ids"][0]
    for name, call, arguments in (
        ("read", "get_task", {"task": task}),
        ("submit", "submit", {"tasks": [{"title": "a task"}]}),
    ):
        samples = []
        for _ in range(n):
            began = time.perf_counter()
            link.call(call, arguments)
            samples.append((time.perf_counter() - began) * 1e3)
        yield Figure(f"{name}, p50", round(quantile(samples, 0.5), 3), "ms", n, "<= 2")
        yield Figure(f"{name}, p99", round(quantile(samples, 0.99), 3), "ms", n, "<= 15")
    link.close()


def _together(database: str, seconds: float) -> Iterator[Figure]:
    """Processes that call at once: each submits a task, claims one, completes it, looks at it."""
    command = [sys.executable, "-m", "bench.owner.caller", database, str(seconds)]
    callers = [
        subprocess.Popen([*command, f"a{number}"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(CALLERS)
    ]
    for caller in callers:
        assert caller.stdout is not None
        caller.stdout.readline()  # it is ready
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.close()
    samples: list[float] = []
    memory: list[float] = []
    for caller in callers:
        assert caller.stdout is not None
        said = msgspec.json.decode(caller.stdout.read())
        samples += said["milliseconds"]
        memory.append(said["megabytes"])
        caller.stdout.close()
        caller.wait()
    n = len(samples)
    yield Figure(f"calls of {CALLERS} processes", round(n / seconds), "calls/s", n, ">= 1500")
    yield Figure(f"a call of {CALLERS} processes, p50", round(quantile(samples, 0.5), 2), "ms", n, "")
    yield Figure(f"a call of {CALLERS} processes, p99", round(quantile(samples, 0.99), 2), "ms", n, "")
    yield Figure("memory of a caller", round(max(memory), 1), "MB", CALLERS, "< 20")


if __name__ == "__main__":
    sys.exit(main())
