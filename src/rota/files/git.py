"""Where a repository keeps what all its worktrees share, found without running git. Standard library only."""

from __future__ import annotations

import os


def git_place(folder: str) -> tuple[str, str] | None:
    """The nearest working tree from this folder upward, and its repository's common directory; None without one.

    A repository that belongs to somebody else is none, as for git itself: it could lead anywhere.
    """
    here = os.path.realpath(folder)
    while True:
        found = _common_directory(os.path.join(here, ".git"))
        if found is not None:
            return (here, found) if _is_own(found) and _is_own(os.path.join(here, ".git")) else None
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def _common_directory(mark: str) -> str | None:
    """From `.git`: the directory itself, or a file that names it; a linked worktree's names another, its common one."""
    own = mark
    if os.path.isfile(mark):
        line = _first_line(mark)
        if not line.startswith("gitdir:"):
            return None
        own = os.path.join(os.path.dirname(mark), line.removeprefix("gitdir:").strip())
    if not os.path.isfile(os.path.join(own, "HEAD")):
        return None
    common = _first_line(os.path.join(own, "commondir"))
    found = os.path.realpath(os.path.join(own, common))
    return found if os.path.isdir(found) else None


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline(8_192).rstrip("\n")
    except OSError:
        return ""


def _is_own(path: str) -> bool:
    try:
        return os.stat(path).st_uid == os.geteuid()
    except OSError:
        return False
