"""A runtime directory and a database of the test's own, without anything of the session that runs the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mcp.classic.client import Clients
from tests.mcp.plugin.session import Session
from tests.owner.conftest import runtime as runtime


@pytest.fixture(autouse=True)
def _nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CLAUDE", "ROTA_")):
            monkeypatch.delenv(name)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session of Claude Code in a folder with a fleet.toml that names the database."""
    with Session(tmp_path) as found:
        yield found


@pytest.fixture
def clients(session: Session) -> Iterator[Clients]:
    """MCP servers on the session's database."""
    with Clients(session.database) as found:
        yield found
