"""Laws that hold for every run, whatever the policy. A run that breaks one is wrong, and so is its result."""

from __future__ import annotations

import msgspec

from rota.model.times import SECOND
from rota.simulator.measures.sketch import rounded


class LawBroken(Exception):
    """The simulation or the engine is wrong: a law that always holds did not."""


class Little(msgspec.Struct, frozen=True, kw_only=True):
    """L = lambda W, exactly: the number in the system over time against the times of the tasks."""

    in_system: float
    """L: tasks in the system, averaged over time."""
    arrivals_per_s: float
    time_in_system_s: float
    """W: mean seconds from submission to the end."""
    waiting: float
    """The same for waiting alone: ready tasks, averaged over time."""


class Level:
    """A number over time and the area under it, in microseconds."""

    __slots__ = ("_since", "area", "value")

    def __init__(self, now: int) -> None:
        self.value = 0
        self.area = 0
        self._since = now

    def change(self, by: int, now: int) -> None:
        """It grows by `by`."""
        self.area += self.value * (now - self._since)
        self._since = now
        self.value += by

    def up_to(self, now: int) -> int:
        """The area until now."""
        return self.area + self.value * (now - self._since)


def little(system: Level, waiting: Level, in_system: int, waited: int, tasks: int, start: int, end: int) -> Little:
    """Compare the areas with the sums of the tasks' own times (microseconds); they must be equal to the last one."""
    for what, area, total in (("L", system.up_to(end), in_system), ("Lq", waiting.up_to(end), waited)):
        if area != total:
            raise LawBroken(f"Little's law: the area under {what} is {area} us, its tasks spent {total} us")
    span = max(end - start, 1)
    return Little(
        in_system=rounded(in_system / span),
        arrivals_per_s=rounded(tasks / span * SECOND),
        time_in_system_s=rounded(in_system / max(tasks, 1) / SECOND),
        waiting=rounded(waited / span),
    )


def conserved(waiting: int, free: int, now: int) -> None:
    """No slot may be free while a task waits that its agent may do. Both are a bit for each agent."""
    if waiting & free:
        agent = (waiting & free & -(waiting & free)).bit_length() - 1
        raise LawBroken(f"work conservation: at {now} us agent {agent} has a free slot and a task waits for it")


def graham(*, response: int, path: int, work: int, processed: int, slots: int, tasks: int) -> None:
    """Bounds of list scheduling for one group of tasks on equal slots, times in microseconds.

    path <= response, and response <= path + (processed - path) / slots, where `processed` is all slot-time spent while
    the group was there: at any moment its chain goes on or all slots are busy. Alone, `processed` is its `work`, and
    this is Graham's bound (Graham 1966, 1969).
    """
    slack = tasks  # each time was rounded to a microsecond
    least = max(path, -(-work // slots))
    most = path + (processed - path) / slots
    if response + slack < least:
        raise LawBroken(f"Graham: a group took {response} us; it has at least {least} us to do")
    if response > most + slack:
        raise LawBroken(f"Graham: a group took {response} us; no list schedule takes more than {most:.0f} us")
