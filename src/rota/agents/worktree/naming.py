"""What the worktree, the branches and the sessions of a task are called; always the same for the same task."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

PREFIX = "rota/"
_SESSIONS = uuid.UUID("5a0f3f52-5d9c-4a7e-9f0d-2f6d1f0f7c11")


def mark_of(task: Mapping[str, Any]) -> str:
    """Tells tasks of the same number in different databases apart: by the moment they were submitted."""
    return blake2b(f"{task.get('submitted')} {task['id']}".encode(), digest_size=4).hexdigest()


def worktree_name(task: Mapping[str, Any]) -> str:
    """One for all attempts of a task, one after another: what a tool remembers by the folder is found again."""
    return f"{task['id']}-{mark_of(task)}"


def branch_name(task: Mapping[str, Any], attempt: int) -> str:
    """`rota/task-7-attempt-2-3fa9c1d0`."""
    return f"{PREFIX}{task['id']}-attempt-{attempt}-{mark_of(task)}"


def branches_of(task: Mapping[str, Any]) -> str:
    """A pattern of git for the branches of all attempts of a task."""
    return f"refs/heads/{PREFIX}{task['id']}-attempt-*-{mark_of(task)}"


def session_of(task: Mapping[str, Any], attempt: int) -> str:
    """The session of an attempt, as a UUID."""
    return str(uuid.uuid5(_SESSIONS, f"{task.get('submitted')} {task['id']} {attempt}"))


def sessions_of(task: Mapping[str, Any]) -> tuple[str, str | None]:
    """The session of this attempt, and that of the one before it if there was one."""
    before = [int(one["number"]) for one in task.get("attempts") or ()]
    attempt = int(task.get("attempt") or 1)
    return session_of(task, attempt), session_of(task, max(before)) if before else None
