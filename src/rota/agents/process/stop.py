"""A word from another thread that a run shall end now."""

from __future__ import annotations

import os
import select
import threading
from types import TracebackType
from typing import Literal, Self

StopReason = Literal["cancel", "shutdown", "preempt"]


class Stop:
    """Set once, from any thread, with a reason; wakes whoever waits on its descriptor, without polling.

    One object belongs to one run. It holds a descriptor: close it, or use it in a `with`, after the run has
    returned.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: StopReason | None = None
        self._descriptors = _wake_up_descriptors()

    @property
    def reason(self) -> StopReason | None:
        """None until it is set."""
        return self._reason

    def set(self, reason: StopReason) -> None:
        """Ends the run, soon. The first reason stays; later ones, and those after `close`, do nothing."""
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            if self._descriptors:
                # Never read back: the descriptor stays readable, so no waiter can miss it.
                os.write(self._descriptors[-1], (1).to_bytes(8, "little"))

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until it is set, at most `timeout_s` seconds; whether it is set. For waiting out a delay."""
        if not self._descriptors:
            return self._reason is not None
        poll = select.poll()
        poll.register(self._descriptors[0], select.POLLIN)
        poll.poll(None if timeout_s is None else max(0.0, timeout_s) * 1000)
        return self._reason is not None

    def fileno(self) -> int:
        """Readable once it is set."""
        return self._descriptors[0]

    def close(self) -> None:
        """Gives the descriptor back."""
        with self._lock:
            descriptors, self._descriptors = self._descriptors, ()
        for descriptor in descriptors:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_descriptors", ()):
            self.close()


def _wake_up_descriptors() -> tuple[int, ...]:
    """The one to wait on first, the one to write to last; on Linux both are one."""
    if hasattr(os, "eventfd"):
        return (os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK),)
    return os.pipe()
