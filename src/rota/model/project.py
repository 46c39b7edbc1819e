"""Projects: tasks that belong together."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ProjectState = Literal["open", "finalized"]


class ProjectSpec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A project as created."""

    title: str
    plan: str = ""
    key: str | None = None
    """A name to find it by again; creating the same key twice answers the first."""
    payload: Any = None
    """Whatever its creator wants to keep with it: any JSON."""


class ProjectView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A project as shown, with its tasks counted by state."""

    id: str
    title: str
    state: ProjectState
    created: str
    plan: str = ""
    key: str | None = None
    finalized: str | None = None
    payload: Any = None
    tasks: dict[str, int] = {}
