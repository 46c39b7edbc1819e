"""Worktrees of runs that were killed: cleaned away when a run starts, their work committed to their branches."""

from __future__ import annotations

import glob
import os

from rota.agents.worktree.attempt import clear_away, lock_of, take_away
from rota.agents.worktree.merge import BESIDE
from rota.agents.worktree.repository import Repository


def clean_up(repository: Repository) -> list[str]:
    """Take away every worktree that no process holds; their paths."""
    folder = repository.worktrees()
    gone = _half_merged(repository)
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


def _half_merged(repository: Repository) -> list[str]:
    """Where a killed run was merging something. Whoever is at work in one holds the lock."""
    lock = repository.merging()
    if not lock.take(wait=False):
        return []
    try:
        gone = sorted(glob.glob(f"{BESIDE}*", root_dir=repository.kept()))
        for name in gone:
            with repository.changing():
                take_away(repository, os.path.join(repository.kept(), name))
        return [os.path.join(repository.kept(), name) for name in gone]
    finally:
        lock.release()
