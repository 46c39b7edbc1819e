"""Worktrees of runs that were killed: cleaned away when a run starts, their work committed to their branches."""

from __future__ import annotations

import os

from rota.agents.worktree.attempt import clear_away, lock_of
from rota.agents.worktree.repository import Repository


def clean_up(repository: Repository) -> list[str]:
    """Take away every worktree that no process holds; their paths."""
    folder = repository.worktrees()
    gone = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not os.path.isdir(path) or os.path.islink(path):
            continue
        lock = lock_of(path)
        if not lock.take(wait=False):
            continue
        try:
            with repository.changing():
                clear_away(repository, path)
            gone.append(path)
        finally:
            lock.release()
    return gone
