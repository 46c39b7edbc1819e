"""A database and a runtime directory for the official clients."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.owner.conftest import database as database
from tests.owner.conftest import runtime as runtime


@pytest.fixture
def command(database: str) -> list[str]:
    """Starts an MCP server with all tools on the test's database."""
    return [sys.executable, "-m", "rota", "mcp", "--database", database, "--tools", "all"]


@pytest.fixture
def environment(runtime: Path) -> dict[str, str]:
    """What a server needs to know; official clients pass on little else."""
    return {"XDG_RUNTIME_DIR": str(runtime), "PATH": os.environ.get("PATH", "")}
