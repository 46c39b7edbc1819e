"""The process that outlives its owner for a moment, to end what the owner left behind (see `keeper`).

Started by path as `python -I -S keeper_process.py OWNER`, so it imports next to nothing, and nothing of rota.
It reads lines from its standard input: `+GROUP START` remembers a process group, `-GROUP` forgets it. At the
end of input, which comes with the death of the owner whatever killed it, it kills every group it remembers
and, where there is a /proc, every process whose environment carries the owner's mark.

START is the start time of the group's first process, field 22 of /proc/PID/stat ("-" where there is none): a
process of that id with another start time is a stranger that got the number later.
"""

from __future__ import annotations

import os
import signal
import sys
import time

ROUNDS = 50
"""Scans for marked processes; each may have forked just before it was killed. 10 ms apart."""


def processes() -> list[int]:
    """The ids of all processes that can be seen; empty where there is no /proc."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def stat_of(pid: int) -> tuple[bool, int, str] | None:
    """(alive, process group, start time) of a process; None if it is gone or cannot be read.

    A zombie is not alive, unless only its first thread has ended: then it still has others.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name of the process, in parentheses, may hold anything, parentheses included.
            fields = file.read().rpartition(b")")[2].split()
        alive = fields[0] not in (b"Z", b"X", b"x") or int(fields[17]) > 1
        return alive, int(fields[2]), fields[19].decode()
    except (OSError, IndexError, ValueError):
        return None


def carries(pid: int, mark: bytes) -> bool:
    """Whether the environment that a process was started with holds `mark`."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read()
    except OSError:
        return False


def note(groups: dict[int, str], line: bytes) -> None:
    """Takes one line of the owner's."""
    sign, numbers = line[:1], line[1:].split()
    if sign == b"+":
        groups[int(numbers[0])] = numbers[1].decode()
    elif sign == b"-":
        groups.pop(int(numbers[0]), None)


def kill_groups(groups: dict[int, str]) -> None:
    """Kills the groups; one whose number belongs to a stranger by now is left alone."""
    for group, start in groups.items():
        now = stat_of(group)
        # No such process: the first one is gone, but its number stays taken while the group has members.
        if now is not None and start not in ("-", now[2]):
            continue
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue


def kill_marked(mark: bytes) -> None:
    """Kills what carries the mark, until two scans in a row find nothing."""
    quiet = 0
    for _ in range(ROUNDS):
        found = [pid for pid in processes() if pid != os.getpid() and carries(pid, mark)]
        alive = [pid for pid in found if (now := stat_of(pid)) is not None and now[0]]
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        quiet = 0 if alive else quiet + 1
        if quiet == 2:
            return
        time.sleep(0.01)


def main(owner: str) -> None:
    """Reads until the owner is gone, then ends what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, str] = {}
    rest = b""
    while data := os.read(0, 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            note(groups, line)
    kill_groups(groups)
    kill_marked(f"{owner}.".encode())


if __name__ == "__main__":
    main(sys.argv[1])
