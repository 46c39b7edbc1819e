"""Temporary folders of servers: nothing of them outlives the tests, however these end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers.account import give

LONGEST_PATH = 60  # of the 103 bytes that the path of a socket inside may have

# Reads process ids from a pipe, a line for each change. When the pipe closes, because the tests closed it
# or died, ends the process named last, if any, and removes the folder.
GUARD = """
while read -r line; do server=$line; done
if [ -n "$server" ] && kill -QUIT "$server" 2>/dev/null; then
    tries=0
    while [ $tries -lt 100 ] && kill -0 "$server" 2>/dev/null; do sleep 0.05; tries=$((tries + 1)); done
fi
rm -rf "$1"
"""


class ServerFolder:
    """A new folder with a short path that the servers' account owns, and a process that guards it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="rota-pg-", dir=_parent()))
        give(self.path)
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "rota-test-guard", self.path],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def guard_pid(self) -> int:
        """The process that outlives this one to clean up."""
        return self._guard.pid

    def holds(self, pid: int | None) -> None:
        """Names the server that must not outlive this process, or says that there is none (any more)."""
        assert self._guard.stdin is not None
        self._guard.stdin.write(b"\n" if pid is None else b"%d\n" % pid)
        self._guard.stdin.flush()

    def close(self) -> None:
        """Removes the folder. Its server must have ended."""
        shutil.rmtree(self.path, ignore_errors=True)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()


def _parent() -> str:
    usual = tempfile.gettempdir()
    short = len(os.fsencode(usual)) <= LONGEST_PATH
    return usual if short and _open_to_all(Path(usual)) else "/tmp"


def _open_to_all(folder: Path) -> bool:
    """Whether another account gets as far as this folder, as servers must when the tests run as root."""
    return os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in [folder, *folder.parents])
