"""Whether processes that are nobody's children here have ended."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

STEP_SECONDS = 0.01


def is_alive(process: psutil.Process) -> bool:
    """A dead process that its parent has not collected yet is dead once its last thread is: until then it holds files,
    sockets and locks."""
    try:
        return process.is_running() and (process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1)
    except psutil.NoSuchProcess:
        return False


def await_end(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Waits until all have ended, or for so many seconds; answers those that still live."""
    deadline = time.monotonic() + seconds
    living = [process for process in processes if is_alive(process)]
    while living and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)  # strangers' processes give no signal that works on every system
        living = [process for process in living if is_alive(process)]
    return living


def existing(*pids: int) -> list[psutil.Process]:
    """The processes of these ids, as far as there are any."""
    found = []
    for pid in pids:
        try:
            found.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            continue
    return found
