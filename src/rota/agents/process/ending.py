"""Ends what is left of a run: SIGTERM, a time of grace, SIGKILL."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time

from rota.agents.process.group import ProcessGroup
from rota.agents.process.members import Member
from rota.agents.process.pipes import Selector, turn

KILLED_S = 1.0
"""How long what was killed may take to be gone; longer only if it is stuck in the kernel."""
LOOK_S = 0.02
"""Between two looks, where the end of a process that is not our child cannot be waited for."""
STARTERS = 20
"""How often newly found processes are killed before we give up on something that forks without end."""


def end_group(group: ProcessGroup, selector: Selector, grace_s: float) -> bool:
    """Ends all of the group; whether nobody is left. Returns then, at the latest `grace_s` + 1 s later.

    Meanwhile what `selector` watches is handled, so that the last words are heard and nobody waits for a full
    pipe.
    """
    return _told(group, selector, grace_s) or _killed(group, selector)


def _told(group: ProcessGroup, selector: Selector, patience_s: float) -> bool:
    survivors = group.survivors()
    if not survivors:
        return True
    group.signal(signal.SIGTERM)
    group.signal(signal.SIGCONT)  # one that is stopped could not act on it
    until = time.monotonic() + patience_s
    # The group got its signal as one. Those outside it, and those born since, are told one by one; nobody twice.
    told = {one.pid for one in survivors if one.in_group}
    while survivors:
        with _Followed(survivors, selector) as followed:
            followed.signal(signal.SIGTERM, [one.pid for one in survivors if one.pid not in told])
            told.update(one.pid for one in survivors)
            if not followed.wait(until):
                return False
        survivors = group.survivors()
    return True


def _killed(group: ProcessGroup, selector: Selector) -> bool:
    until = time.monotonic() + KILLED_S
    for _ in range(STARTERS):
        group.signal(signal.SIGKILL)
        survivors = group.survivors()
        if not survivors:
            return True
        with _Followed(survivors, selector) as followed:
            followed.signal(signal.SIGKILL, [one.pid for one in survivors if not one.in_group])
            if not followed.wait(until):
                return False
    return not group.survivors()


class _Followed:
    """Processes watched by pidfds; where there are none, by looking again after a moment."""

    def __init__(self, survivors: list[Member], selector: Selector) -> None:
        self._selector = selector
        self._blind = False
        self._open: dict[int, int] = {}
        for one in survivors:
            self._follow(one.pid)

    def _follow(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except (AttributeError, OSError):
            self._blind = True
            return
        self._open[pid] = descriptor
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._gone(pid))

    def _gone(self, pid: int) -> None:
        descriptor = self._open.pop(pid)
        self._selector.unregister(descriptor)
        os.close(descriptor)

    def signal(self, number: signal.Signals, pids: list[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if pid in self._open:
                    signal.pidfd_send_signal(self._open[pid], number)
                elif self._blind:
                    os.kill(pid, number)

    def wait(self, until: float) -> bool:
        """Until all are gone, or, if some cannot be followed, for a moment; False when the time is up."""
        while self._open or self._blind:
            left = until - time.monotonic()
            if left <= 0:
                return False
            turn(self._selector, min(left, LOOK_S) if self._blind else left)
            if self._blind:
                return True
        return True

    def __enter__(self) -> _Followed:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self._open):
            self._gone(pid)
