"""What an attempt left in a git repository: a branch, from where, to where, and how much it changes."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model import bounds
from rota.model.errors import RotaError, invalid

_COMMIT = 64
"""Digits of the longest name of a commit."""
_LINES = 1_000_000_000_000


class Branch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A branch with the work of one attempt. Commits are named by their hexadecimal digits."""

    name: str
    base: str
    """The commit it began at."""
    commit: str
    """Its last commit; the same as `base` when nothing was changed."""
    files: int = 0
    """Changed files."""
    added: int = 0
    """Lines."""
    removed: int = 0
    into: str | None = None
    """The branch it is to be merged into."""
    merged: str | None = None
    """The commit with which it came into that one; None = it has not yet."""


def check_branch(found: Branch | None, field: str) -> None:
    """Refuses names that are none, commits that are no digits, counts below 0."""
    from rota.model import check  # it knows tasks, and they know branches

    if found is None:
        return
    if not isinstance(found, Branch):
        raise invalid(field, f"must be an object, not {type(found).__name__}")
    check.text(found.name, f"{field}.name", bounds.KEY, empty=False)
    check.maybe_key(found.into, f"{field}.into")
    for name in ("base", "commit", "merged"):
        _check_commit(getattr(found, name), f"{field}.{name}", missing=name == "merged")
    for name in ("files", "added", "removed"):
        check.number(getattr(found, name), f"{field}.{name}", 0, _LINES)


def _check_commit(value: Any, field: str, *, missing: bool) -> None:
    if value is None and missing:
        return
    from rota.model import check

    text = check.text(value, field, _COMMIT, empty=False)
    if text.strip("0123456789abcdef"):
        raise RotaError("invalid", f"{text!r} is not the name of a commit: hexadecimal digits", field=field)
