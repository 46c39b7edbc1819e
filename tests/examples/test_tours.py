"""The tours, as they stand there: every block of `sh`, one after the other, in one shell."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.owner.owners import owners
from tests.servers.databases import temporary_database
from tests.servers.postgres import PostgresServer
from tests.servers.processes import await_end

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 100


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A short path of its own for sockets; what was started in the background ends with it."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    try:
        yield folder
    finally:
        left = owners(folder)
        for one in left:
            one.kill()
        assert await_end(left, 10.0) == []
        shutil.rmtree(folder)


def test_the_laptop(tmp_path: Path, runtime: Path) -> None:
    said = _walk("tour-laptop.md", tmp_path, runtime, {})
    # 120 tasks, none left.
    assert re.search(r"^default +default +0 +0$", said, re.MULTILINE), said
    assert "wrote: Write page 5\n" in said
    assert re.search(r"^clean\n120 tasks \(120 done\)$", said, re.MULTILINE), said
    # Two changes that were seen, then merged.
    assert "+text" in said
    assert _git(tmp_path, "show", "main:alpha.txt") == _git(tmp_path, "show", "main:beta.txt") == "text\n"


def test_the_service(tmp_path: Path, runtime: Path, durable_postgres: PostgresServer) -> None:
    ports = " ".join(str(port) for port in _free_ports(3))
    with temporary_database(durable_postgres) as dsn:
        said = _walk("tour-service.md", tmp_path, runtime, {"DSN": dsn, "PORTS": ports})
    assert re.search(r"^\['Look at the licences', 'Write the notes', 'Review the change'\]$", said, re.MULTILINE), said
    assert 'rota_tasks_waiting{queue="default"} 0\n' in said
    assert re.search(r"^clean\n3 tasks \(3 done\)$", said, re.MULTILINE), said


def _walk(page: str, folder: Path, runtime: Path, more: dict[str, str]) -> str:
    """Run the page's blocks in a fresh repository; what they wrote."""
    _git(folder, "init", "-q", "-b", "main")
    for name, value in {"user.name": "me", "user.email": "me@example.org"}.items():
        _git(folder, "config", name, value)
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, **more, "PATH": path, "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ROOT / "src")}
    # A file, since what stays in the background would keep a pipe open.
    output = runtime / "said"
    with ExitStack() as ending, output.open("w") as to:
        # In a session of its own, so that what it left in the background ends too.
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
            cwd=folder, env=env, stdout=to, stderr=to, start_new_session=True,
        )  # fmt: skip
        ending.callback(_end, shell.pid)
        code = shell.wait(TIMEOUT_S)
    said = output.read_text()
    assert code == 0, said
    return said


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _free_ports(n: int) -> list[int]:
    with ExitStack() as held:
        found = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(n)]
        return [one.getsockname()[1] for one in found]


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout
