"""The owner is killed, or ended in good order, again and again while clients work through their links."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import psutil
import pytest

from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.table import BY_REQUEST
from rota.owner.link import Link
from tests.chaos.audited import audited
from tests.durability.client import Answer, Client, Command
from tests.durability.crowd import Crowd, LedgerWitness
from tests.durability.finish import damage, finish, look
from tests.durability.ledger import Ledger
from tests.owner.owners import owners
from tests.servers.processes import await_end

NAMES = ("ann", "bob", "eve", "kim")
PATIENCE_S = 60.0


class Counting(LedgerWitness):
    """Knows how many answers came, and which refusals."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.refused: list[RotaError] = []
        self._came = 0
        self._changed = threading.Condition()

    def answered(self, number: int, answer: Answer) -> None:
        super().answered(number, answer)
        with self._changed:
            if isinstance(answer, RotaError):
                self.refused.append(answer)
            else:
                self._came += 1
            self._changed.notify_all()

    def await_answers(self, more: int) -> None:
        with self._changed:
            wanted = self._came + more
            assert self._changed.wait_for(lambda: self._came >= wanted, PATIENCE_S), "no answers any more"


def linked(links: dict[int, Link], database: str, command: Command) -> Any:
    """The call through this thread's own link."""
    link = links.get(threading.get_ident())
    if link is None:
        link = links[threading.get_ident()] = Link(database)
    operation = BY_REQUEST[type(command)]
    answer = link.call(operation.name, msgspec.to_builtins(command), timeout=PATIENCE_S)
    return msgspec.convert(answer, operation.answer)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_owners_ended_under_load_leave_all_they_answered(how: signal.Signals, database: str, runtime: Path) -> None:
    random, ledger, links = Random(1), Ledger(), dict[int, Link]()
    witness = Counting(ledger)
    clients = [Client(name, 1, wait=0.02) for name in NAMES]
    crowd = Crowd(clients, lambda command: linked(links, database, command), witness)
    ended: set[int] = set()
    try:
        for _ in range(6):
            witness.await_answers(random.randint(20, 200))
            link = Link(database)
            owner = psutil.Process(link.call("owner.about", {})["process"])
            link.close()
            ended.add(owner.pid)
            owner.send_signal(how)
            assert await_end([owner], 20.0) == []
        witness.await_answers(20)
    finally:
        crowd.call_off()
    assert len(ended) == 6
    for link in links.values():
        link.close()
    if how is signal.SIGTERM:
        # Nothing is left open: what an owner has not answered, the next one was asked.
        assert witness.refused == []
    else:
        assert {error.code for error in witness.refused} <= {"unavailable"}
    last = owners(runtime)
    for process in last:
        os.kill(process.pid, signal.SIGTERM)
    assert await_end(last, 20.0) == []
    assert ledger.acknowledged > 100
    with Distributor.open(database) as successor:
        assert damage(successor.store) == []
        assert look(successor.store, ledger) == []
        assert finish(successor.store, ledger, successor.call) == []
    audited(database)
