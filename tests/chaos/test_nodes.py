"""Nodes of a PostgreSQL database and the server itself, killed at random moments while others work."""

from __future__ import annotations

import threading
import time
from random import Random

from rota.operations.distributor import Distributor
from tests.chaos.audited import audited
from tests.chaos.conftest import Rounds
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.life import Life, write_down
from tests.servers.databases import temporary_database
from tests.servers.postgres import PostgresServer

MOST_NODES = 3


def test_nodes_and_server_killed(rounds: Rounds, server: PostgresServer) -> None:
    def one_round(seed: int) -> None:
        ledger = Ledger()
        with temporary_database(server) as database:
            lives: list[Life] = []
            try:
                _kill_this_and_that(database, server, lives, seed)
            finally:
                for life in lives:
                    life.kill()
            write_down(lives, ledger)
            with Distributor.open(database) as last:
                assert look(last.store, ledger) == []
                assert finish(last.store, ledger, last.call) == []
            audited(database)

    rounds(one_round)


def _kill_this_and_that(database: str, server: PostgresServer, lives: list[Life], seed: int) -> None:
    random = Random(seed)
    living: list[Life] = []
    server_kills = 1 if random.random() < 0.7 else 0
    for step in range(random.randint(3, 7)):
        if len(living) < MOST_NODES and (not living or random.random() < 0.5):
            living.append(Life(database, seed, len(lives), (f"ann{step}", f"bob{step}+")))
            lives.append(living[-1])
            living[-1].await_lines(1)
        elif server_kills and random.random() < 0.5:
            server_kills -= 1
            server.kill9()
            server.start()
            back = time.monotonic_ns()
            for life in living:
                life.await_answer(since=back)
        elif len(living) > 1:
            living.pop(random.randrange(len(living))).kill()
        busy = random.choice(living)
        busy.await_lines(len(busy.lines) + random.randint(1, 200))
        threading.Event().wait(random.uniform(0, 0.02))
