"""Who is left of a run: the members of its process group, and those who left the group but carry its mark."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from rota.agents.process.keeper_process import carries, processes, stat_of

LINUX = sys.platform == "linux"


class Member(NamedTuple):
    """A living process of a run."""

    pid: int
    in_group: bool
    """False: it went into a session of its own, so signals to the group do not reach it."""


def members(group: int, mark: bytes, *, young: bool) -> list[Member]:
    """All living processes of a run, as /proc shows them; the mark is looked for in the environment they
    started with.

    `young`: the group was started a few seconds ago, so that process numbers cannot have gone all the way
    round. Then only numbers given out since are looked at, which makes the usual case (none) cost next to
    nothing.
    """
    pids = _pids_since(group) if young else processes()
    return [found for pid in pids if (found := _member(pid, group, mark)) is not None]


def _member(pid: int, group: int, mark: bytes) -> Member | None:
    stat = stat_of(pid)
    if stat is None or not stat[0]:
        return None
    if stat[1] == group:
        return Member(pid, True)
    return Member(pid, False) if carries(pid, mark) else None


def _pids_since(first: int) -> list[int]:
    last = last_given()
    if last == first:
        return [first]
    if last is None or last < first:
        return processes()
    return [pid for pid in processes() if first <= pid <= last]


def last_given() -> int | None:
    """The number that the newest process or thread got; None if it cannot be told."""
    try:
        with open("/proc/loadavg", "rb") as file:
            return int(file.read().split()[-1])
    except (OSError, ValueError, IndexError):
        return None


def group_exists(group: int) -> bool:
    """Whether a group has members, where there is no /proc. Its first process must have been waited for."""
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True
