"""One run of the benchmark: subject after subject, and what came of it."""

import os
from collections.abc import Iterator

import msgspec

from bench.measure import Measurement, machine
from bench.places import Places
from bench.process import child
from bench.progress import say
from bench.subject import Entry
from bench.table import Report

_PACKAGES = ("rota", "apsw", "psycopg", "huey", "procrastinate", "pgqueuer", "asyncpg", "uvloop")
_LIMIT, _LIMIT_QUICK = 1800.0, 60.0  # seconds for one process


class _Step(msgspec.Struct, frozen=True):
    """Cells that share a process and a fresh database."""

    backlog: int
    cells: tuple[str, ...]


class Session:
    def __init__(self, places: Places, *, quick: bool) -> None:
        self._places = places
        self._quick = quick
        self._load = os.getloadavg()[0]
        self._measurements: list[Measurement] = []
        self._not_measured: dict[str, str] = {}

    def measure(self, entry: Entry) -> None:
        """All wanted cells of one line of the table; what cannot be measured is noted with its reason."""
        who = f"{entry.name} on {entry.database}"
        if missing := entry.missing():
            self._note(who, f"not installed: {', '.join(missing)}")
            return
        for step in _steps(entry, quick=self._quick):
            try:
                for measurement in self._measured(entry, step):
                    self._measurements.append(measurement)  # one by one: what came before a failure is kept
            except Exception as error:
                self._note(f"{who}, {step.backlog:,} waiting", str(error))

    def report(self) -> Report:
        about = machine(_PACKAGES, self._places.postgresql(), self._load)
        return Report(about, self._measurements, self._not_measured)

    def _measured(self, entry: Entry, step: _Step) -> Iterator[Measurement]:
        """One process fills in the backlog, a second measures: filling in leaves no mark on its memory."""
        limit = _LIMIT_QUICK if self._quick else _LIMIT
        scale = "quick" if self._quick else "full"
        with self._places.fresh(entry.database) as where:
            if step.backlog:
                say(f"{entry.name} on {entry.database}: filling in {step.backlog:,} tasks")
                yield from child(["fill", entry.module, where, str(step.backlog)], limit)
            arguments = ["cells", entry.module, where, str(step.backlog), scale, ",".join(step.cells)]
            yield from child(arguments, limit)

    def _note(self, what: str, why: str) -> None:
        self._not_measured[what] = why
        say(f"{what}: {why}")


def _steps(entry: Entry, *, quick: bool) -> Iterator[_Step]:
    backlogs = entry.backlogs_quick if quick else entry.backlogs
    if lasting := tuple(cell for cell in entry.cells if cell != "kill"):
        yield from (_Step(backlog, lasting) for backlog in backlogs)
    if "kill" in entry.cells:
        yield _Step(0, ("kill",))
