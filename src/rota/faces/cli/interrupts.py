"""Ctrl-C and its kin while a fleet is at work: the first asks the run to end, the second ends it at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rota.agents.work_off import Interruption

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h\n"


class Caught:
    """Which signal came first, if any."""

    def __init__(self) -> None:
        self.number: int | None = None

    @property
    def exit_code(self) -> int:
        """As a shell reports a process that a signal ended: 128 and its number."""
        return 128 + (self.number or signal.SIGINT)


@contextmanager
def interruptible(interruption: Interruption) -> Iterator[Caught]:
    """Until the block ends, signals ask the interruption; a second one ends this process without further ado.

    Then nothing is lost either: the database is closed by its own means, the agents' processes by their keeper.
    """
    caught = Caught()

    def handle(number: int, _frame: FrameType | None) -> None:
        if caught.number is not None:
            if os.isatty(2):
                os.write(2, _SHOW_CURSOR)
            os._exit(128 + number)
        caught.number = number
        interruption.ask()

    before: dict[signal.Signals, Any] = {}
    for number in _SIGNALS:
        # What was started with `nohup` goes on ignoring it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handle)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
