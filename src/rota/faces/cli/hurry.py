"""Ctrl-C and its kin at an agent: once to finish what is in work, twice to give it back, three times to end at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

FINISH, GIVE_BACK = 1, 2
_ASKS = {signal.SIGINT: FINISH, signal.SIGTERM: GIVE_BACK, signal.SIGHUP: GIVE_BACK}
"""How much haste each signal means. Who closes the terminal, or ends a service, does not wait for a task."""
_MOST = 2


class Hurry:
    """How much haste was asked for: 0, `FINISH` or `GIVE_BACK`."""

    def __init__(self) -> None:
        self.level = 0
        self._number = 0

    @property
    def exit_code(self) -> int:
        """As a shell reports a process that a signal ended: 128 and its number; 0 when none came."""
        return 128 + self._number if self._number else 0

    def ask(self, number: int) -> bool:
        """A signal came; False when no more haste is possible but to end this process."""
        if self.level >= _MOST:
            return False
        asked = _ASKS[signal.Signals(number)]
        self._number = self._number or number
        self.level = max(asked, self.level + 1)
        return True


@contextmanager
def hurried(wake: Callable[[], None]) -> Iterator[Hurry]:
    """Until the block ends, signals ask for haste and call `wake`; one too many ends this process without further ado.

    Then nothing is lost either: the tasks go back when their leases end, and their processes are ended by their keeper.
    """
    hurry = Hurry()

    def handle(number: int, _frame: FrameType | None) -> None:
        if not hurry.ask(number):
            os._exit(128 + number)
        wake()

    # What was started with `nohup` goes on ignoring it.
    taken = [number for number in _ASKS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in taken}
    try:
        yield hurry
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
