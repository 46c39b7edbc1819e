"""Measures short commands of the shell, as processes: beside an owner at rest, and beside one that is busy.

    python -m bench.shell [--quick]

Prints JSON: for each figure its value, unit, how many samples it rests on and what was aimed at. A figure is no
verdict: the exit code only says whether it ran.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from bench.measure import machine, quantile
from rota.owner.link import Link

ROOT = Path(__file__).parents[2]
BUSY = 2
"""Processes that submit, claim and complete without a pause, meanwhile."""
COMMANDS = (
    ("add", "a task"),
    ("tasks", "--limit", "20"),
    ("task", "task-1"),
    ("queues",),
    ("hold", "task-1"),
    ("claim", "--agent", "nothing-for-it"),
)


class Figure(msgspec.Struct, frozen=True):
    name: str
    value: float
    unit: str
    n: int
    goal: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.shell", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    n = 5 if parser.parse_args().quick else 40
    with _database() as database:
        figures = [_figure(["--help"], "", n, "< 300"), *_all(database, "beside an owner at rest", n)]
        with _busy(database):
            figures += _all(database, "beside a busy owner", n)
    report = {"machine": machine(["rota", "cyclopts", "msgspec"], "", os.getloadavg()[0]), "figures": figures}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return 0


def _all(database: str, where: str, n: int) -> Iterator[Figure]:
    for command in COMMANDS:
        goal = "< 150" if command[0] == "add" else "< 100"
        yield _figure([*command, "--database", database], f" {where}", n, goal)


def _figure(words: list[str], where: str, n: int, goal: str) -> Figure:
    """The median time from the start of the process to its end."""
    samples = []
    for _ in range(n):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "rota", *words], cwd=ROOT, capture_output=True, check=False)
        samples.append((time.perf_counter() - began) * 1e3)
    return Figure(f"rota {words[0]}{where}, p50", round(quantile(samples, 0.5), 1), "ms", n, goal)


@contextmanager
def _database() -> Iterator[str]:
    """A database with an owner that stays until the end, in a fresh folder that is its runtime directory too."""
    with tempfile.TemporaryDirectory(prefix="rota-bench-", ignore_cleanup_errors=True) as folder, ExitStack() as at_end:
        os.environ["XDG_RUNTIME_DIR"] = folder
        database = str(Path(folder, "work.db"))
        owner = subprocess.Popen(
            [sys.executable, "-m", "rota", "owner", database], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        at_end.callback(owner.wait)
        at_end.callback(owner.terminate)
        assert owner.stderr is not None
        while "listening" not in owner.stderr.readline():
            pass
        link = Link(database)
        link.call("submit", {"tasks": [{"title": "the first"}]})
        link.call("register_agent", {"agent": {"name": "nothing-for-it"}})
        link.call("drain_agent", {"agent": "nothing-for-it"})
        link.close()
        yield database


@contextmanager
def _busy(database: str) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.owner.caller", database, "600"]
    callers = [
        subprocess.Popen([*command, f"a{number}"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(BUSY)
    ]
    try:
        for caller in callers:
            assert caller.stdin is not None
            assert caller.stdout is not None
            caller.stdout.readline()  # it is ready
            caller.stdin.close()
        yield
    finally:
        for caller in callers:
            caller.kill()
            caller.wait()


if __name__ == "__main__":
    sys.exit(main())
