"""Waiting for what must come to be, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(reached: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.005)
