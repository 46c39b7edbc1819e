"""An agent: handlers by kind of task, done in this process."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, Unpack

from rota.faces.python.async_client import AsyncClient
from rota.faces.python.client import Client
from rota.faces.python.handler import Handler
from rota.faces.python.life import GRACE_S, Life
from rota.faces.python.options import AgentFields
from rota.faces.python.shift import Crew
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.errors import RotaError, invalid

if TYPE_CHECKING:
    from rota.operations.distributor import Distributor

H = TypeVar("H", bound=Handler)
ANY = "*"
"""The kind under which a handler takes whatever no other takes."""


class Agent:
    """Does tasks with functions of this process.

        agent = Agent("writer", slots=4, skills={"prose": 3})

        @agent.handles("summary")
        async def summarise(task):
            ...
            return {"text": text}

        agent.run()

    A handler gets a `Task` and returns the result, as JSON. An async one runs on the event loop, a plain one on a
    thread. What it raises is a failed attempt; `TryLater` and `BadTask` are what they say. Leases are renewed in the
    background. `target` and `key` are those of `connect`, or a client. `replace`: take the name over from another
    process at once. `grace`: how long handlers may finish when the agent stops, seconds. The other arguments are what
    the agent registers: `role`, `slots`, `skills`, `region`, `pool`, `cost` and so on.
    """

    def __init__(
        self,
        name: str,
        *,
        handlers: Mapping[str, Handler] | None = None,
        target: str | os.PathLike[str] | Distributor | Client | None = None,
        key: str | None = None,
        grace: float = GRACE_S,
        replace: bool = False,
        **fields: Unpack[AgentFields],
    ) -> None:
        self.spec = AgentSpec(name=name, **fields)
        self._handlers: dict[str, Handler] = dict(handlers or {})
        self._replace = replace
        self._instance = f"{os.uname().nodename[:40]}:{os.getpid()}:{secrets.token_hex(6)}"
        self._life = Life(target, key, grace, self._begin, self._end)

    def handles(self, *kinds: str) -> Callable[[H], H]:
        """The function below does tasks of these kinds; without one, all that no other does."""

        def put(handler: H) -> H:
            for kind in kinds or (ANY,):
                if kind in self._handlers:
                    raise invalid("kind", f"{kind!r} has a handler already")
                self._handlers[kind] = handler
            return handler

        return put

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C; then no new tasks, and what is at work is finished or given back.

        Raises `RotaError` when it can not go on: another process took its name, its key was revoked.
        """
        self._life.run()

    async def work(self) -> None:
        """The same in a program with an event loop: until `stop`, or until cancelled."""
        await self._life.work()

    @property
    def is_stopped(self) -> bool:
        """It does not work: not yet, or not any more."""
        return self._life.is_stopped

    def stop(self) -> None:
        """Claim no more and let handlers finish within the grace; said again: end them at once. From any thread."""
        self._life.stop()

    def _handler(self, kind: str) -> Handler | None:
        return self._handlers.get(kind) or self._handlers.get(ANY)

    async def _begin(self, client: AsyncClient) -> Crew:
        if not self._handlers:
            raise invalid("handlers", "there are none; put `@agent.handles(KIND)` above a function")
        await client.call(Register(agent=self.spec, instance=self._instance, replace=self._replace))
        return Crew((self.spec.name,), self.spec.slots, self._instance, self._handler)

    async def _end(self, client: AsyncClient) -> None:
        """Let go of the name, so that the next process of it need not wait, unless it is another's already."""
        try:
            await client.heartbeat(self.spec.name, [], instance=self._instance)
        except RotaError:
            return
        await client.call(Register(agent=self.spec, replace=True))
