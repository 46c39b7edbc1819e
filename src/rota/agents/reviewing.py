"""Work that waits for approval: what it changes, and what follows when it is approved or rejected."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from rota.agents.environment import task_environment
from rota.agents.in_worktree import anchored, message_of
from rota.agents.outcome import story
from rota.agents.placeholders import PlaceholderError, substitute
from rota.agents.process.command import Launch, run_command
from rota.agents.worktree.attempt import branches, drop
from rota.agents.worktree.git import outside_git
from rota.agents.worktree.merge import Merging, merge
from rota.agents.worktree.naming import PREFIX, branches_of
from rota.agents.worktree.repository import Repository
from rota.files.fleet import Fleet, ProcessSettings, Workspace
from rota.model.branch import Branch
from rota.model.commands.read import TaskHistory
from rota.model.errors import RotaError
from rota.model.task import TaskView
from rota.operations.decodable import decodable

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Asks for an operation of the table by name; RotaError when refused."""
PAGE = 1_000


class Reviewed(NamedTuple):
    """A task with the branch that its last attempt left, if it left one, and who made that attempt."""

    task: TaskView
    attempt: int
    agent: str | None
    branch: Branch | None


class Decided(NamedTuple):
    """What became of an approval. `conflict`: the task went back with it."""

    task: str
    merged: str | None = None
    into: str | None = None
    conflict: str | None = None


def waiting(ask: Ask, queue: str | None = None) -> Iterator[Reviewed]:
    """All that waits for approval, the longest-waiting last."""
    cursor = None
    while True:
        asked = {"state": "review", "queue": queue, "limit": PAGE, "cursor": cursor}
        page = ask("list_tasks", {name: value for name, value in asked.items() if value is not None})
        for found in page["tasks"]:
            yield look(ask, found["id"])
        cursor = page.get("cursor")
        if cursor is None:
            return


def look(ask: Ask, task: str) -> Reviewed:
    """One task, whatever state it is in."""
    history = msgspec.convert(ask("get_history", {"task": task}), decodable(TaskHistory))
    if not history.attempts:
        return Reviewed(history.task, 0, None, None)
    last = history.attempts[-1]
    return Reviewed(history.task, last.number, last.agent, last.branch)


def in_review(ask: Ask, task: str) -> Reviewed:
    """One task that waits for approval; refused when it does not."""
    found = look(ask, task)
    if found.task.state != "review":
        raise RotaError("wrong_state", f"{task} is {found.task.state}, not review", field="task")
    return found


def approve(ask: Ask, found: Reviewed, repository: Repository | None, fleet: Fleet | None) -> Decided:
    """Merge its branch, then approve it. On a conflict it goes back, with that as the reason.

    Refused, with nothing changed, while something stands in the way of the merge.
    """
    made = None
    if found.branch is not None and found.branch.into is not None and found.branch.commit != found.branch.base:
        made = _merged(found, found.branch, repository, fleet)
        if made.refused is not None:
            reason = f"it can not be merged into {found.branch.into}: {made.refused}"
            ask("reject", {"task": found.task.id, "reason": reason})
            return Decided(found.task.id, into=found.branch.into, conflict=made.refused)
    answer = ask("approve", {"tasks": [found.task.id]})
    refused = (answer.get("refused") or {}).get(found.task.id)
    if refused is not None:
        merged = f"; it was merged as {made.commit}" if made is not None else ""
        raise RotaError("wrong_state", f"{found.task.id} was not approved: {refused}{merged}", field="task")
    if made is None or repository is None or found.branch is None:
        return Decided(found.task.id)
    _forget(repository, found)
    return Decided(found.task.id, merged=made.commit, into=found.branch.into)


def reject(ask: Ask, task: str, reason: str) -> None:
    """Send it back; the next attempt is told why, and goes on from its branch."""
    ask("reject", {"task": task, "reason": reason})


def merge_approved(ask: Ask, repository: Repository, fleet: Fleet | None) -> Iterator[Decided]:
    """Merge what was approved elsewhere: tasks that are done, whose branch is there and not merged."""
    for name in branches(repository, f"refs/heads/{PREFIX}*"):
        try:
            found = look(ask, name.removeprefix(PREFIX).partition("-attempt-")[0])
        except RotaError:
            continue  # of another database, or of nobody
        branch = found.branch
        if found.task.state != "done" or branch is None or branch.name != name or branch.into is None:
            continue
        made = _merged(found, branch, repository, fleet)
        if made.commit is not None:
            _forget(repository, found)
        yield Decided(found.task.id, merged=made.commit, into=branch.into, conflict=made.refused)


def _merged(found: Reviewed, branch: Branch, repository: Repository | None, fleet: Fleet | None) -> Merging:
    if repository is None:
        message = f"its branch {branch.name} is to be merged into {branch.into}, and there is no repository here"
        raise RotaError("wrong_state", f"{message}; do it in the folder of fleet.toml", field="task")
    settings = _settings(fleet, found.agent)
    workspace = (settings and settings.workspace) or Workspace()
    check = None
    if settings is not None and settings.check and workspace.merge_check:
        asked = settings

        def check(folder: str) -> str | None:
            return _wrong(asked, found, folder)

    made = merge(repository, branch, message_of(_facts(found), "Merge: "), by=workspace.merge_by, check=check)
    if made.blocked is not None:
        raise RotaError("wrong_state", f"{found.task.id} can not be merged now: {made.blocked}", field="task")
    return made


def _settings(fleet: Fleet | None, agent: str | None) -> ProcessSettings | None:
    agents = () if fleet is None else fleet.agents
    return next((one.process for one in agents if one.spec.name == agent), None)


def _facts(found: Reviewed) -> dict[str, Any]:
    seen = msgspec.to_builtins(found.task)
    return {**seen, "attempt": found.attempt, "agent": found.agent}


def _wrong(settings: ProcessSettings, found: Reviewed, folder: str) -> str | None:
    """What the agent's check has against the merged tree."""
    task = {**_facts(found), "worktree": folder, "branch": found.branch and found.branch.name, "python": sys.executable}
    try:
        argv = substitute(anchored(settings.check, settings.folder), task, lambda: found.task.title)
    except PlaceholderError as error:
        return str(error)
    env = {**outside_git(dict(os.environ)), **settings.env, **task_environment(task)}
    stdin = msgspec.json.encode({"task": task, "result": found.task.result})
    ended = run_command(
        Launch(argv=argv, env=env, stdin=stdin, cwd=folder, timeout_s=settings.timeout, grace_s=settings.grace)
    )
    return None if ended.why == "exit" and ended.exit_code == 0 else story(ended)


def _forget(repository: Repository, found: Reviewed) -> None:
    for name in branches(repository, branches_of(_facts(found))):
        drop(repository, name)
