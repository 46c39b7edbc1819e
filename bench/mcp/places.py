"""Where it is measured: a fresh folder with a runtime directory of its own, and the owner that came about there."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rota.owner.address import address_of
from rota.owner.connection import dial


@contextmanager
def place() -> Iterator[str]:
    """A database that is not there yet; whoever owns it in the end is ended."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="rota-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        database = str(Path(folder, "work.db"))
        try:
            yield database
        finally:
            end_owner(database)
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before


def owner_of(database: str) -> int:
    """The process that owns the database now; 0 = none."""
    connection = dial(address_of(database), 10.0)
    if connection is None:
        return 0
    connection.close()
    return connection.process


def end_owner(database: str) -> None:
    """End the owner, if there is one, and wait until it has gone."""
    process = owner_of(database)
    if not process:
        return
    os.kill(process, signal.SIGKILL)
    while _lives(process):
        time.sleep(0.005)


def _lives(process: int) -> bool:
    """Whether it is there and not only waits to be collected by whoever has to."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
