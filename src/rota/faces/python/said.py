"""What a handler says of its task while it works, and with its last word."""

from __future__ import annotations

from typing import Any

from rota.model.commands.work import Ask, Beat, Fail, GiveBack
from rota.model.task import Given

Last = Ask | Fail | GiveBack


class Said(BaseException):
    """The handler's last word, by `task.ask`, `task.fail` or `task.give_back`.

    No `Exception`, so that a handler's `except Exception` does not swallow it.
    """

    def __init__(self, last: Last) -> None:
        super().__init__(f"the handler ended with {type(last).__name__}")
        self.last = last


class Words:
    """What was said and not yet told (None = nothing new), and what the attempt took altogether."""

    def __init__(self) -> None:
        self.progress: float | None = None
        self.notes: str | None = None
        self.checkpoint: Any = None
        self.usage: dict[str, float] = {}
        self.cost: float | None = None
        self._spent_is_new = False

    @property
    def is_new(self) -> bool:
        """Whether there is something to tell."""
        return self._spent_is_new or any(said is not None for said in (self.progress, self.notes, self.checkpoint))

    def spent(self, cost: float, usage: dict[str, float]) -> None:
        """Add what it took."""
        if cost:
            self.cost = (self.cost or 0.0) + cost
        for name, amount in usage.items():
            self.usage[name] = self.usage.get(name, 0.0) + amount
        self._spent_is_new = True

    def beat(self, given: Given) -> Beat:
        """A heartbeat with all that is new; it counts as told."""
        beat = Beat(
            task=given.task, token=given.token, progress=self.progress, notes=self.notes, checkpoint=self.checkpoint
        )
        if self._spent_is_new:
            beat.usage, beat.cost = dict(self.usage), self.cost
        self.progress = self.notes = self.checkpoint = None
        self._spent_is_new = False
        return beat

    def not_told(self, beat: Beat) -> None:
        """This heartbeat did not arrive: what was not said anew since is to be told with the next."""
        if self.progress is None:
            self.progress = beat.progress
        if self.notes is None:
            self.notes = beat.notes
        if self.checkpoint is None:
            self.checkpoint = beat.checkpoint
        self._spent_is_new = self._spent_is_new or bool(beat.usage) or beat.cost is not None
