"""A command that has a git worktree and a branch of its own for each attempt."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import msgspec

from rota.agents.checkpoint import VARIABLE, CheckpointFile
from rota.agents.outcome import Verdict, judge
from rota.agents.process.backoff import Backoff
from rota.agents.process.command import STOPPED
from rota.agents.process.ended import Ended
from rota.agents.process.stop import Stop
from rota.agents.task_process import Run, Task, Tell, checked, launched, usage_of, with_checkpoint
from rota.agents.worktree.attempt import AttemptWorktree
from rota.agents.worktree.git import Git, GitError
from rota.agents.worktree.merge import Merging, merge
from rota.agents.worktree.repository import repository_of
from rota.files.fleet import ProcessSettings, Workspace
from rota.model.branch import Branch

BLOCKED_S = 2.0
"""Between two tries to merge while something is in the way, seconds."""
UNFINISHED = frozenset({"later", "shutdown", "preempted"})
"""Ends of an attempt that the next one goes on from."""


class InWorktree:
    """A new process in a new worktree for each task. `do` raises OSError where git can not make or save one."""

    def __init__(self, settings: ProcessSettings, workspace: Workspace, tell: Tell) -> None:
        command, check = anchored(settings.command, settings.folder), anchored(settings.check, settings.folder)
        self._settings = msgspec.structs.replace(settings, command=command, check=check)
        self._workspace = workspace
        self._tell = tell
        self._repository = repository_of(settings.folder)
        self._backoff = Backoff()

    @property
    def delay_s(self) -> float:
        return self._backoff.delay_s

    def do(self, task: Task, stop: Stop) -> Run:
        worktree = AttemptWorktree(self._repository, task, self._workspace.merge)
        worktree.open()
        try:
            run = self._worked(worktree, task, stop)
        except BaseException as error:
            # What was done there is in no branch: nobody but a person can say what it is worth.
            worktree.close(keep=True)
            if isinstance(error, OSError):
                raise GitError(f"{error}; what was done is kept in {self._repository.kept()!r}") from error
            raise
        if run.verdict.kind == "broken":
            self._backoff.failed()
        else:
            self._backoff.succeeded()
        return self._closed(worktree, run)

    def close(self) -> None:
        return

    def _worked(self, worktree: AttemptWorktree, task: Task, stop: Stop) -> Run:
        seen = {**task, "worktree": worktree.path, "branch": worktree.branch, "base": worktree.base}
        settings = msgspec.structs.replace(self._settings, folder=worktree.folder)
        with CheckpointFile(task.get("checkpoint")) as file:
            stdin = msgspec.json.encode(seen)
            ended = launched(settings, settings.command, seen, stdin, stop, {VARIABLE: file.path})
            verdict = judge(ended)
            if verdict.kind == "done" and not worktree.is_whole:
                error = "its worktree lost its .git or has another one: what it did is in no branch"
                run = Run(Verdict(kind="failed", error=error), usage_of(ended))
            elif verdict.kind == "done":
                run = self._done(worktree, settings, seen, ended, stop)
            elif verdict.kind in UNFINISHED and worktree.is_whole:
                run = Run(verdict, usage_of(ended), branch=worktree.save(message_of(task, "unfinished: ")))
            else:
                run = Run(verdict, usage_of(ended))
            return with_checkpoint(run, file)

    def _done(self, worktree: AttemptWorktree, settings: ProcessSettings, task: Task, ended: Ended, stop: Stop) -> Run:
        """What it left is committed before the check: what that writes is no part of the work."""
        unresolved = worktree.unresolved()
        if unresolved:
            error = f"it left conflicts that are not resolved: {', '.join(unresolved[:10])}"
            return Run(Verdict(kind="failed", error=error), usage_of(ended))
        branch = worktree.save(message_of(task))
        verdict, runs = judge(ended), [ended]
        if settings.check:
            runs.append(checked(settings, task, verdict.result, stop))
            verdict = judge(ended, runs[-1])
        run = Run(verdict, usage_of(*runs), branch=branch)
        if verdict.kind != "done" or branch.into is None or branch.commit == branch.base or task.get("approval"):
            return run
        return self._merged(settings, task, run, branch, stop)

    def _merged(self, settings: ProcessSettings, task: Task, run: Run, branch: Branch, stop: Stop) -> Run:
        made = self._merging(settings, task, run, branch, stop)
        if made.commit is not None:
            return run._replace(branch=msgspec.structs.replace(branch, merged=made.commit))
        if made.refused is not None:
            error = f"it can not be merged into {branch.into}: {made.refused}; its work is on {branch.name}"
            return run._replace(verdict=Verdict(kind="conflict" if made.conflict else "failed", error=error))
        assert stop.reason is not None
        return run._replace(verdict=Verdict(kind=STOPPED[stop.reason], error="asked to end before it was merged"))

    def _merging(self, settings: ProcessSettings, task: Task, run: Run, branch: Branch, stop: Stop) -> Merging:
        """Tried until nothing is in the way any more; a person is told what is."""

        # While something is in the way the same tree is not checked again.
        passed: set[str] = set()

        def wrong(folder: str) -> str | None:
            tree = Git(folder).run("rev-parse", "HEAD^{tree}")
            if tree in passed:
                return None
            there = msgspec.structs.replace(settings, folder=folder)
            verdict = judge(checked(there, task, run.verdict.result, stop))
            if verdict.kind != "done":
                return verdict.error or verdict.kind
            passed.add(tree)
            return None

        check = wrong if settings.check and self._workspace.merge_check else None
        message = message_of(task, "Merge: ")
        told = False
        try:
            while True:
                by = self._workspace.merge_by
                made = merge(self._repository, branch, message, by=by, check=check, stop=stop)
                if made.blocked is None or stop.reason is not None:
                    return made if stop.reason is None or made.commit is not None else Merging(blocked="stopped")
                self._tell(f"{task['id']} waits to be merged: {made.blocked}")
                told = True
                stop.wait(BLOCKED_S)
        finally:
            if told:
                self._tell(None)

    def _closed(self, worktree: AttemptWorktree, run: Run) -> Run:
        kind, branch = run.verdict.kind, run.branch
        if kind == "done":
            merged = branch is not None and branch.merged is not None
            worktree.close(branch=not merged)
            worktree.forget_others(own=merged)
            return run
        if kind in UNFINISHED or (kind in ("failed", "conflict", "broken") and branch is not None):
            worktree.close()
            return run
        if self._workspace.keep_failed and kind not in ("cancelled", "broken"):
            worktree.close(keep=True)
            error = f"{run.verdict.error or kind}; its worktree was kept, on the branch {worktree.branch}"
            return run._replace(verdict=replace(run.verdict, error=error))
        worktree.close(branch=False)
        return run._replace(branch=None)


def anchored(argv: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """A program named by a path is that of the fleet's own folder, which no attempt can change."""
    if not argv or os.sep not in argv[0] or os.path.isabs(argv[0]) or "{" in argv[0]:
        return argv
    return (os.path.join(folder, argv[0]), *argv[1:])


def message_of(task: Any, before: str = "") -> str:
    """The message of a commit."""
    title = " ".join(str(task.get("title") or "task").split())[:200]
    facts = {"Task": task["id"], "Attempt": task["attempt"], "Agent": task.get("agent")}
    trailers = "\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
    return f"{before}{title}\n\n{trailers}\n".replace("\0", "\ufffd").encode("utf-8", "replace").decode()
