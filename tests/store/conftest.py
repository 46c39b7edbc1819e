"""Stores to test with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rota.store.migrate import Migratable
from tests.servers.databases import DatabaseServer, temporary_database
from tests.store.places import FILE, KINDS, MEMORY, POSTGRES, Place


@pytest.fixture(scope="session")
def store_dsn(postgres_server: DatabaseServer) -> Iterator[str]:
    """One database for all tests of a process: making one takes longer than most of them."""
    with temporary_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def empty_dsn(store_dsn: str) -> str:
    """A database without Rota's tables."""
    with psycopg.connect(store_dsn, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA IF EXISTS rota CASCADE")
    return store_dsn


def place_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    if kind == POSTGRES:
        return Place(kind, request.getfixturevalue("empty_dsn"))
    return Place(kind, str(folder / "rota.db") if kind == FILE else ":memory:")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of database, empty."""
    return place_of(request.param, request, tmp_path)


@pytest.fixture(params=[kind for kind in KINDS if kind != MEMORY])
def lasting_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of database that can be closed and opened again, empty."""
    return place_of(request.param, request, tmp_path)


@pytest.fixture
def store(place: Place) -> Iterator[Migratable]:
    """A store with empty tables."""
    store = place.start()
    yield store
    store.close()


@pytest.fixture
def lasting_store(lasting_place: Place) -> Iterator[Migratable]:
    """A store with empty tables, of a kind that has readers beside the writer."""
    store = lasting_place.start()
    yield store
    store.close()
