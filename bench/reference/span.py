"""What a run gives: one line for each attempt, and for each task that never got one."""

from typing import Literal, NamedTuple

from bench.reference.task import Task

Ending = Literal["done", "failed", "dead", "preempted", "refused", "expired"]

NOBODY = -1


class Span(NamedTuple):
    """A task was ready, then had a slot from start to finish. Times are seconds.

    `failed` and `preempted` spans are followed by another of the same task, the other endings are its last. A refused
    or expired task has no agent and start = finish.
    """

    task: Task
    agent: int  # index into the agents given, or NOBODY
    ready: float
    start: float
    finish: float
    ending: Ending
