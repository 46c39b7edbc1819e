"""The owner's socket: one is started in the background when none runs, and the next is found when it has left."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from functools import partial
from typing import Any

import msgspec

from rota.faces.python.answers import answer_of
from rota.faces.python.calls import Called
from rota.faces.python.unseen import take_back, withdraw
from rota.model.errors import RotaError
from rota.operations.decodable import decodable
from rota.owner.link import Link, LinkError


class OverSocket:
    """Calls to the owner of a database, or to the node of a PostgreSQL database on this machine."""

    def __init__(self, database: str) -> None:
        self._link = Link(database)

    def call(self, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        asked = self.ask(called, arguments, seconds)
        try:
            return asked.result(seconds)
        except Late:
            withdraw(self, asked)
            raise RotaError(
                "unavailable", f"no answer to {called.operation} within {seconds:g} s; it may have happened"
            ) from None
        except BaseException:
            withdraw(self, asked)
            raise

    def ask(self, called: Called, arguments: dict[str, Any], seconds: float) -> Future[Any]:
        del seconds
        asked: Future[Any] = Future()
        try:
            number = self._link.ask(called.operation, arguments, done=partial(self._take, asked, called))
        except LinkError as error:
            asked.set_exception(error)
            return asked
        asked.add_done_callback(lambda future: self._link.cancel(number) if future.cancelled() else None)
        return asked

    def close(self) -> None:
        self._link.close()

    def _take(self, asked: Future[Any], called: Called, told: dict[str, Any] | LinkError) -> None:
        try:
            if isinstance(told, LinkError):
                raise told
            answer = answer_of(called, lambda: msgspec.convert(told, decodable(called.answer)))
        except RotaError as error:
            if asked.set_running_or_notify_cancel():
                asked.set_exception(error)
            return
        if asked.set_running_or_notify_cancel():
            asked.set_result(answer)
        else:
            take_back(self, answer)
