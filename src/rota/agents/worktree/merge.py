"""Merging a branch into another, one after another, without touching a working tree that somebody works in."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Literal, NamedTuple

from rota.agents.process.stop import Stop
from rota.agents.worktree.git import Git, GitError
from rota.agents.worktree.repository import Repository
from rota.model.branch import Branch

By = Literal["commit", "rebase"]
"""With a merge commit, or its commits put on top of the target."""
BESIDE = "merge-"
"""How the working trees in which something is merged are called, among those that are kept."""
Check = Callable[[str], str | None]
"""Whether the merged tree in this folder is sound; what is wrong with it, or None."""


class Merging(NamedTuple):
    """What came of it: the commit with which it is merged, or why it is not."""

    commit: str | None = None
    blocked: str | None = None
    """Not now, and what to do."""
    conflict: str | None = None
    """Both have changed the same."""
    unsound: str | None = None
    """Merged, it does not pass its check."""

    @property
    def refused(self) -> str | None:
        """Why it can never be merged as it is."""
        return self.conflict or self.unsound


def merge(
    repository: Repository,
    branch: Branch,
    message: str,
    *,
    by: By = "commit",
    check: Check | None = None,
    stop: Stop | None = None,
) -> Merging:
    """Merge a branch into the one it is meant for. Nothing of the target is changed unless all of it worked."""
    assert branch.into is not None
    lock = repository.merging()
    if not lock.take(stop):
        return Merging(blocked="it was asked to end")
    try:
        return _merged(repository, branch, branch.into, message, by, check)
    finally:
        lock.release()


def merges_cleanly(git: Git, target: str, commit: str) -> bool:
    """Whether a commit could be merged into another as they are."""
    return git.tried("merge-tree", "--write-tree", "--no-messages", target, commit)[0] == 0


def _merged(repository: Repository, branch: Branch, into: str, message: str, by: By, check: Check | None) -> Merging:
    target, commit = repository.commit_of(f"refs/heads/{into}"), repository.commit_of(f"refs/heads/{branch.name}")
    if (
        target is not None
        and commit is None
        and repository.git.ok("merge-base", "--is-ancestor", branch.commit, target)
    ):
        return Merging(commit=target)  # by a person, who has dropped the branch
    if target is None or commit is None:
        return Merging(blocked=f"there is no branch {into if target is None else branch.name!r}; make it again")
    if repository.git.ok("merge-base", "--is-ancestor", commit, target):
        return Merging(commit=target)
    blocked = _in_the_way(repository, into)
    if blocked is not None:
        return Merging(blocked=blocked)
    made = _rebased(repository, target, commit) if by == "rebase" else _joined(repository, target, commit, message)
    if made.commit is None:
        return made
    if check is not None and not repository.git.ok("diff", "--quiet", made.commit, commit):
        wrong = _checked(repository, made.commit, check)
        if wrong is not None:
            return Merging(unsound=f"merged into {into} it fails its check: {wrong}")
    return _moved(repository, into, target, made.commit)


def _joined(repository: Repository, target: str, commit: str, message: str) -> Merging:
    git = repository.git
    code, out, err = git.tried("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", target, commit)
    tree, *files = [part for part in out.split("\0") if part] or [""]
    if code == 1:
        return _conflict(files)
    if code != 0 and not git.ok("merge-base", target, commit):
        return Merging(unsound="they have no commit in common")
    if code != 0:
        raise GitError(f"git merge-tree: {err.strip()}")
    return Merging(
        commit=git.run("commit-tree", tree.strip(), "-p", target, "-p", commit, "-m", message, identity=True)
    )


def _rebased(repository: Repository, target: str, commit: str) -> Merging:
    with _Beside(repository, commit) as folder:
        git = Git(folder)
        code, _out, err = git.tried("rebase", "--quiet", "--no-autosquash", "--no-update-refs", target, identity=True)
        if code == 0:
            return Merging(commit=git.run("rev-parse", "HEAD"))
        files = [name for name in git.run("diff", "--name-only", "--diff-filter=U", "-z").split("\0") if name]
        if not files:
            raise GitError(f"git rebase: {err.strip()}")
        return _conflict(files)


def _conflict(files: list[str]) -> Merging:
    names = sorted(set(files))
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return Merging(conflict=f"it conflicts in {', '.join(names[:10])}{more}")


def _checked(repository: Repository, commit: str, check: Check) -> str | None:
    with _Beside(repository, commit) as folder:
        within = os.path.join(folder, repository.within)
        return check(within if os.path.isdir(within) else folder)


def _in_the_way(repository: Repository, into: str) -> str | None:
    """Why the target can not be moved: somebody rebases it, or has it checked out with changes not committed."""
    for place in ("", *glob.glob("worktrees/*/", root_dir=repository.common)):
        for kind in ("rebase-merge", "rebase-apply"):
            if _first_line(os.path.join(repository.common, place, kind, "head-name")) == f"refs/heads/{into}":
                return f"{into} is being rebased; finish that (git rebase --continue) or give it up (--abort)"
    where = _checked_out(repository, into)
    if where is None or not Git(where).run("status", "--porcelain", "--untracked-files=no"):
        return None
    return f"{into} is checked out in {where!r} with changes that are not committed; commit or stash them"


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""


_FORWARD = ("--ff-only", "--no-squash", "--no-verify-signatures", "--quiet")
"""Whatever a person has set for merges of their own."""


def _moved(repository: Repository, into: str, target: str, commit: str) -> Merging:
    where = _checked_out(repository, into)
    if where is None:
        repository.git.run("update-ref", f"refs/heads/{into}", commit, target)
        return Merging(commit=commit)
    # Forward alone, and never over a file that git does not know: that much git itself refuses.
    code, _out, err = Git(where).tried("merge", *_FORWARD, commit)
    if code != 0:
        said = " ".join(err.split())[:500]
        return Merging(blocked=f"{into} is checked out in {where!r} and can not move on: {said}")
    return Merging(commit=commit)


def _checked_out(repository: Repository, into: str) -> str | None:
    """The working tree that has the branch checked out."""
    where = ""
    for line in repository.git.run("worktree", "list", "--porcelain", "-z").split("\0"):
        if line.startswith("worktree "):
            where = line.removeprefix("worktree ")
        if line == f"branch refs/heads/{into}" and os.path.isdir(where):
            return where
    return None


class _Beside:
    """A working tree for a moment, at a commit."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self._repository = repository
        self._commit = commit
        self._folder = tempfile.mkdtemp(prefix=BESIDE, dir=repository.kept())

    def __enter__(self) -> str:
        with self._repository.changing():
            self._repository.git.run("worktree", "add", "--quiet", "--detach", self._folder, self._commit)
        return self._folder

    def __exit__(self, *_: object) -> None:
        with self._repository.changing():
            self._repository.git.tried("worktree", "remove", "--force", "--force", self._folder)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._repository.git.tried("worktree", "prune")
