"""A dispatcher: claims tasks for a roster of agents that it starts itself, and reports for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rota.faces.python.async_client import AsyncClient
from rota.faces.python.client import Client
from rota.faces.python.handler import Handler
from rota.faces.python.life import GRACE_S, Life
from rota.faces.python.shift import Crew
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.errors import invalid

if TYPE_CHECKING:
    from rota.operations.distributor import Distributor


class Dispatcher:
    """Hands out work to a roster of agents, each task to the one that is best for it.

        async def start(task):
            return await my_framework.run(task.agent, task.brief)

        Dispatcher([AgentSpec(name="writer", skills={"prose": 3}), "helper"], start).run()

    `start` starts the agent that `task.agent` names with the task (`task.brief` is its text for an LLM) and returns
    the result; it may be async or plain, and do all that a handler of an `Agent` may. As many run at once as the
    roster has slots. A name alone is an agent with one slot. The agents are no processes of their own: whoever else
    claims for them shares their slots.
    """

    def __init__(
        self,
        roster: Sequence[AgentSpec | str],
        start: Handler,
        *,
        target: str | os.PathLike[str] | Distributor | Client | None = None,
        key: str | None = None,
        grace: float = GRACE_S,
    ) -> None:
        if not roster:
            raise invalid("roster", "is empty")
        self.roster = [AgentSpec(name=one) if isinstance(one, str) else one for one in roster]
        self._start = start
        self._life = Life(target, key, grace, self._begin, self._end)

    def run(self) -> None:
        """Hand out work until SIGTERM or Ctrl-C; then nothing new, and what is at work is finished or given back."""
        self._life.run()

    async def work(self) -> None:
        """The same in a program with an event loop: until `stop`, or until cancelled."""
        await self._life.work()

    @property
    def is_stopped(self) -> bool:
        """It does not work: not yet, or not any more."""
        return self._life.is_stopped

    def stop(self) -> None:
        """Claim no more and let agents finish within the grace; said again: end them at once. From any thread."""
        self._life.stop()

    async def _begin(self, client: AsyncClient) -> Crew:
        for spec in self.roster:
            await client.call(Register(agent=spec))
        names = tuple(spec.name for spec in self.roster)
        return Crew(names, sum(spec.slots for spec in self.roster), None, lambda _kind: self._start)

    async def _end(self, client: AsyncClient) -> None:
        """The roster stays known."""
