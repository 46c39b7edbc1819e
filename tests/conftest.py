"""What all tests share: real servers, Hypothesis settings, the length of chaos tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.databases import DatabaseServer, GivenServer, temporary_database
from tests.servers.postgres import PostgresServer, running_postgres

# Machines are shared and slow at times; speed is the benchmarks' business.
settings.register_profile("rota", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rota")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chaos-minutes",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="how long each chaos test goes on; 0, the default, is a short round that suits every test run",
    )


@pytest.fixture(scope="session")
def chaos_seconds(request: pytest.FixtureRequest) -> float:
    """How long a chaos test goes on, at least; 0 means one short round."""
    minutes: float = request.config.getoption("--chaos-minutes")
    return minutes * 60


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """A PostgreSQL server: the one that ROTA_TEST_POSTGRES names, else our own, one for each test process."""
    given = os.environ.get("ROTA_TEST_POSTGRES")
    if given:
        yield GivenServer(given)
        return
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_dsn(postgres_server: DatabaseServer) -> Iterator[str]:
    """The DSN of an empty database, dropped afterwards."""
    with temporary_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def durable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of the test's own that syncs what it commits and may be killed and restarted."""
    with running_postgres(durable=True) as server:
        yield server
