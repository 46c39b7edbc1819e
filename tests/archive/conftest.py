"""A test kit in which some tasks have ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.testing import TestDistributor


@pytest.fixture(params=["sqlite", "postgresql"])
def rota(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDistributor]:
    """On a real file, and on PostgreSQL."""
    database = str(tmp_path / "rota.db") if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")
    with TestDistributor(database) as kit:
        kit.call(Register(agent=AgentSpec(name="ann", slots=50)))
        yield kit
