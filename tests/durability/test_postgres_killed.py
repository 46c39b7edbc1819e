"""kill -9 of PostgreSQL, and of nodes, under load: what was answered is there, and whoever lives goes on by itself.

The moment of each kill is drawn by lot, as a number of things done: that is the experiment.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random

import pytest

from rota.operations.distributor import Distributor
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.life import Life, write_down
from tests.servers.databases import temporary_database
from tests.servers.postgres import PostgresServer, running_postgres

KILLS = 2


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_postgres(durable=True) as server:
        yield server


def test_nodes_outlive_kills_of_the_server_and_nothing_answered_is_lost(server: PostgresServer) -> None:
    random = Random(1)
    ledger = Ledger()
    with temporary_database(server) as database:
        with ExitStack() as ending:
            nodes = [
                ending.enter_context(Life(database, 1, number, names))
                for number, names in enumerate((("ann", "bob+"), ("eve", "kim+")))
            ]
            for _ in range(KILLS):
                for node in nodes:
                    node.await_lines(len(node.lines) + random.randint(30, 200))
                server.kill9()
                server.start()
                back = time.monotonic_ns()
                for node in nodes:
                    node.await_answer(since=back)
            for node in nodes:
                node.kill()
        write_down(nodes, ledger)
        assert ledger.acknowledged > 100
        with Distributor.open(database) as last:
            assert look(last.store, ledger) == []
            assert finish(last.store, ledger, last.call) == []


def test_nodes_killed_one_after_another_leave_all_they_answered(server: PostgresServer) -> None:
    random = Random(2)
    ledger = Ledger()
    with temporary_database(server) as database:
        with ExitStack() as ending:
            lives = [ending.enter_context(Life(database, 2, 0, ("ann0", "bob0+")))]
            for number in range(1, 4):
                # One lives on, a new one comes, and the elder is killed.
                lives.append(ending.enter_context(Life(database, 2, number, (f"ann{number}", f"bob{number}+"))))
                lives[-1].await_lines(random.randint(10, 200))
                lives[-2].kill()
                killed = time.monotonic_ns()
                lives[-1].await_answer(since=killed)
            lives[-1].kill()
        write_down(lives, ledger)
        assert ledger.acknowledged > 100
        with Distributor.open(database) as last:
            assert look(last.store, ledger) == []
            assert finish(last.store, ledger, last.call) == []
