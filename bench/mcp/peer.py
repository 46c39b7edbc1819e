"""taskqueue-mcp from npm, where node is there: fetched for the time of the benchmark, nothing of it is kept."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "taskqueue-mcp 1.4.1"
_PACKAGE = "taskqueue-mcp@1.4.1"


@contextmanager
def peer_command(folder: Path) -> Iterator[list[str] | None]:
    """How it is started; None without node or npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        yield None
        return
    fetched = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), _PACKAGE]
    subprocess.run(fetched, check=True, stdin=subprocess.DEVNULL, timeout=300)
    package = folder / "node_modules" / "taskqueue-mcp"
    yield [node, str(package / "dist" / "src" / "server" / "index.js")]
