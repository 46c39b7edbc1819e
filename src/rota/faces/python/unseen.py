"""Tasks that a claim was given in the very moment it was withdrawn: nobody sees them, so they go back."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from rota.faces.python.calls import called
from rota.faces.python.judged import held
from rota.faces.python.plain import plain
from rota.faces.python.transport import Transport
from rota.model.commands.work import Claimed, GiveBack
from rota.model.errors import RotaError

REASON = "the claim was withdrawn"
_PATIENCE_S = 10.0


def withdraw(transport: Transport, asked: Future[Any]) -> None:
    """Want no answer any more; one that is on its way is taken back."""
    if not asked.cancel():
        asked.add_done_callback(lambda answered: _take_back_of(transport, answered))


def take_back(transport: Transport, answer: Any) -> None:
    """Give the tasks of an answer back that nobody sees."""
    if not isinstance(answer, Claimed) or not answer.tasks:
        return
    request = GiveBack(tasks=[held(given) for given in answer.tasks], reason=REASON, said=False)
    with suppress(RotaError):
        transport.ask(called(request), plain(request, "give_back"), _PATIENCE_S)


def _take_back_of(transport: Transport, answered: Future[Any]) -> None:
    if not answered.cancelled() and answered.exception() is None:
        take_back(transport, answered.result())
