"""Clients that work at once, a thread each, against a distributor that answers them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol

from rota.model.errors import RotaError
from tests.durability.client import Answer, Client, Command
from tests.durability.ledger import Ledger

BREATH_S = 0.02
"""How long a client that was refused because of the database leaves it alone, seconds."""


class Witness(Protocol):
    """Told of each command before it is sent and of each answer after it came, by any thread."""

    def asked(self, command: Command) -> int:
        """The number under which its answer will be told."""

    def answered(self, number: int, answer: Answer) -> None: ...


class Crowd:
    """Runs the clients until they are called off."""

    def __init__(self, clients: Sequence[Client], call: Callable[[Command], Answer], witness: Witness) -> None:
        self._call = call
        self._witness = witness
        self._off = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(client,)) for client in clients]
        for thread in self._threads:
            thread.start()

    def _work(self, client: Client) -> None:
        while not self._off.is_set():
            command = client.next()
            number = self._witness.asked(command)
            try:
                answer = self._call(command)
            except RotaError as error:
                answer = error
            self._witness.answered(number, answer)
            client.heard(command, answer)
            if isinstance(answer, RotaError):
                self._off.wait(BREATH_S)

    def call_off(self) -> None:
        """Lets each finish what it is about."""
        self._off.set()
        for thread in self._threads:
            thread.join()


class LedgerWitness:
    """Writes it all into a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._numbers = count()

    def asked(self, command: Command) -> int:
        with self._lock:
            number = next(self._numbers)
            self._ledger.asked(number, command)
            return number

    def answered(self, number: int, answer: Answer) -> None:
        with self._lock:
            self._ledger.answered(number, answer)
