"""A way to a database in processes that are forked: what the parent opened stays the parent's alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rota.faces.python.calls import Called
from rota.faces.python.transport import Transport
from rota.model.errors import invalid


class AfterFork:
    """See `Transport`. Connections that two processes share would swap their answers; threads do not come along.

    `again` makes the way anew in another process.
    """

    def __init__(self, first: Transport, again: Callable[[], Transport]) -> None:
        self._again = again
        self._by_process = {os.getpid(): first}

    def call(self, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        return self._of_this_process().call(called, arguments, seconds)

    def ask(self, called: Called, arguments: dict[str, Any], seconds: float) -> Future[Any]:
        try:
            return self._of_this_process().ask(called, arguments, seconds)
        except BaseException as error:
            refused: Future[Any] = Future()
            refused.set_exception(error)
            return refused

    def close(self) -> None:
        made = self._by_process.get(os.getpid())
        if made is not None:
            made.close()

    def _of_this_process(self) -> Transport:
        process = os.getpid()
        made = self._by_process.get(process)
        # Without a lock, which another thread might hold in the moment of the fork. One made too many is not connected.
        return made if made is not None else self._by_process.setdefault(process, self._again())


def refused_again() -> Transport:
    """What is open in the parent itself can not be used by its children."""
    raise invalid("target", "is open in the process that this one was forked from; connect anew in this one")
