"""Signals between the nodes of a PostgreSQL database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from rota.store.migrate import Migratable
from tests.store.places import POSTGRES, Place

LONG = 20.0
"""Longer than anything here takes, seconds."""


@pytest.fixture
def nodes(empty_dsn: str) -> Iterator[tuple[Migratable, Migratable]]:
    """Two stores on one database that both listen."""
    first, second = (Place(POSTGRES, empty_dsn).open() for _ in range(2))
    assert first.signals(0.0) == second.signals(0.0) == []
    yield first, second
    first.close()
    second.close()


def test_a_signal_is_heard_elsewhere(nodes: tuple[Migratable, Migratable]) -> None:
    sender, hearer = nodes
    sender.signal("pool:1")
    assert hearer.signals(LONG) == ["pool:1"]
    sender.signal("pool:1")
    assert hearer.signals(LONG) == ["pool:1"], "the same topic again, after it was quiet"


def test_a_node_does_not_hear_itself(nodes: tuple[Migratable, Migratable]) -> None:
    sender, hearer = nodes
    sender.signal("pool:1")
    hearer.signals(LONG)
    hearer.signal("pool:2")
    assert sender.signals(LONG) == ["pool:2"]


def test_waiting_ends(nodes: tuple[Migratable, Migratable]) -> None:
    began = time.monotonic()
    assert nodes[0].signals(0.1) == []
    assert time.monotonic() - began >= 0.1


def test_many_signals_are_few(nodes: tuple[Migratable, Migratable]) -> None:
    """The same topic is not sent again at once, but the last one is always sent."""
    sender, hearer = nodes
    for _ in range(2_000):
        sender.signal("pool:1")
    heard: list[str] = []
    while "end" not in heard:
        heard += hearer.signals(0.05)
        if heard:
            sender.signal("end")
    assert 1 <= heard.count("pool:1") < 500


def test_a_lost_connection_is_made_anew(nodes: tuple[Migratable, Migratable], empty_dsn: str) -> None:
    sender, hearer = nodes
    sender.signal("pool:1")
    assert hearer.signals(LONG) == ["pool:1"]
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        heard: list[str] = []
        while not heard:
            # What is sent while a connection is down is lost: polling makes up for it, here repetition does.
            sender.signal("pool:2")
            heard = hearer.signals(0.05)
    assert heard == ["pool:2"]


def test_closing_ends_the_waiting(empty_dsn: str) -> None:
    store = Place(POSTGRES, empty_dsn).open()
    heard: list[list[str]] = []
    listening = threading.Thread(target=lambda: heard.append(store.signals(600.0)))
    listening.start()
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        while not connection.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%LISTEN rota%'").fetchall():
            connection.execute("SELECT pg_sleep(0.01)")
    store.close()
    listening.join(LONG)
    assert heard == [[]]


def test_what_was_signalled_last_is_sent_before_closing(nodes: tuple[Migratable, Migratable], empty_dsn: str) -> None:
    leaver = Place(POSTGRES, empty_dsn).open()
    leaver.signal("node:9")
    leaver.close()
    assert nodes[0].signals(LONG) == ["node:9"]
