"""What the events say of every task so far: a few bytes a task, whatever it holds."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from rota.audit.rules import UNSEEN

ARCHIVED = 0x80
"""Set on the state of a task whose rows were moved into an archive file."""
NO_BAND = 0xFF
_STEP = 65_536


class Hold(NamedTuple):
    """A task in an agent's hands."""

    agent: int
    slot: int
    attempt: int
    lane: int


class Ledger:
    """Tasks by number. `state` holds one more than the database's number, 0 = never heard of."""

    def __init__(self, last: int) -> None:
        self.most = last + 10_000_000
        """Numbers beyond cannot be tasks: they come from one sequence, without large gaps."""
        self.state = bytearray(last + 1)
        self.band = bytearray([NO_BAND]) * (last + 1)
        self.lane = array("q", bytes(8 * (last + 1)))
        """Where a ready task waits."""
        self.tries = array("i", bytes(4 * (last + 1)))
        """Attempts that ended."""
        self.since = array("q", bytes(8 * (last + 1)))
        """The event that made a ready task ready."""
        self.running: dict[int, Hold] = {}
        self.slots: dict[tuple[int, int], int] = {}
        """The task in each slot in use, by agent and slot."""
        self.submitted = 0
        self.archived = 0

    def make_room(self, number: int) -> None:
        """Let there be a place for this task."""
        missing = number + 1 - len(self.state)
        if missing > 0:
            missing += _STEP
            self.state.extend(bytes(missing))
            self.band.extend(bytes([NO_BAND]) * missing)
            self.lane.frombytes(bytes(8 * missing))
            self.tries.frombytes(bytes(4 * missing))
            self.since.frombytes(bytes(8 * missing))

    def is_new(self, first: int, last: int) -> bool:
        """Whether nothing was heard of any of these tasks."""
        return not any(self.state[first : last + 1])

    def enter(self, first: int, last: int, to: int, band: int, lane: int, event: int) -> None:
        """New tasks, all into one state; `lane` is 0 unless they are ready."""
        n = last + 1 - first
        self.state[first : last + 1] = bytes([to + 1]) * n
        self.submitted += n
        if lane:
            self.band[first : last + 1] = bytes([band]) * n
            self.lane[first : last + 1] = array("q", [lane]) * n
            self.since[first : last + 1] = array("q", [event]) * n

    def numbers_in(self, to: int) -> int:
        """How many tasks are in this state."""
        return self.state.count(to + 1)

    def first_in(self, to: int, after: int) -> int:
        """The first task above `after` in this state; -1 when there is none."""
        return self.state.find(to + 1, after + 1)

    def is_here(self, number: int) -> bool:
        """Whether the task should be in the tables."""
        return number < len(self.state) and UNSEEN < self.state[number] < ARCHIVED
