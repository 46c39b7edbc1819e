"""The states of a task, by name as users see them and by number as the database keeps them."""

from __future__ import annotations

from typing import Literal

State = Literal[
    "blocked", "scheduled", "held", "ready", "running", "asked", "review", "done", "dead", "cancelled", "expired"
]

BLOCKED, SCHEDULED, HELD, READY, RUNNING, ASKED, REVIEW, DONE, DEAD, CANCELLED, EXPIRED = range(11)
STATES: tuple[State, ...] = (
    "blocked",
    "scheduled",
    "held",
    "ready",
    "running",
    "asked",
    "review",
    "done",
    "dead",
    "cancelled",
    "expired",
)
NUMBERS: dict[str, int] = {name: number for number, name in enumerate(STATES)}

ENDED = frozenset({DONE, DEAD, CANCELLED, EXPIRED})
"""Nothing more happens by itself; a dead task can still be redriven."""
ASIDE = frozenset({BLOCKED, SCHEDULED, HELD, ASKED, REVIEW, DEAD})
"""States whose tasks are listed in the `aside` table."""
UNFINISHED = frozenset(range(11)) - ENDED
