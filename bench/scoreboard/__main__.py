"""Measures Rota against the goals that were set for it, beside simpler policies.

The table goes to stdout, progress to stderr, the whole page to docs/scoreboard.md. A missed goal is a finding, not an
error: the exit code only says whether it ran.
"""

import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cyclopts
import msgspec

from bench.scoreboard import traces as places
from bench.scoreboard.job import results
from bench.scoreboard.judged import Row
from bench.scoreboard.page import markdown, text, updated
from bench.scoreboard.rows import batch, dags, decision, llm, seed, users
from bench.scoreboard.rows.row import Measured, Wanted
from bench.scoreboard.say import say

PAGE = Path(__file__).parents[2] / "docs" / "scoreboard.md"
ROWS: tuple[Measured, ...] = (seed.ROW, llm.ROW, users.ROW, batch.ROW, dags.ROW, decision.ROW)

app = cyclopts.App(name="python -m bench.scoreboard", help=__doc__, version_flags=[])


@app.default
def scoreboard(
    *,
    quick: bool = False,
    only: str = "",
    traces: str = "",
    processes: int = 0,
    json: bool = False,
    write: bool | None = None,
) -> int:
    """Measure.

    Parameters
    ----------
    quick
        Small numbers: to see that it runs. The page is not written.
    only
        Names of rows separated by commas: seed, llm, users, batch, dags, decision. With `--write` their part of
        the page is written, the rest stays.
    traces
        The folder of traces; else ROTA_TRACES, else ../shared/traces.
    processes
        Simulations side by side; 0 = one for each core. The figures do not depend on it.
    json
        Print everything as JSON in place of the table.
    write
        Write docs/scoreboard.md; by default when all rows were measured.
    """
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = [row.name for row in ROWS]
    if unknown := [name for name in names if name not in known]:
        say(f"--only: unknown {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    start = time.monotonic()
    chosen = [row for row in ROWS if not names or row.name in names]
    rows = measured(chosen, traces, quick=quick, processes=processes or os.cpu_count() or 1)
    sys.stdout.write(msgspec.json.encode(rows).decode() + "\n" if json else text(rows))
    if not quick and (not names if write is None else write):
        page = updated(PAGE.read_text(encoding="utf-8"), rows) if names else markdown(rows, _machine())
        PAGE.write_text(page, encoding="utf-8")
        say(f"wrote {PAGE.name}")
    say(f"took {time.monotonic() - start:.0f} s")
    return 0


def measured(chosen: Sequence[Measured], folder: str, *, quick: bool, processes: int) -> list[Row]:
    """The rows, judged. Simulations run side by side; what measures the wall clock runs alone afterwards."""
    wanted = Wanted(places.folder(folder), quick)
    found: dict[str, dict[str, Any]] = {row.name: {} for row in chosen}
    for alone in (False, True):
        jobs = {
            f"{row.name}/{name}": job
            for row in chosen
            if row.alone is alone and _is_there(row, wanted)
            for name, job in row.jobs(wanted).items()
        }
        for key, answer in results(jobs, 1 if alone else processes) if jobs else ():
            row_name, _, name = key.partition("/")
            found[row_name][name] = answer
    return [_judged(row, found[row.name], wanted) for row in chosen]


def _is_there(row: Measured, wanted: Wanted) -> bool:
    return not row.trace or (wanted.traces / row.trace).exists()


def _judged(row: Measured, found: dict[str, Any], wanted: Wanted) -> Row:
    if _is_there(row, wanted):
        return row.judge(found, wanted)
    return Row(name=row.name, workload=f"the trace {row.trace}", skipped=places.missing(wanted.traces / row.trace))


def _machine() -> str:
    return f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(app())
