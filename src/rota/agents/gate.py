"""Whether slots may claim at this moment: not while this machine is too busy, nor while their provider's limit is used
up; afterwards one slot after the other, so that they do not all come at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

STAGGER_S = 1.0
"""Between one slot and the next once a gate is open again, seconds."""


@dataclass(slots=True)
class _Way:
    """One slot's way in."""

    limit: str | None
    hold: Callable[[], None]
    """Ends the claim that it has open."""
    order: int


class Gate:
    """Safe from any thread. Moments are of the wall clock: a machine that slept has waited."""

    def __init__(self, stagger_s: float = STAGGER_S) -> None:
        self._lock = threading.Lock()
        self._stagger_s = stagger_s
        self._ways: dict[object, _Way] = {}
        self._opens: dict[str, float] = {}
        """By limit: when it opens, or opened last."""
        self._busy: str | None = None
        self._free_since = 0.0

    def enter(self, slot: object, limit: str | None, hold: Callable[[], None]) -> None:
        """A slot, and the limit that its work is charged to."""
        with self._lock:
            self._ways[slot] = _Way(limit, hold, len(self._ways))

    def shut(self, limit: str, until: float) -> None:
        """A provider said that nothing goes before a moment, seconds since 1970."""
        with self._lock:
            self._opens[limit] = max(until, self._opens.get(limit, 0.0))
            held = [way.hold for way in self._ways.values() if way.limit == limit]
        for hold in held:
            hold()

    def busy(self, why: str | None) -> None:
        """The machine is too busy to start more; None: it is not any more."""
        with self._lock:
            if (why is None) == (self._busy is None):
                self._busy = why
                return
            self._busy = why
            self._free_since = time.time()
            held = [] if why is None else [way.hold for way in self._ways.values()]
        for hold in held:
            hold()

    def closed(self, slot: object) -> tuple[float, str | None] | None:
        """For how long a slot may not claim, seconds; None when it may. And why, where that is for its agent to say:
        of a busy machine it is said once for all.
        """
        now = time.time()
        with self._lock:
            way = self._ways.get(slot)
            if self._busy is not None:
                return self._stagger_s, None
            if way is None:
                return None
            left = self._free_since + way.order * self._stagger_s - now if self._free_since else 0.0
            why = None
            if way.limit is not None and way.limit in self._opens:
                opens = self._opens[way.limit] + self._rank(way) * self._stagger_s
                if opens - now > left:
                    at = time.strftime("%H:%M", time.localtime(self._opens[way.limit]))
                    left, why = opens - now, f"limit {way.limit} is used up at its provider until {at}"
        return (left, why) if left > 0 else None

    def _rank(self, way: _Way) -> int:
        """How many with the same limit come before it."""
        return sum(other.limit == way.limit and other.order < way.order for other in self._ways.values())
