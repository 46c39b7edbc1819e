"""One subject in a process of its own, so that nobody's threads and imports disturb another's figures.

    python -m bench.child fill   MODULE WHERE N
    python -m bench.child cells  MODULE WHERE BACKLOG full|quick CELL,...
    python -m bench.child agent  MODULE WHERE LOG SECONDS

Measurements go to stdout, one JSON object a line. `bench.process` starts the first two, `bench.killing` the
third.
"""

import faulthandler
import importlib
import sys
from pathlib import Path
from typing import Any

import msgspec

from bench import cells
from bench.subject import SUBJECTS


def main(arguments: list[str]) -> None:
    verb, module, where, *rest = arguments
    code = importlib.import_module(module)
    match verb, rest:
        case "fill", [n]:
            _fill(code, where, int(n))
        case "cells", [backlog, scale, names]:
            _cells(code, where, int(backlog), cells.QUICK if scale == "quick" else cells.FULL, names.split(","))
        case "agent", [log, seconds]:
            faulthandler.dump_traceback_later(float(seconds), exit=True)  # nobody left to end this process: end
            code.run_agent(where, Path(log))
        case _:
            raise SystemExit(f"bench.child: not understood: {arguments}. See its docstring.")


def _fill(code: Any, where: str, n: int) -> None:
    subject = code.open_subject(where)
    subject.fill(n)
    subject.close()


def _cells(code: Any, where: str, backlog: int, scale: cells.Scale, names: list[str]) -> None:
    entry = next(entry for entry in SUBJECTS if entry.module == code.__name__)
    subject = code.open_subject(where)
    run = cells.Run(subject, entry, backlog, scale)
    for name in names:
        for measurement in cells.measure(run, name):
            print(msgspec.json.encode(measurement).decode(), flush=True)
    subject.close()


if __name__ == "__main__":
    main(sys.argv[1:])
