"""Checks the reference simulator against exact numbers of queueing theory.

The table goes to stdout. The exit code is 1 if a row is off.
"""

import json as encoder
import sys
import time

import cyclopts

from bench.reference import table
from bench.reference.check import SEED, rows
from bench.reference.row import Row

app = cyclopts.App(name="python -m bench.reference", help=__doc__, version_flags=[])


@app.default
def check(*, quick: bool = False, only: str = "", json: bool = False, seed: int = SEED) -> int:
    """Check.

    Parameters
    ----------
    quick
        Few tasks, fewer models, three times the tolerance: within seconds.
    only
        Models whose name contains this, whatever the case.
    json
        One JSON object a row in place of the table.
    seed
        Of all random numbers.
    """
    start = time.monotonic()
    found: list[Row] = []
    for row in rows(quick=quick, only=only, seed=seed):
        if not found and not json:
            print(table.head())
        found.append(row)
        print(_encoded(row) if json else table.line(row), flush=True)
    if not found:
        print(f"--only: no model's name contains {only!r}", file=sys.stderr)
        return 2
    print(table.summary(found, time.monotonic() - start), file=sys.stderr if json else sys.stdout)
    return 0 if all(row.ok for row in found) else 1


def _encoded(row: Row) -> str:
    return encoder.dumps({**row._asdict(), "deviation": row.deviation, "ok": row.ok})


if __name__ == "__main__":
    sys.exit(app())
