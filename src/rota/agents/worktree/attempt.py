"""The worktree of one attempt: made, saved, and taken away again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rota.agents.worktree.changes import changes_between
from rota.agents.worktree.git import Git, GitError
from rota.agents.worktree.lock import FileLock
from rota.agents.worktree.merge import merges_cleanly
from rota.agents.worktree.naming import branch_name, branches_of, worktree_name
from rota.agents.worktree.repository import Repository
from rota.model.branch import Branch

ANEW = frozenset({"failed", "cancelled", "done"})
"""Outcomes after which the next attempt begins anew. After others (interrupted, lost, rejected) it goes on from what
the last one left.
"""


class AttemptWorktree:
    """Made with `open`; `save` what was done, then `close` it. Raises `GitError` (an OSError) where git can not.

    The folder is the same for all attempts of a task; each has a branch of its own.
    """

    def __init__(self, repository: Repository, task: Mapping[str, Any], into: str | None) -> None:
        self._repository = repository
        self._task = task
        self._into = into
        self.path = os.path.join(repository.worktrees(), worktree_name(task))
        self.branch = branch_name(task, int(task["attempt"]))
        self.base = ""
        self._lock = lock_of(self.path)

    @property
    def folder(self) -> str:
        """Where its commands are started: the place of fleet.toml inside the worktree."""
        found = os.path.join(self.path, self._repository.within)
        return found if os.path.isdir(found) else self.path

    def open(self) -> None:
        """Make it, from what the last attempt left, or from the branch that is worked towards."""
        if not self._lock.take(wait=False):
            raise GitError(f"the worktree {self.path!r} is in use by another attempt")
        try:
            with self._repository.changing():
                clear_away(self._repository, self.path)
                self._make()
        except BaseException:
            self._lock.release()
            raise

    def _make(self) -> None:
        repository = self._repository
        target = repository.commit_of(f"refs/heads/{self._into}" if self._into else "HEAD")
        if target is None:
            raise GitError(f"there is no branch {self._into or 'HEAD'} any more")
        start = self._left_before(target) or target
        git = repository.git
        self.base = git.run("merge-base", target, start) if start != target else target
        git.run("worktree", "add", "--quiet", "--force", "-B", self.branch, self.path, start)

    def _left_before(self, target: str) -> str | None:
        """The commit of the last attempt's branch, where that is to be gone on with and still can be merged."""
        before = list(self._task.get("attempts") or ())
        if not before or before[-1].get("outcome") in ANEW:
            return None
        commit = self._repository.commit_of(f"refs/heads/{branch_name(self._task, int(before[-1]['number']))}")
        if commit is None or (self._into is not None and not merges_cleanly(self._repository.git, target, commit)):
            return None
        return commit

    @property
    def is_whole(self) -> bool:
        """Whether it is still a worktree of the repository, and not without its `.git` or with one of its own."""
        return is_worktree_of(self._repository, self.path)

    def unresolved(self) -> list[str]:
        """Files with conflicts that are not resolved."""
        found = Git(self.path).run("diff", "--name-only", "--diff-filter=U", "-z")
        return [name for name in found.split("\0") if name]

    def save(self, message: str) -> Branch:
        """Commit what is not committed, and let the branch point there, wherever the command had switched to."""
        commit = save(self._repository, self.path, self.branch, message)
        files, added, removed = changes_between(Git(self.path), self.base, commit)
        return Branch(
            name=self.branch, base=self.base, commit=commit, files=files, added=added, removed=removed, into=self._into
        )

    def close(self, *, keep: bool = False, branch: bool = True) -> None:
        """Take it away, or keep it aside under the attempt's name; `branch`: that stays if there is anything in it."""
        try:
            with self._repository.changing():
                if keep:
                    self._put_aside()
                    return
                take_away(self._repository, self.path)
                if not branch or self._repository.commit_of(f"refs/heads/{self.branch}") == self.base:
                    drop(self._repository, self.branch)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(self._lock.path)
            self._lock.release()

    def _put_aside(self) -> None:
        name = f"{os.path.basename(self.path)}-attempt-{self._task['attempt']}"
        git, aside = self._repository.git, os.path.join(self._repository.kept(), name)
        if git.ok("worktree", "move", self.path, aside):
            return
        # What git does not move, such as one without its .git, is all there is of the work nevertheless.
        if os.path.isdir(self.path):
            os.rename(self.path, aside)
            git.tried("worktree", "repair", aside)
        git.tried("worktree", "prune")

    def forget_others(self, *, own: bool = False) -> None:
        """Drop the branches of the task's other attempts, and its own too if that is merged."""
        for name in branches(self._repository, branches_of(self._task)):
            if own or name != self.branch:
                drop(self._repository, name)


def save(repository: Repository, path: str, branch: str, message: str) -> str:
    """Commit what is not committed in a worktree; the commit that the branch then has."""
    if not is_worktree_of(repository, path):
        raise GitError(f"{path!r} is no worktree of {repository.top!r} any more")
    git, ours = Git(path), f"refs/heads/{branch}"
    _code, head, _err = git.tried("symbolic-ref", "--quiet", "HEAD")
    if head.strip() not in ("", ours):
        _detach(git)
    git.run("add", "--all")
    if not git.ok("diff", "--cached", "--quiet"):
        git.run("commit", "--quiet", "--no-verify", "--message", message, identity=True)
    commit = git.run("rev-parse", "HEAD")
    if head.strip() != ours:
        git.run("update-ref", ours, commit)
    return commit


def _detach(git: Git) -> None:
    """Leave the branch that the command had switched to: what nobody has looked at is not for that."""
    code, commit, _err = git.tried("rev-parse", "--verify", "--quiet", "HEAD")
    if code == 0:
        git.run("update-ref", "--no-deref", "HEAD", commit.strip())


def is_worktree_of(repository: Repository, path: str) -> bool:
    """Whether git takes this folder for a worktree of the repository. Without a `.git` of its own it would take the
    working tree around it instead, which is a person's.
    """
    try:
        with open(os.path.join(path, ".git"), "rb") as file:
            said = file.read()
    except OSError:
        return False
    folder = os.path.join(path, os.fsdecode(said.removeprefix(b"gitdir: ").rstrip(b"\n")))
    return os.path.dirname(os.path.realpath(folder)) == os.path.join(repository.common, "worktrees")


def lock_of(path: str) -> FileLock:
    """Held for as long as the worktree is somebody's."""
    return FileLock(f"{path}.lock")


def clear_away(repository: Repository, path: str) -> None:
    """A worktree that a killed run left: what it had done is committed to its branch, then it goes."""
    if not os.path.exists(path):
        return
    head = Git(path).tried("symbolic-ref", "--quiet", "HEAD")[1].strip() if os.path.exists(f"{path}/.git") else ""
    if head.startswith("refs/heads/rota/"):
        # A worktree that was only half made, or that somebody broke, holds nothing that could be saved.
        with suppress(GitError):
            save(repository, path, head.removeprefix("refs/heads/"), "Left unfinished")
    take_away(repository, path)


def take_away(repository: Repository, path: str) -> None:
    """Remove a worktree, whatever is in it."""
    if not repository.git.ok("worktree", "remove", "--force", "--force", path):
        for folder, _folders, _files in os.walk(path):
            with suppress(OSError):
                os.chmod(folder, 0o700)  # some tools write-protect what they fetch
        shutil.rmtree(path, ignore_errors=True)
        repository.git.tried("worktree", "prune")


def branches(repository: Repository, pattern: str) -> list[str]:
    """The names of the branches that fit a pattern of git."""
    return repository.git.run("for-each-ref", "--format=%(refname:lstrip=2)", pattern).splitlines()


def drop(repository: Repository, branch: str) -> None:
    """Remove a branch; one that somebody has checked out stays."""
    repository.git.tried("branch", "--quiet", "-D", "--", branch)
