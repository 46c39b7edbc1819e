"""Misfortune that can be repeated: the same attempt at the same task always goes the same way."""

from __future__ import annotations

import zlib

from protocol import Task


def unlucky(task: Task, one_in: int, until_attempt: int) -> bool:
    """Whether this attempt is to go wrong: one in `one_in` does, none after attempt `until_attempt`."""
    if task["attempt"] > until_attempt:
        return False
    return zlib.crc32(f"{task['id']} attempt {task['attempt']}".encode()) % one_in == 0
