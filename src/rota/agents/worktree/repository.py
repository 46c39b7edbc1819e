"""The repository that a fleet works on, and whether worktrees of it can be made."""

from __future__ import annotations

import os
import shutil
from difflib import get_close_matches
from typing import NamedTuple

from rota.agents.worktree.git import Git, GitError
from rota.agents.worktree.lock import FileLock
from rota.model.errors import invalid

FOLDER = os.path.join(".rota", "worktrees")
KEPT = os.path.join(".rota", "kept")
LEAST_GIT = (2, 38)
"""The first that merges without a working tree (`merge-tree --write-tree`)."""


class Repository(NamedTuple):
    """A git repository, seen from one of its working trees."""

    top: str
    """The working tree that fleet.toml lies in."""
    common: str
    """What all its working trees share."""
    folder: str
    """The folder of fleet.toml."""

    @property
    def git(self) -> Git:
        """Git in the working tree of the fleet."""
        return Git(self.top)

    @property
    def within(self) -> str:
        """Where fleet.toml lies inside the working tree; empty at its top."""
        found = os.path.relpath(self.folder, self.top)
        return "" if found == "." else found

    def worktrees(self) -> str:
        """The folder of the worktrees, which git does not look into."""
        return _hidden(os.path.join(self.folder, FOLDER))

    def kept(self) -> str:
        """The folder of worktrees that were kept after a failure."""
        return _hidden(os.path.join(self.folder, KEPT))

    def changing(self) -> FileLock:
        """Held while worktrees are added or removed: git itself does not like that done twice at once."""
        return FileLock(os.path.join(self.common, "rota-worktrees.lock"))

    def merging(self) -> FileLock:
        """Held while something is merged: one after another, whoever does it."""
        return FileLock(os.path.join(self.common, "rota-merge.lock"))

    def commit_of(self, name: str) -> str | None:
        """The commit that a name stands for; None when there is no such."""
        code, out, _err = self.git.tried("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return out.strip() if code == 0 else None


def repository_of(folder: str, field: str = "workspace", merge: str | None = None) -> Repository:
    """The repository of a folder; refused where attempts can not have worktrees of it, with what to do."""
    if shutil.which("git") is None:
        raise invalid(field, "git was not found on PATH; install it, or leave the workspace out")
    try:
        top, common, version = _asked(Git(folder))
    except GitError as error:
        raise invalid(field, f"{folder!r} is in no git repository ({error}); try: git init") from None
    found = Repository(top, common, os.path.realpath(folder))
    if found.commit_of("HEAD") is None:
        message = f"the repository {top!r} has no commit that a worktree could begin at"
        raise invalid(field, f"{message}; try: git add -A && git commit -m begin")
    if found.commit_of("refs/heads/rota") is not None:
        message = f"the repository {top!r} has a branch 'rota', beside which git allows no branches rota/..."
        raise invalid(field, f"{message}; try: git branch -m rota something-else")
    if found.git.ok("cat-file", "-e", "HEAD:.gitmodules"):
        message = f"the repository {top!r} has submodules, which a worktree would have empty"
        raise invalid(field, f"{message}; leave the workspace out and let the command make its own clone")
    if merge is not None:
        check_target(found, merge, field="merge" if field == "workspace" else field)
        if version < LEAST_GIT:
            raise invalid("merge", f"git is {'.'.join(map(str, version))}; merging needs {LEAST_GIT[0]}.{LEAST_GIT[1]}")
    return found


def check_target(found: Repository, merge: str, field: str = "merge") -> None:
    """Refuses a branch to merge into that there is not."""
    if found.git.ok("show-ref", "--verify", "--quiet", f"refs/heads/{merge}"):
        return
    names = found.git.run("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()
    near = get_close_matches(merge, names, 1)
    meant = f"; did you mean {near[0]!r}?" if near else f"; try: git branch {merge}"
    raise invalid(field, f"the repository {found.top!r} has no branch {merge!r}{meant}")


def _asked(git: Git) -> tuple[str, str, tuple[int, ...]]:
    top = git.run("rev-parse", "--show-toplevel")
    common = git.run("rev-parse", "--git-common-dir")
    number = git.run("version").split()[2].split(".")
    version = tuple(int(part) for part in number[:2] if part.isdigit())
    return os.path.realpath(top), os.path.realpath(os.path.join(git.folder, common)), version


def _hidden(folder: str) -> str:
    """A folder that git leaves out whatever is added in the working tree around it."""
    os.makedirs(folder, exist_ok=True)
    mark = os.path.join(folder, ".gitignore")
    if not os.path.exists(mark):
        with open(mark, "w", encoding="utf-8") as file:
            file.write("*\n")
    return folder
