"""A PostgreSQL database for the state machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.databases import DatabaseServer, temporary_database


@pytest.fixture
def machine_dsn(postgres_server: DatabaseServer) -> Iterator[str]:
    """The DSN of an empty database."""
    with temporary_database(postgres_server) as dsn:
        yield dsn
