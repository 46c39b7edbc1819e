"""A runtime directory of the test's own; whatever owner is left in it is ended."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rota.owner.address import address_of
from tests.owner.owners import owners
from tests.servers.processes import await_end


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The runtime directory: a short path, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("ROTA_DATABASE", raising=False)
    yield folder
    left = owners(folder)
    for process in left:
        process.kill()
    assert await_end(left, 10.0) == []
    shutil.rmtree(folder)


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "work.db")


@pytest.fixture
def owner(database: str) -> psutil.Process:
    """An owner of the database in the background."""
    from rota.owner.background import start

    start(address_of(database), 300.0, 30.0)
    return owners(Path(os.environ["XDG_RUNTIME_DIR"]))[0]
