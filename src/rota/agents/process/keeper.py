"""No process of ours outlives us: a small helper process ends what a `kill -9` would leave behind.

It holds the reading end of a pipe whose only writing end is here, so the kernel tells it when we are gone,
however we went. It knows the process groups we started, and a mark that we put into their environment
(`ROTA_RUN`), by which it also finds, on Linux, what left its group with setsid or was started in the very
moment of our death.

Why not PR_SET_PDEATHSIG: it is sent when the *thread* that started the child ends, so a slot's thread that
returns would kill a process meant to live on; it reaches the first process only, none of its children; and
setting it needs code between fork and exec, which is not safe in a process with threads.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path

from rota.agents.process.keeper_process import stat_of

RUN_VARIABLE = "ROTA_RUN"
"""Marks the processes of a run. `env -u ROTA_RUN setsid ...` starts what is meant to outlive its task."""


class Keeper:
    """The owner's end. Use the one of `keeper()`; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._owner = secrets.token_hex(12)
        self._runs = itertools.count(1)
        self._lock = threading.Lock()
        self._groups: dict[int, str] = {}
        self._pid: int | None = None
        self._pipe = -1

    @property
    def pid(self) -> int | None:
        """The helper's process id; None before the first start."""
        return self._pid

    def new_mark(self) -> str:
        """A mark for one run, to be appended to `ROTA_RUN`: a run inside a run carries both marks."""
        return f"{self._owner}.{next(self._runs)}:"

    def start(self) -> None:
        """Starts the helper unless it runs; to be called before a group is started. OSError if it cannot."""
        with self._lock:
            if self._pid is None:
                self._start()

    def add(self, group: int) -> None:
        """Remembers a group straight after its start, while its first process is still ours to wait for."""
        now = stat_of(group)
        with self._lock:
            self._groups[group] = now[2] if now else "-"
            self._tell(f"+{group} {self._groups[group]}\n")

    def remove(self, group: int) -> None:
        """Forgets a group, before or straight after its first process is waited for."""
        with self._lock:
            if self._groups.pop(group, None) is not None:
                # A helper that cannot be started again now is tried again with the next group.
                with contextlib.suppress(OSError):
                    self._tell(f"-{group}\n")

    def forget_everything(self) -> None:
        """For the child of a fork: its copy of the pipe would keep the helper waiting after our death."""
        self._lock = threading.Lock()
        self._groups.clear()
        self._pid = None
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def _tell(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())
        except OSError:
            # Somebody ended the helper, or stopped it so that the pipe is full.
            self._end_helper()
            self._start()

    def _start(self) -> None:
        reading, writing = os.pipe()
        try:
            os.set_blocking(writing, False)
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper_process.py")), self._owner],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={name: value for name, value in os.environ.items() if name != RUN_VARIABLE},
                start_new_session=True,
            )
            os.write(writing, "".join(f"+{group} {start}\n" for group, start in self._groups.items()).encode())
        except BaseException:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        self._pid, self._pipe = process.pid, writing
        process.returncode = 0  # it is never waited for through Popen, which would warn when it is collected

    def _end_helper(self) -> None:
        # Killed before the pipe is closed: at the end of its input it would kill groups that are well.
        if self._pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(self._pid, 0)
            self._pid = None
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


_keeper = Keeper()


def keeper() -> Keeper:
    """The one keeper of this process; its helper is started with the first group."""
    return _keeper


def _after_fork() -> None:
    global _keeper
    _keeper.forget_everything()
    _keeper = Keeper()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
