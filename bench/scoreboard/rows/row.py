"""What the scoreboard asks of a row: long computations that may run side by side, and a verdict on their answers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.scoreboard.job import Job
from bench.scoreboard.judged import Row


class Wanted(NamedTuple):
    """How the scoreboard was asked for. Quick rows are cut to see that they run; their figures mean nothing."""

    traces: Path
    quick: bool


class Measured(NamedTuple):
    """A row of the scoreboard. `trace` is the file it cannot do without; `alone` = it measures the wall clock."""

    name: str
    trace: str
    jobs: Callable[[Wanted], Mapping[str, Job]]
    judge: Callable[[Mapping[str, Any], Wanted], Row]
    alone: bool = False
