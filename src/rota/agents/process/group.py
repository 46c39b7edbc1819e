"""One command as a process group: started, signalled and collected as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rota.agents.process.ended import Usage
from rota.agents.process.exit_watch import Reaped, watch_exit
from rota.agents.process.keeper import RUN_VARIABLE, keeper
from rota.agents.process.members import LINUX, Member, group_exists, members
from rota.agents.process.memory import MemoryWatch
from rota.agents.process.start_failure import StartFailure, explain, on_path

YOUNG_S = 5.0


class Streams(NamedTuple):
    """Descriptors that become the process's own; they stay the caller's to close."""

    stdin: int
    stdout: int
    stderr: int


class Exit(NamedTuple):
    """How the first process of the group ended; neither code nor signal if that could not be learnt."""

    code: int | None
    signal: int | None
    usage: Usage


class ProcessGroup:
    """A command in a session of its own, known to the keeper. `fileno` is readable once it has ended.

    What it starts belongs to it, and is ended with it: by the process group everywhere, on Linux also by the
    mark in the environment, for what called setsid. Limits: a process that left the group *and* dropped its
    environment is not found; elsewhere than on Linux leaving the group is enough.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str] | None,
        streams: Streams,
        pass_fds: Sequence[int] = (),
    ) -> None:
        if not argv or not argv[0]:
            raise StartFailure("broken", "the command is empty; name a program")
        try:
            keeper().start()
        except OSError as error:
            raise StartFailure("broken", f"the keeper process could not be started: {error.strerror}") from error
        mark = keeper().new_mark()
        self._mark = f"{mark}".encode()
        self._started = time.monotonic()
        self.pid = _spawn(argv, {**env, RUN_VARIABLE: env.get(RUN_VARIABLE, "") + mark}, cwd, streams, pass_fds)
        self._reaped: Reaped | None = None
        self._lost = False
        try:
            keeper().add(self.pid)
            self._watch = watch_exit(self.pid)
        except (OSError, RuntimeError) as error:
            self.signal(signal.SIGKILL)
            os.waitpid(self.pid, 0)
            keeper().remove(self.pid)
            raise StartFailure("broken", f"the process could not be watched: {error}") from error
        self.memory = MemoryWatch(self.pid)

    def fileno(self) -> int:
        return self._watch.fileno()

    def signal(self, number: signal.Signals) -> None:
        """To all of the group; no error if there is nobody."""
        # EPERM as well: nobody but zombies on macOS, or processes that became another user's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def survivors(self) -> list[Member]:
        """Who of the run is alive."""
        if LINUX and os.path.exists("/proc/self/stat"):
            return members(self.pid, self._mark, young=time.monotonic() - self._started < YOUNG_S)
        if not self.collect() or group_exists(self.pid):
            return [Member(self.pid, True)]
        return []

    def collect(self) -> bool:
        """Waits for the first process without waiting: whether it has ended."""
        if self._reaped is None and not self._lost:
            try:
                self._reaped = self._watch.reap()
            except ChildProcessError:
                self._lost = True
        return self._reaped is not None or self._lost

    def close(self) -> Exit:
        """Lets go of the group, after it has been ended; tells how its first process ended."""
        if self.collect():
            keeper().remove(self.pid)
        else:
            # Stuck in the kernel, deaf even to SIGKILL. The keeper goes on remembering it.
            threading.Thread(target=_wait_quietly, args=(self.pid,), daemon=True).start()
        self._watch.close()
        if self._reaped is None:
            return Exit(None, None, Usage())
        status, usage = self._reaped
        spent = Usage(usage.ru_utime + usage.ru_stime, self.memory.most(usage.ru_maxrss))
        if os.WIFSIGNALED(status):
            return Exit(None, os.WTERMSIG(status), spent)
        return Exit(os.WEXITSTATUS(status), None, spent)


def _spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str | os.PathLike[str] | None,
    streams: Streams,
    pass_fds: Sequence[int],
) -> int:
    # A signal that this thread blocks would be blocked in the child as well, SIGTERM for instance.
    blocked = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        process = subprocess.Popen(
            argv,
            executable=on_path(argv[0], env),
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            cwd=cwd,
            env=env,
            start_new_session=True,
            close_fds=True,
            pass_fds=pass_fds,
        )
    except (OSError, ValueError) as error:
        raise explain(error, argv, env, None if cwd is None else Path(cwd)) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    process.returncode = 0  # waited for by `collect`, with its usage, and never through Popen
    return process.pid


def _wait_quietly(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
