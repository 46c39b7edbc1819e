"""The life of a process that works: connect, begin, work until it is told to stop, let go."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from rota.faces.python.async_client import AsyncClient
from rota.faces.python.client import Client
from rota.faces.python.connect import connect
from rota.faces.python.shift import Crew, Shift
from rota.model.errors import RotaError, invalid

if TYPE_CHECKING:
    from rota.operations.distributor import Distributor

GRACE_S = 10.0
"""How long handlers may finish when the agent stops, seconds."""
LAST_S = 1.0
"""How long those may take that were cancelled and went on, seconds."""


class Life:
    """`begin` makes the crew known and says who it is; `end` is called when all is given back."""

    def __init__(
        self,
        target: str | os.PathLike[str] | Distributor | Client | None,
        key: str | None,
        grace: float,
        begin: Callable[[AsyncClient], Awaitable[Crew]],
        end: Callable[[AsyncClient], Awaitable[None]],
    ) -> None:
        if not grace >= 0:
            raise invalid("grace", "must be 0 seconds or more")
        self._target = target
        self._key = key
        self._grace = grace
        self._begin = begin
        self._end = end
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beginning: asyncio.Future[Crew] | None = None
        self._shift: Shift | None = None
        self._stops = 0
        """How often it was told to stop."""

    @property
    def is_stopped(self) -> bool:
        """It does not work: not yet, or not any more."""
        return self._shift is None

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C, or until `stop`. For programs without an event loop."""
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._until_signal())
        finally:
            _close(loop)

    async def work(self) -> None:
        """Work until `stop`, or until cancelled; then tasks are given back."""
        client = self._target if isinstance(self._target, Client) else connect(self._target, key=self._key)
        try:
            await self._with(client)
        finally:
            with self._lock:
                self._beginning = self._shift = None
                self._stops = 0
            if client is not self._target:
                await asyncio.to_thread(client.close)

    def stop(self) -> None:
        """Claim no more and let handlers finish within the grace; said again: end them at once. From any thread.

        Said before it works, it does not begin.
        """
        with self._lock:
            self._stops += 1
            end: Callable[[], object] | None = None
            if self._shift is not None:
                end = self._shift.stop
            elif self._beginning is not None:
                end = self._beginning.cancel
            if end is not None and self._loop is not None:
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(end)

    async def _with(self, client: Client) -> None:
        awaited = client.awaited()
        crew = await self._begun(awaited)
        if crew is None:
            return
        shift = Shift(client, crew, self._grace)
        with self._lock:
            self._shift = shift
            for _ in range(self._stops):
                shift.stop()
        await shift.work()
        with suppress(RotaError):
            await self._end(awaited)

    async def _begun(self, client: AsyncClient) -> Crew | None:
        """The crew; None when it is told to stop before."""
        with self._lock:
            if self._stops:
                return None
            self._loop = asyncio.get_running_loop()
            self._beginning = asyncio.ensure_future(self._begin(client))
        try:
            return await self._beginning
        except asyncio.CancelledError:
            if self._stops:
                return None
            raise

    async def _until_signal(self) -> None:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
        for number in numbers:
            loop.add_signal_handler(number, self.stop)
        try:
            await self.work()
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """As `asyncio.run` does, but a handler that does not let itself be cancelled is left behind: its task went back."""
    left = asyncio.all_tasks(loop)
    for one in left:
        one.cancel()
    try:
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=LAST_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
