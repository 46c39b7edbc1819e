"""`rota review`: what waits for approval, what it changes, and the decision."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from rota.agents.reviewing import Ask, Decided, Reviewed, approve, in_review, look, merge_approved, reject, waiting
from rota.agents.worktree.repository import Repository, repository_of
from rota.faces.cli.columns import columns, facts
from rota.faces.cli.options import Database, Json, flag
from rota.faces.cli.say import json_line, line, one_line, talk
from rota.faces.cli.short.calls import changing, reading
from rota.files.find import find_fleet
from rota.files.fleet import Fleet
from rota.files.toml import load_fleet
from rota.model.branch import Branch
from rota.model.errors import RotaError, invalid

CONFLICT = 4
_OF_ONE = frozenset({"invalid", "no_task", "wrong_state"})
"""Refusals that say nothing about the other tasks."""
_HEADS = ("TASK", "QUEUE", "AGENT", "CHANGES", "BRANCH", "TITLE")


def review(
    *tasks: Annotated[str, Parameter(name="TASK", help="Its id, such as task-7; several with --approve.")],
    approve: Annotated[bool, flag("Merge its branch, if it has one to merge, and let its outcome count.")] = False,
    reject: Annotated[str | None, Parameter(help="Send it back; why, for the next attempt.")] = None,
    merge: Annotated[bool, flag("Merge what was approved elsewhere, over HTTP or MCP.")] = False,
    queue: Annotated[str | None, Parameter(help="List what waits in this queue alone.")] = None,
    database: Database = None,
    json: Json = False,
) -> int:
    """List what waits for approval; with a task, show what it changes; then approve or reject it.

    A rejected task goes back with the reason, and its next attempt goes on from
    the same branch. So does one whose branch can not be merged: exit code 4.
    """
    _check(tasks, approve, reject, merge)
    if approve or reject is not None:
        with changing(database) as ask:
            return _rejected(ask, tasks[0], reject, json) if reject is not None else _approved(ask, tasks, json)
    with reading(database) as ask:
        if merge:
            repository, fleet = _place()
            return _say(list(merge_approved(ask, _needed(repository), fleet)), json)
        return _show(ask, tasks[0], json) if tasks else _list(ask, queue, json)


def _check(tasks: tuple[str, ...], approve: bool, reject: str | None, merge: bool) -> None:
    if (approve + (reject is not None) + merge) > 1:
        raise invalid("approve", "--approve, --reject and --merge exclude each other; choose one")
    if (approve or reject is not None) and not tasks:
        raise invalid("task", "name the task: rota review task-7 --approve")
    if merge and tasks:
        raise invalid("merge", "--merge is for all that was approved; name no task")
    if len(tasks) > 1 and not approve:
        raise invalid("task", "only --approve takes several; name one")
    if reject is not None and not reject.strip():
        raise invalid("reject", 'say why: --reject "the tests are missing"')


def _approved(ask: Ask, tasks: tuple[str, ...], json: bool) -> int:
    repository, fleet = _place()
    decided: list[Decided] = []
    refused: dict[str, RotaError] = {}
    try:
        for task in dict.fromkeys(tasks):
            try:
                decided.append(approve(ask, in_review(ask, task), repository, fleet))
            except RotaError as error:
                if len(tasks) == 1 or error.code not in _OF_ONE:
                    raise
                refused[task] = error
    finally:
        code = _say(decided, json)
        _say_refused(refused, json)
    return next((error.kind.exit_code for error in refused.values()), code)


def _say_refused(refused: dict[str, RotaError], json: bool) -> None:
    for task, error in refused.items():
        if json:
            json_line({"task": task, "refused": f"{error.code}: {error.message}"})
        else:
            talk(one_line(f"rota: {task}: {error.code}: {error.message}"))


def _say(decided: list[Decided], json: bool) -> int:
    for one in decided:
        if json:
            json_line(one._asdict())
        elif one.conflict is not None:
            line(f"{one.task}: it can not be merged into {one.into}: {one.conflict}")
        elif one.merged is not None:
            line(f"{one.task}: approved, merged into {one.into} as {one.merged[:12]}")
        else:
            line(f"{one.task}: approved")
    return CONFLICT if any(one.conflict is not None for one in decided) else 0


def _rejected(ask: Ask, task: str, reason: str, json: bool) -> int:
    in_review(ask, task)
    reject(ask, task, reason)
    after = look(ask, task).task
    if json:
        json_line({"task": task, "state": after.state, "reason": after.reason})
    else:
        line(f"{task}: rejected, it is {after.state} now")
    return 0


def _list(ask: Ask, queue: str | None, json: bool) -> int:
    found = list(waiting(ask, queue))
    if json:
        json_line([_as_json(one) for one in found])
    elif not found:
        talk("nothing waits for approval")
    else:
        columns(_HEADS, [_row(one) for one in found])
    return 0


def _row(one: Reviewed) -> tuple[Any, ...]:
    name = None if one.branch is None else one.branch.name
    return one.task.id, one.task.queue, one.agent, _changes(one.branch), name, one.task.title


def _changes(branch: Branch | None) -> str | None:
    if branch is None:
        return None
    if not branch.files:
        return "none"
    files = "1 file" if branch.files == 1 else f"{branch.files:,} files"
    return f"{files} +{branch.added:,} -{branch.removed:,}"


def _as_json(one: Reviewed) -> dict[str, Any]:
    return {"task": msgspec.to_builtins(one.task), "attempt": one.attempt, "agent": one.agent,
            "branch": msgspec.to_builtins(one.branch)}  # fmt: skip


def _show(ask: Ask, task: str, json: bool) -> int:
    found = look(ask, task)
    if json:
        json_line({**_as_json(found), "diff": _diff(found.branch)})
        return 0
    if _pages(found):
        return 0
    _facts(found)
    text = _diff(found.branch)
    if text:
        line()
        line(text)
    return 0


def _facts(found: Reviewed) -> None:
    task, branch = found.task, found.branch
    result = task.result if isinstance(task.result, str) else msgspec.json.encode(task.result).decode()
    facts([
        ("task", task.id), ("title", task.title), ("state", task.state), ("agent", found.agent),
        ("attempt", found.attempt), ("branch", branch and branch.name), ("into", branch and branch.into),
        ("changes", _changes(branch)), ("result", None if task.result is None else result), ("reason", task.reason),
    ])  # fmt: skip


def _diff(branch: Branch | None, *more: str) -> str | None:
    """What the branch changes; None where it is not to be had here."""
    repository, _fleet = _place() if branch is not None else (None, None)
    if branch is None or repository is None:
        return None
    commit = repository.commit_of(f"refs/heads/{branch.name}") or repository.commit_of(branch.commit)
    if commit is None or repository.commit_of(branch.base) is None:
        return None
    # From where it left the branch that it is meant for: what somebody says is its base may be anything.
    target = repository.commit_of(f"refs/heads/{branch.into}") if branch.into is not None else None
    base = None if target is None else repository.git.tried("merge-base", target, commit)[1].strip()
    return repository.git.run("diff", *more, base or branch.base, commit)


def _pages(found: Reviewed) -> bool:
    """Show it in a pager: on a terminal alone, and only what is longer than that."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        return False
    text = _diff(found.branch, *([] if os.environ.get("NO_COLOR") else ["--color=always"]))
    pager = os.environ.get("PAGER", "less -R")
    if not text or not pager.strip() or pager.strip() == "cat":
        return False
    _facts(found)
    sys.stdout.flush()
    env = {"LESS": "FRX", **os.environ}
    return subprocess.run(pager, shell=True, input=text, text=True, env=env, check=False).returncode == 0


def _place() -> tuple[Repository | None, Fleet | None]:
    """The repository and the fleet that this folder belongs to, as far as there are any."""
    file = find_fleet(Path.cwd())
    fleet = None if file is None else load_fleet(str(file))
    try:
        return repository_of(str(Path.cwd()) if fleet is None else fleet.folder), fleet
    except RotaError:
        return None, fleet


def _needed(repository: Repository | None) -> Repository:
    if repository is None:
        raise invalid("merge", "this folder is in no git repository; do it in the folder of fleet.toml")
    return repository
