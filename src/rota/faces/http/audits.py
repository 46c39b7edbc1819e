"""What `rota audit` finds, for `/metrics`: a process of its own, now and then, while somebody reads the figures.

An audit replays the whole history. In this process it would hold up whoever asks; beside it, it costs a little of
another core. The longer one takes, the longer the next one is away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

import msgspec

from rota.operations.decodable import decodable

EVERY_S = 300.0
"""Between the end of an audit and the next, seconds, at least."""
SHARE = 20
"""An audit that took a second is followed by so many without one."""
NICE = 10
VARIABLE = "ROTA_DATABASE"
"""How the process is told the database: its address may have a password, which arguments would show."""


class Audited(NamedTuple):
    """What an audit found."""

    gives: int
    inversions: int
    violations: int
    ended: float
    """On the clock of this process, seconds."""


class _Report(msgspec.Struct):
    gives: int
    inversions: int
    counts: dict[str, int]


class Audits:
    """Audits of one database, one at a time."""

    def __init__(self, database: str | None) -> None:
        """Without a database's address there are none."""
        self._database = database
        self._found: Audited | None = None
        self._next = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def found(self) -> Audited | None:
        """What the last one found; begins another when it is time for one."""
        if self._database is not None and monotonic() >= self._next:
            self._next = float("inf")
            threading.Thread(target=self._audit, name="rota-audit", daemon=True).start()
        return self._found

    def close(self) -> None:
        """End one that is at work."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _audit(self) -> None:
        began = monotonic()
        try:
            report = msgspec.json.decode(self._said(), type=decodable(_Report))
            self._found = Audited(report.gives, report.inversions, sum(report.counts.values()), monotonic())
        except (OSError, msgspec.MsgspecError):
            # The figures of the last one stay, and show their age.
            pass
        took = monotonic() - began
        self._next = monotonic() + max(EVERY_S, SHARE * took)

    def _said(self) -> bytes:
        with self._lock:
            if self._closed:
                return b""
            # Only the address: it must not find another fleet.toml on its way.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rota", "audit", "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, VARIABLE: str(self._database)},
                cwd="/",
            )
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)
        return self._process.communicate()[0]
