"""taskqueue-mcp from npm, where node is there: fetched for the time of the benchmark, nothing of it is kept."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "taskqueue-mcp 1.4.1"
_PACKAGE = "taskqueue-mcp@1.4.1"


@contextmanager
def peer_command(folder: Path) -> Iterator[list[str] | None]:
    """How it is started; None without node or npm, or where the registry does not give it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        yield None
        return
    fetched = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), _PACKAGE]
    done = subprocess.run(fetched, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=300, check=False)
    program = folder / "node_modules" / ".bin" / "taskqueue-mcp"
    yield [node, str(program.resolve())] if done.returncode == 0 and program.exists() else None
