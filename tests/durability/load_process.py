"""A process of its own that opens a database and works on it until it is killed, or its standard input ends.

    python -m tests.durability.load_process DATABASE SEED LIFE NAME...

A client for each name; one that ends in `+` is an agent that lives in this very process. Standard output: a line
`opened`, or `refused CODE`, then the lines of `wire`.
"""

from __future__ import annotations

import os
import sys

from rota.model.commands.fleet import SetQueue
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.operations.distributor import Distributor
from tests.durability.client import Client
from tests.durability.crowd import Crowd
from tests.durability.wire import PipeWitness

CLAIM_WAITS_S = 0.2
ANSWER_S = 100.0
"""Longer than any answer may take."""


def main(database: str, seed: str, life: str, *names: str) -> None:
    try:
        distributor = Distributor.open(database)
    except RotaError as error:
        _say(f"refused {error.code}")
        return
    # Slow machines are no reason for a lease to end.
    distributor.call(SetQueue(queue="default", policy=QueuePolicy(term=3_600.0)))
    _say("opened")
    clients = [
        Client(name.rstrip("+"), int(seed), life=int(life), local=name.endswith("+"), wait=CLAIM_WAITS_S)
        for name in names
    ]
    crowd = Crowd(clients, lambda command: distributor.call(command, timeout=ANSWER_S), PipeWitness(1))
    os.read(0, 1)
    crowd.call_off()
    distributor.close()


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
