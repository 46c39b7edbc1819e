"""A way to a database that is made anew in a process that was forked: what its parent opened is the parent's."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rota.faces.python.calls import Called
from rota.faces.python.transport import Transport


class AfterFork:
    """See `Transport`. Connections that two processes share would swap their answers; threads do not come along."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        self._make = make
        self._by_process = {os.getpid(): make()}

    def call(self, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        return self._of_this_process().call(called, arguments, seconds)

    def ask(self, called: Called, arguments: dict[str, Any], seconds: float) -> Future[Any]:
        return self._of_this_process().ask(called, arguments, seconds)

    def close(self) -> None:
        self._of_this_process().close()

    def _of_this_process(self) -> Transport:
        process = os.getpid()
        made = self._by_process.get(process)
        # Without a lock, which another thread might hold in the moment of the fork. One made too many is not connected.
        return made if made is not None else self._by_process.setdefault(process, self._make())
