"""The test kit on both databases; after each test all tables must still agree."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from rota.testing import TestDistributor
from tests.engine import tables
from tests.engine.emptied import empty
from tests.servers.databases import DatabaseServer, temporary_database


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Where the test kit works: in memory, or in an emptied PostgreSQL database."""
    if request.param == "sqlite":
        return ":memory:"
    dsn: str = request.getfixturevalue("shared_dsn")
    return dsn


@pytest.fixture
def rota(database: str) -> Iterator[TestDistributor]:
    """A distributor on a clock of its own."""
    with TestDistributor(database) as kit:
        yield kit
        tables.check(kit)


@pytest.fixture(scope="session")
def engine_dsn(postgres_server: DatabaseServer) -> Iterator[str]:
    """One database for all engine tests of this process."""
    with temporary_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def shared_dsn(engine_dsn: str) -> str:
    """The shared database, emptied: quicker than a new one for each test."""
    if importlib.util.find_spec("rota.store.postgres") is None:
        pytest.skip("there is no PostgreSQL store")
    empty(engine_dsn)
    return engine_dsn


@pytest.fixture
def memory() -> Iterator[TestDistributor]:
    """In memory only, where the database makes no difference."""
    with TestDistributor() as kit:
        yield kit
        tables.check(kit)
