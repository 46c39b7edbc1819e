"""Which transactions a plan on PostgreSQL had before it, from the text of its snapshot."""

from __future__ import annotations

from typing import NamedTuple


class Horizon(NamedTuple):
    """PostgreSQL's `pg_snapshot`, `xmin:xmax:xip,...`: all below `xmin` had ended, nothing from `xmax` on had."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def of(cls, text: str) -> Horizon:
        """From the text of a snapshot."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(int(xid) for xid in running.split(",") if xid))

    def saw(self, xid: int) -> bool:
        """Whether a transaction whose events are in the log had committed by then."""
        return xid < self.xmin or (xid < self.xmax and xid not in self.running)
