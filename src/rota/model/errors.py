"""Every "no" Rota can say, once: code, what to do next, and how each face shows it.

The same error reaches a Python caller as an exception, a shell user as an exit code and an HTTP client as a
problem; this table is what keeps them equal.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Kind(NamedTuple):
    """How one error code is shown: HTTP status, shell exit code, whether the same call may succeed later."""

    status: int
    exit_code: int
    again: bool
    fix: str


KINDS: dict[str, Kind] = {
    # bad input
    "invalid": Kind(400, 2, False, "correct it and try again"),
    "too_large": Kind(413, 2, False, "send less at once or shorten the named field"),
    "past": Kind(400, 2, False, "give a time that lies ahead"),
    "cycle": Kind(409, 2, False, "remove one of the named dependencies"),
    "unknown_reference": Kind(400, 2, False, "name a task of the same submit or an existing task id"),
    # not found
    "no_task": Kind(404, 3, False, "list the tasks to see which there are"),
    "no_agent": Kind(404, 3, False, "list the agents to see which there are, or register it"),
    "no_queue": Kind(404, 3, False, "create the queue first or correct its name"),
    "no_project": Kind(404, 3, False, "list the projects to see which there are"),
    "no_database": Kind(
        404, 3, False, "name an existing one with -d, or make one: `rota add`, `rota submit`, `rota run`"
    ),
    "no_limit": Kind(404, 3, False, "list the limits to see which there are"),
    "no_archive": Kind(404, 3, False, "list the archive files to see which there are"),
    "no_schedule": Kind(404, 3, False, "list the schedules to see which there are"),
    "no_key": Kind(404, 3, False, "list the keys to see which there are"),
    # conflicts
    "lease_lost": Kind(409, 4, False, "drop the work: the task was given to somebody else or has ended"),
    "not_eligible": Kind(409, 4, False, "choose an agent that may do it, or override what stands in the way"),
    "wrong_state": Kind(409, 4, False, "look at the task's state and choose an operation that fits it"),
    "changed": Kind(409, 4, True, "read it again and repeat the edit on what it is now"),
    "duplicate": Kind(409, 4, False, "use the existing one or choose another name"),
    "name_taken": Kind(409, 4, False, "choose another agent name, or take it over with replace=true (--replace)"),
    "other_request": Kind(422, 4, False, "use a new idempotency key for a different request"),
    "queue_full": Kind(429, 4, True, "wait until the queue has drained or raise its depth"),
    "limit_used_up": Kind(429, 4, True, "send it again when the limit has room, or raise the limit"),
    "not_empty": Kind(409, 4, False, "cancel or finish what is in it first"),
    # others
    "nothing": Kind(404, 5, True, "wait and claim again"),
    "key_needed": Kind(401, 6, False, "send a key that is valid: Authorization: Bearer KEY"),
    "not_allowed": Kind(403, 6, False, "ask for a key with the needed scope"),
    "unavailable": Kind(503, 7, True, "try again in a moment"),
    "port_taken": Kind(503, 7, False, "choose another with --port, or end what listens there"),
    "stopped": Kind(503, 7, True, "start the distributor again"),
    "owned": Kind(503, 7, True, "stop the process that owns the file, or talk to it"),
    "other_version": Kind(503, 7, False, "use one version of Rota, or end the processes of the other one"),
    "cancelled": Kind(503, 7, True, "ask again if it is still wanted"),
    "newer_database": Kind(503, 7, False, "use the version of Rota that wrote it, or a newer one"),
    "moved": Kind(410, 7, False, "use the database it was moved to"),
    "corrupt_database": Kind(503, 7, False, "restore the newest backup"),
    "full_disk": Kind(507, 7, True, "free some space; nothing that was acknowledged is lost"),
    "read_only": Kind(503, 7, False, "make it writable; a file needs a folder that is writable too"),
    "database_refused": Kind(503, 7, False, "correct the database's address, account or rights"),
    "no_driver": Kind(503, 7, False, "install Rota with the extra named in the message"),
    "simulation_fault": Kind(500, 1, False, "report it with workload, fleet and seed; real tasks are not touched"),
    "internal": Kind(500, 1, False, "report it with the message; nothing that was acknowledged is lost"),
}


class RotaError(Exception):
    """A refusal: `code` from `KINDS`, a sentence saying what was wrong, the field or thing it is about.

    `data` holds facts for programs (for example the cycle's task ids); `fix` says what to do next.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.data = data

    @property
    def kind(self) -> Kind:
        """How this code is shown in each face."""
        return KINDS[self.code]

    @property
    def fix(self) -> str:
        """What to do next, one clause."""
        return self.kind.fix

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.message} ({self.fix})"

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data: the same keys in every face."""
        shown: dict[str, Any] = {"code": self.code, "message": self.message, "fix": self.fix}
        if self.field:
            shown["field"] = self.field
        if self.data:
            shown["data"] = self.data
        return shown


def invalid(field: str, message: str, **data: Any) -> RotaError:
    """A value of `field` that cannot be taken."""
    return RotaError("invalid", message, field=field, **data)
