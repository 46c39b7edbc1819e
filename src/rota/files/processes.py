"""How an agent's processes are run, as fleet.toml says."""

from __future__ import annotations

from typing import Literal

import msgspec

from rota.files.agent_table import AgentTable
from rota.files.place import Misfit, Path, quoted
from rota.files.spans import maybe_span, span_of

GRACE_S = 10.0
"""Between SIGTERM and SIGKILL when the file says nothing else, seconds."""
HEALTH_EVERY_S = 30.0
"""How often a health command is run when the file says nothing else, seconds."""

_OF_PROCESSES = ("check", "timeout", "stall", "grace", "env", "health", "health_every", "workspace")
_OF_WORKSPACES = {"merge": None, "merge_by": "commit", "merge_check": True, "keep_failed": False}


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """A git worktree for each attempt."""

    merge: str | None = None
    """The branch that work begins at and is merged into; None = the one that is checked out, and nothing is merged."""
    merge_by: Literal["commit", "rebase"] = "commit"
    merge_check: bool = True
    keep_failed: bool = False


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent's processes are run. Exactly one of `command` and `python` is set; spans are seconds."""

    folder: str
    """Where they are started: the folder of fleet.toml."""
    command: tuple[str, ...] = ()
    python: str | None = None
    check: tuple[str, ...] = ()
    timeout: float | None = None
    stall: float | None = None
    grace: float = GRACE_S
    health: tuple[str, ...] = ()
    health_every: float = HEALTH_EVERY_S
    env: dict[str, str] = {}
    workspace: Workspace | None = None


def process_settings(table: AgentTable, path: Path, folder: str) -> ProcessSettings | None:
    """The settings of an agent that Rota starts; None when it comes from outside."""
    if table.command is not None and table.python is not None:
        raise Misfit((*path, "python"), "an agent has a command or a python function, not both; remove one")
    if table.command is None and table.python is None:
        for name in _OF_PROCESSES:
            if getattr(table, name) not in (None, {}):
                raise Misfit(
                    (*path, name),
                    "this is for agents that Rota starts; add command or python, or leave it out",
                )
        return None
    _check_argv(table.command, (*path, "command"))
    _check_argv(table.check, (*path, "check"))
    _check_argv(table.health, (*path, "health"))
    if table.health is None and table.health_every is not None:
        raise Misfit((*path, "health_every"), "this is only used with health; add it, or leave this out")
    _check_function(table.python, (*path, "python"))
    for name in table.env:
        if not name or "=" in name:
            raise Misfit(
                (*path, "env", name),
                "this is not the name of an environment variable; it is empty or holds a `=`",
            )
    return ProcessSettings(
        folder=folder,
        command=tuple(table.command or ()),
        python=table.python,
        check=tuple(table.check or ()),
        timeout=maybe_span(table.timeout, (*path, "timeout")),
        stall=maybe_span(table.stall, (*path, "stall")),
        grace=GRACE_S if table.grace is None else span_of(table.grace, (*path, "grace"), least=0),
        health=tuple(table.health or ()),
        health_every=HEALTH_EVERY_S
        if table.health_every is None
        else span_of(table.health_every, (*path, "health_every")),
        env=table.env,
        workspace=_workspace(table, path),
    )


def _workspace(table: AgentTable, path: Path) -> Workspace | None:
    if table.workspace is None:
        for name, default in _OF_WORKSPACES.items():
            if getattr(table, name) != default:
                raise Misfit((*path, name), 'this is only used with workspace = "worktree"; add it, or leave this out')
        return None
    if table.command is None:
        raise Misfit((*path, "workspace"), "this is for agents with a command: a function stays in one folder")
    if table.merge is None and table.merge_by != "commit":
        raise Misfit((*path, "merge_by"), "this is only used with merge; add it, or leave this out")
    return Workspace(
        merge=table.merge, merge_by=table.merge_by, merge_check=table.merge_check, keep_failed=table.keep_failed
    )


def _check_argv(argv: list[str] | None, path: Path) -> None:
    if argv is not None and (not argv or not argv[0].strip()):
        raise Misfit(path, 'this names no program; write it as ["program", "argument", ...]')


def _check_function(target: str | None, path: Path) -> None:
    if target is None:
        return
    module, _, function = target.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *function.split("."))):
        raise Misfit(path, f"{quoted(target)} names no function; write it as `module:function`")
