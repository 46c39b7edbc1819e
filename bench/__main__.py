"""Measures Rota and others' distributors side by side, each in its own process, one after the other.

The table goes to stdout, progress to stderr. A figure is no verdict: the exit code only says whether it ran.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cyclopts
import msgspec

from bench.measure import Measurement, machine
from bench.places import Places
from bench.process import child
from bench.progress import say
from bench.subject import CELLS, OURS, SUBJECTS, Entry
from bench.table import Report, render

_PACKAGES = ("rota", "apsw", "psycopg", "huey", "procrastinate", "pgqueuer", "asyncpg", "uvloop")
_LIMIT, _LIMIT_QUICK = 1800.0, 60.0  # seconds for one process

app = cyclopts.App(name="python -m bench", help=__doc__, version_flags=[])


@app.default
def bench(*, quick: bool = False, json: str = "", only: str = "", peers: bool = True) -> int:
    """Measure.

    Parameters
    ----------
    quick
        Small numbers, within about a minute: to see that it runs, not for figures.
    json
        Write all measurements to this file as well; "-" writes them to stdout in place of the table.
    only
        Names separated by commas, of subjects (rota, huey, procrastinate, pgqueuer), of databases (sqlite,
        postgresql) or of cells (memory, idle, drain, submit-one, submit-batch, kill).
    peers
        Measure others' distributors too.
    """
    names = frozenset(name.strip() for name in only.split(",") if name.strip())
    if unknown := names - _known():
        say(f"--only: unknown {', '.join(sorted(unknown))}. Known: {', '.join(sorted(_known()))}.")
        return 2
    start, load = time.monotonic(), os.getloadavg()[0]
    measurements: list[Measurement] = []
    not_measured: dict[str, str] = {}
    interrupted = False
    with Places() as places:
        try:
            for entry in _chosen(names, peers):
                _measure(entry, places, quick, measurements, not_measured)
        except KeyboardInterrupt:
            interrupted = True
            say("interrupted; this is what was measured until then")
        report = Report(
            machine(_PACKAGES, places.folder, places.postgresql(), load), measurements, not_measured
        )
    _write(report, json)
    say(f"took {time.monotonic() - start:.0f} s")
    return 130 if interrupted else 0


def _known() -> frozenset[str]:
    return frozenset({*CELLS, *(entry.name for entry in SUBJECTS), *(entry.database for entry in SUBJECTS)})


def _chosen(names: frozenset[str], peers: bool) -> Iterator[Entry]:
    """The wanted lines of the table with their wanted cells; a kind that nobody named is wanted whole."""
    subjects = _narrowed((entry.name for entry in SUBJECTS), names)
    databases = _narrowed((entry.database for entry in SUBJECTS), names)
    cells = _narrowed(CELLS, names)
    for entry in SUBJECTS:
        if entry.name in subjects and entry.database in databases and (peers or entry.name == OURS):
            yield msgspec.structs.replace(entry, cells=tuple(cell for cell in entry.cells if cell in cells))


def _narrowed(all_of_a_kind: Iterable[str], names: frozenset[str]) -> frozenset[str]:
    kind = frozenset(all_of_a_kind)
    return kind & names or kind


def _measure(
    entry: Entry, places: Places, quick: bool, measurements: list[Measurement], not_measured: dict[str, str]
) -> None:
    if missing := entry.missing():
        not_measured[f"{entry.name} on {entry.database}"] = f"not installed: {', '.join(missing)}"
        say(f"{entry.name} on {entry.database} is not installed ({', '.join(missing)} missing)")
        return
    steps: list[tuple[int, list[str]]] = [
        (backlog, [cell for cell in entry.cells if cell != "kill"])
        for backlog in (entry.backlogs_quick if quick else entry.backlogs)
    ]
    steps.append((0, [cell for cell in entry.cells if cell == "kill"]))  # in a database of its own
    for backlog, cells in steps:
        if not cells:
            continue
        try:
            for measurement in _cells(entry, places, quick, backlog, cells):
                measurements.append(measurement)
        except Exception as error:
            where = f"{entry.name} on {entry.database}, {backlog:,} waiting"
            not_measured[where] = str(error)
            say(f"{where}: {error}")


def _cells(
    entry: Entry, places: Places, quick: bool, backlog: int, cells: list[str]
) -> Iterator[Measurement]:
    """One process fills in the backlog, a second measures: filling in leaves no mark on its memory."""
    limit = _LIMIT_QUICK if quick else _LIMIT
    with places.fresh(entry.database) as where:
        if backlog:
            say(f"{entry.name} on {entry.database}: filling in {backlog:,} tasks")
            yield from child(["fill", entry.module, where, str(backlog)], limit)
        scale = "quick" if quick else "full"
        yield from child(["cells", entry.module, where, str(backlog), scale, ",".join(cells)], limit)


def _write(report: Report, json: str) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    if json == "-":
        sys.stdout.write(encoded)
        return
    sys.stdout.write(render(report))
    if json:
        Path(json).write_text(encoded)
        say(f"wrote {json}")


if __name__ == "__main__":
    sys.exit(app())
