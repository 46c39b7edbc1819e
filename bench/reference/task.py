"""What is to be done, as the reference simulator sees it."""

from math import inf
from typing import NamedTuple

Needs = tuple[tuple[str, int], ...]  # (skill, least level), all of them


class Task(NamedTuple):
    """A task with its true size and what the order may know of it. Times are seconds from any zero."""

    seq: int  # unique; breaks ties
    submit: float
    work: float  # seconds at speed 1, truly
    estimate: float  # seconds at speed 1, as believed
    band: int = 2  # 0 is first
    tenant: str = ""
    deadline: float = inf  # absolute
    needs: Needs = ()
    parents: tuple[int, ...] = ()  # seqs; it is ready when all of them have ended
    patience: float = inf  # leaves when it has been ready that long without a start
