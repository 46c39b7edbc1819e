"""The lock on a file."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from rota.agents.worktree.lock import FileLock


def test_a_file_that_is_removed_while_it_is_taken_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, flock = tmp_path / "lock", fcntl.flock
    removed: list[int] = []

    def late(descriptor: int, how: int) -> None:
        if not removed:
            path.unlink()
            removed.append(descriptor)
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with FileLock(str(path)):
        assert removed
        assert not FileLock(str(path)).take(wait=False)
    assert FileLock(str(path)).take(wait=False)
