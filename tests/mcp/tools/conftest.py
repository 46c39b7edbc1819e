"""A desk on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rota.testing import TestDistributor
from tests.engine import tables
from tests.engine.emptied import empty
from tests.mcp.tools.desk import Desk
from tests.servers.databases import DatabaseServer, temporary_database


@pytest.fixture(scope="session")
def tools_dsn(postgres_server: DatabaseServer) -> Iterator[str]:
    """One PostgreSQL database for all tests of the tools."""
    with temporary_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """On either database; afterwards all tables must still agree."""
    database = ":memory:"
    if request.param == "postgres":
        database = request.getfixturevalue("tools_dsn")
        empty(database)
    with TestDistributor(database) as rota:
        yield Desk(rota)
        tables.check(rota)


@pytest.fixture
def memory() -> Iterator[Desk]:
    """In memory only, where the database makes no difference."""
    with TestDistributor() as rota:
        yield Desk(rota)
        tables.check(rota)
