"""Ids as users see them (`task-7`, `proj-3`) and as the database keeps them (7, 3)."""

from __future__ import annotations

from rota.model.bounds import INT64
from rota.model.errors import invalid


def task_id(number: int) -> str:
    """`7` -> `task-7`."""
    return f"task-{number}"


def project_id(number: int) -> str:
    """`3` -> `proj-3`."""
    return f"proj-{number}"


def task_number(text: str, field: str = "task") -> int:
    """`task-7` -> `7`; anything else is refused, naming `field`."""
    return _number(text, "task-", field)


def project_number(text: str, field: str = "project") -> int:
    """`proj-3` -> `3`; anything else is refused, naming `field`."""
    return _number(text, "proj-", field)


def _number(text: str, prefix: str, field: str) -> int:
    if not isinstance(text, str):
        raise invalid(field, f"must be text, not {type(text).__name__}")
    digits = text[len(prefix) :]
    if text.startswith(prefix) and digits.isascii() and digits.isdigit() and len(digits) <= 19 and digits[0] != "0":
        number = int(digits)
        if 0 < number <= INT64:
            return number
    raise invalid(field, f"{text[:60]!r} is not an id of the form {prefix}N")


def token_text(token: int) -> str:
    """A lease token as users see it: 16 hexadecimal digits."""
    return f"{token:016x}"


def token_number(text: str, field: str = "token") -> int:
    """The token's number; a text that cannot be a token is refused, naming `field`."""
    try:
        token = int(text, 16)
    except (ValueError, TypeError):
        token = -1
    if 0 <= token <= INT64 and len(text) == 16:
        return token
    raise invalid(field, "this is not a lease token; send the token that the claim answered")
