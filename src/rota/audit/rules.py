"""What the audit checks: every rule by name, and which changes of state there may be."""

from __future__ import annotations

from typing import Literal

from rota.model.state import (
    ASKED,
    BLOCKED,
    CANCELLED,
    DEAD,
    DONE,
    EXPIRED,
    HELD,
    READY,
    REVIEW,
    RUNNING,
    SCHEDULED,
)

Rule = Literal[
    "event_missing",
    "event_unreadable",
    "wrong_change",
    "changed_after_end",
    "two_leases",
    "slot_twice",
    "attempt_number",
    "wrong_lane",
    "inversion",
    "not_eligible",
    "false_reason",
    "limit_exceeded",
    "unrecorded_promotion",
    "task_lost",
    "task_unknown",
    "state_differs",
    "ready_row",
    "lease_row",
    "aside_row",
    "attempt_rows",
    "depth",
    "stuck",
    "fleet_differs",
]

RULES: dict[Rule, str] = {
    "event_missing": "the log has no gaps",
    "event_unreadable": "every event can be read",
    "wrong_change": "a task only moves along the life of a task, and only into running by a plan",
    "changed_after_end": "an ended task does not change, but for the redrive of a dead one",
    "two_leases": "a task has at most one lease at any moment",
    "slot_twice": "a slot of an agent holds at most one task at any moment",
    "attempt_number": "attempts are numbered 1, 2, 3, ... and each outcome is recorded once",
    "wrong_lane": "a task is given out of the lane it waits in",
    "inversion": "no slot goes past a task of a better band that is eligible for it and not parked with a reason",
    "not_eligible": "a task goes only to an agent that may do it, and not out of a paused queue",
    "limit_exceeded": "no limit is exceeded at any moment",
    "false_reason": "a lane is parked only for a reason that is true",
    "unrecorded_promotion": "a task comes into a better band only by a recorded change",
    "task_lost": "every submitted task is still there, whole",
    "task_unknown": "every task was submitted, once",
    "state_differs": "the state a task is in is the state the events led it to",
    "ready_row": "exactly the ready tasks are listed as ready, each in its lane",
    "lease_row": "exactly the running tasks have a lease, as recorded",
    "aside_row": "exactly the tasks set aside are listed there, each under its state",
    "attempt_rows": "every ended lease left exactly one attempt",
    "depth": "the depth of a lane is the number of its ready tasks",
    "stuck": "what waits for a time or a parent still has something that will set it free",
    "fleet_differs": "agents and queues are as the events left them",
}

UNSEEN = 0
"""No event was about the task yet. States stand one higher than in the database, so that zeroed memory is `UNSEEN`."""

_WAITING = (BLOCKED, SCHEDULED, HELD, READY)
_CHANGES: dict[int, tuple[int, ...]] = {
    BLOCKED: (*_WAITING, CANCELLED, EXPIRED),
    SCHEDULED: (*_WAITING, CANCELLED, EXPIRED),
    HELD: (*_WAITING, CANCELLED, EXPIRED),
    READY: (*_WAITING, RUNNING, CANCELLED, EXPIRED),
    RUNNING: (READY, SCHEDULED, DONE, REVIEW, ASKED, DEAD, CANCELLED),
    ASKED: (READY, BLOCKED, CANCELLED),
    REVIEW: (DONE, READY, BLOCKED, DEAD, CANCELLED),
    DEAD: (READY, BLOCKED),
}
ALLOWED: tuple[frozenset[int], ...] = (
    frozenset((*_WAITING, CANCELLED)),
    *(frozenset(_CHANGES.get(came_from, ())) for came_from in range(EXPIRED + 1)),
)
"""By the state before (one higher, `UNSEEN` first): the states a task may come into."""

KIND_OF: dict[tuple[int, int], str] = {
    (READY, RUNNING): "plan",
    (RUNNING, DONE): "complete",
    (RUNNING, REVIEW): "complete",
    (REVIEW, DONE): "approve",
    (DEAD, READY): "redrive",
    (DEAD, BLOCKED): "redrive",
    (RUNNING, ASKED): "ask",
    (ASKED, READY): "answer",
    (ASKED, BLOCKED): "answer",
}
"""Changes that only one kind of event may make."""
PROMOTING = frozenset({"edit", "inherit", "stage"})
"""Events after which a task may be in a better band."""
