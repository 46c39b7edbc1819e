"""What PostgreSQL's errors mean for Rota: run the turn again, refuse with a reason, or report as unexpected."""

from __future__ import annotations

import psycopg

from rota.model.errors import RotaError

_AGAIN = {
    "40001": "a serialization failure",
    "40P01": "a deadlock",
    "23505": "another node used the same key in the same moment",
    "55P03": "another transaction kept a row locked",
    "25P03": "the turn was idle for too long",
}
"""States after which the same turn is simply run again, and why."""

MOVED_STATE = "ROTAM"
"""What the triggers of a database say that was carried off (see `move.mark`)."""

_REFUSED = {
    MOVED_STATE: ("moved", "{name} takes no tasks any more"),
    "53100": ("full_disk", "the server of {name} has no space left"),
    "53200": ("unavailable", "the server of {name} is out of memory"),
    "53300": ("unavailable", "the server of {name} takes no more connections (max_connections)"),
    "57014": ("unavailable", "{name} took too long for one statement, so it was stopped"),
    "25006": ("read_only", "{name} takes no writes: it is a standby, or set to read only"),
    "42501": ("database_refused", "the account may not do this in {name}"),
    "XX001": ("corrupt_database", "{name} is damaged"),
    "XX002": ("corrupt_database", "an index of {name} is damaged"),
    "58030": ("unavailable", "the server of {name} could not read or write its files"),
}
"""States that are nobody's fault here: the code and the sentence of the refusal."""

_GONE = ("08", "57P")
"""Classes of states that come with the end of the connection."""


class Lost(Exception):
    """The connection is gone, or the server no longer answers on it."""


def is_gone(error: psycopg.Error) -> bool:
    """Whether the server ended the connection with this error."""
    return (error.sqlstate or "").startswith(_GONE) or error.diag.severity_nonlocalized in ("FATAL", "PANIC")


def why_again(error: psycopg.Error) -> str | None:
    """Why the turn should be run again; None when that would not help."""
    return _AGAIN.get(error.sqlstate or "")


def refusal(error: psycopg.Error, name: str) -> RotaError | None:
    """The refusal that says what is wrong with the database; None for an error that points to a mistake of ours."""
    found = _REFUSED.get(error.sqlstate or "")
    if found is None:
        return None
    code, sentence = found
    return RotaError(code, f"{sentence.format(name=name)}: {_said(error)}")


def _said(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip().rstrip(".")
