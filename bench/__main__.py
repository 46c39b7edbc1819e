"""Measures Rota and others' distributors side by side, each in its own process, one after the other.

The table goes to stdout, progress to stderr. A figure is no verdict: the exit code only says whether it ran.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec

from bench.places import Places
from bench.progress import say
from bench.session import Session
from bench.subject import CELLS, OURS, SUBJECTS, Entry
from bench.table import Report, render

app = cyclopts.App(name="python -m bench", help=__doc__, version_flags=[])


@app.default
def bench(
    *,
    quick: bool = False,
    json: Annotated[str, cyclopts.Parameter(allow_leading_hyphen=True)] = "",
    only: str = "",
    peers: bool = True,
) -> int:
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
    start = time.monotonic()
    interrupted = False
    with Places() as places:
        session = Session(places, quick=quick)
        try:
            for entry in _chosen(names, peers=peers):
                session.measure(entry)
        except KeyboardInterrupt:
            interrupted = True
            say("interrupted; this is what was measured until then")
        _write(session.report(), json)
    say(f"took {time.monotonic() - start:.0f} s")
    return 130 if interrupted else 0


def _known() -> frozenset[str]:
    return frozenset({*CELLS, *(entry.name for entry in SUBJECTS), *(entry.database for entry in SUBJECTS)})


def _chosen(names: frozenset[str], *, peers: bool) -> Iterator[Entry]:
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
