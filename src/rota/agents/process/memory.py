"""The most memory a process had, told truthfully.

A child's `ru_maxrss` starts from the memory of the process that forked it: Linux keeps the larger of both
over exec, so `true` started by an owner that once held 200 MB is said to have held 200 MB. Therefore a figure
that is not clearly above our own peak does not count, and the peak that /proc shows while the child lives
(VmHWM, which begins anew with exec) is read now and then: when it writes something, and at growing intervals.
Such a reading may miss what happened after it; a process too short for any reading has none.
"""

from __future__ import annotations

import sys
import time

SLACK = 1.05
SLACK_BYTES = 1 << 20
"""The kernel counts resident pages per processor and adds them up lazily."""
UNIT = 1 if sys.platform == "darwin" else 1024
"""`ru_maxrss` is in bytes on macOS, in KiB elsewhere."""
OFTEN_S = 0.01
FIRST_S = 0.05
SELDOM_S = 5.0


class MemoryWatch:
    """Follows the peak of one child; made straight after it was started."""

    def __init__(self, pid: int) -> None:
        import resource

        self._pid = pid
        self._ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
        self._seen: int | None = None
        self._readable = sys.platform == "linux"
        self._read_at = 0.0
        self._apart_s = FIRST_S
        self._due = time.monotonic() + FIRST_S

    def left_s(self) -> float | None:
        """Seconds until a reading is due, 50 ms growing to 5 s apart; None where there is nothing to read."""
        return max(0.0, self._due - time.monotonic()) if self._readable else None

    def look_if_due(self) -> None:
        """A reading, if it is time for one."""
        if time.monotonic() >= self._due:
            self._apart_s = min(SELDOM_S, 2 * self._apart_s)
            self._due = time.monotonic() + self._apart_s
            self.look()

    def look(self) -> None:
        """A reading now, unless the last one was a moment ago."""
        now = time.monotonic()
        if not self._readable or now < self._read_at + OFTEN_S:
            return
        self._read_at = now
        peak = peak_of(str(self._pid))
        if peak is None:
            self._readable = False
        else:
            self._seen = max(peak, self._seen or 0)

    def most(self, max_rss: int) -> int | None:
        """The peak in bytes, given the `ru_maxrss` that `wait4` told; None if it is not known."""
        told = max_rss * UNIT
        if told > self._ours * SLACK + SLACK_BYTES:
            return told
        return self._seen


def peak_of(process: str) -> int | None:
    """VmHWM of /proc/PROCESS/status in bytes; None if there is none (no /proc, or the process has ended)."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        return None
    return None
