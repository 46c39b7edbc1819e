"""How one run of an agent's process ended: plain values, without any judgement (see `outcome`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Why = Literal[
    "exit",
    "timeout",
    "stalled",
    "cancelled",
    "shutdown",
    "preempted",
    "not_found",
    "not_executable",
    "broken",
    "crashed",
]
"""What ended a run.

- `exit`: the process ended by itself; see `exit_code` and `signal`.
- `timeout`, `stalled`: it took too long, or wrote nothing for too long, and was ended.
- `cancelled`, `shutdown`, `preempted`: it was ended because the caller's `Stop` was set.
- `not_found`, `not_executable`, `broken`: it could not be started, or not be followed; `detail` says why and
  what to do.
- `crashed`: the long-lived process of a function died in the middle of the task.
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run took, as the operating system counts it; children that the process waited for included."""

    cpu_s: float = 0.0
    """User and system time, seconds."""
    max_rss_bytes: int | None = None
    """The most memory it had resident; None where the system does not tell (see `memory`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One run, from start to end. `started` and `ended` are `time.monotonic` seconds."""

    why: Why
    started: float
    ended: float
    exit_code: int | None = None
    """None if it never started or a signal ended it."""
    signal: int | None = None
    """The signal that ended it, also when we sent it."""
    stdout: bytes = b""
    """The first `max_output` bytes; of a function: what it returned, as JSON."""
    stdout_truncated: bool = False
    stderr_tail: str = ""
    """The last 64 KiB, decoded with replacement, otherwise as written, control characters and all."""
    usage: Usage = Usage()
    detail: str = ""
    """One line for people: what went wrong and what to do; empty where exit code and stderr say it all."""
    left_behind: bool = False
    """Some of its processes could not be ended: stuck in the kernel, or another user's by now."""
    retry_after_s: float | None = None
    """What a function asked for with `TryLater(seconds)`."""
