"""A shift: claims tasks while there are free slots, has handlers do them, tells what became of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from rota.faces.python.client import Client
from rota.faces.python.handler import Handler, run
from rota.faces.python.outcomes import Outcome, failed, given_back
from rota.faces.python.pulse import Pulse
from rota.faces.python.task import Task
from rota.model.commands.work import Claim, Claimed, Complete, Judged
from rota.model.errors import RotaError
from rota.model.task import Given

CLAIM_S = 20.0
"""How long one claim listens, seconds; then it is made again, before anybody could take the name for deserted."""
AGAIN_S, AGAIN_MOST_S = 0.2, 5.0
"""The pause after the service could not be reached, doubled up to the most, seconds."""
DRAINED_S = 0.5
"""Before an agent that is answered at once with nothing, since it is being drained, asks again, seconds."""
LAST_S = 5.0
"""How long plain functions that were asked to end may take, seconds; then their tasks are given back without them."""
LAST_TRIES = 5
"""How often an outcome is told once the shift is to end, when nobody answers."""

log = logging.getLogger("rota.agent")


class Crew(NamedTuple):
    """Who works: claims are made for one agent, or for a roster of them."""

    agents: tuple[str, ...]
    slots: int
    """Of all of them."""
    instance: str | None
    """The process of a single agent."""
    handler: Callable[[str], Handler | None]
    """Who does tasks of a kind; None = nobody."""


class Shift:
    """Works until `stop`, on one event loop. Raises what it can not go on with: the agent's name is another's now."""

    def __init__(self, client: Client, crew: Crew, grace: float) -> None:
        self._client = client
        self._awaited = client.awaited()
        self._crew = crew
        self._grace = grace
        self._pulse = Pulse(client, crew.instance)
        self._at_work: dict[asyncio.Task[None], Task] = {}
        self._free = crew.slots
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()

    def stop(self) -> None:
        """Claim no more, let what is at work finish within the grace. Said twice: give everything back at once."""
        if self._stopping.is_set():
            self._at_once.set()
        self._stopping.set()

    async def work(self) -> None:
        """Work until told to stop."""
        self._pulse.start()
        try:
            await self._claim_and_start()
        finally:
            await self._finish()
            await asyncio.to_thread(self._pulse.stop)

    async def _claim_and_start(self) -> None:
        pause = AGAIN_S
        while not self._stopping.is_set():
            self._changed.clear()
            if self._free <= 0:
                await self._unless_stopped(self._changed.wait())
                continue
            began = asyncio.get_running_loop().time()
            try:
                came = await self._claim_and_take()
            except RotaError as error:
                if not error.kind.again and error.code != "internal":
                    raise
                log.warning("no tasks can be claimed, trying again: %s", error)
                await self._unless_stopped(asyncio.sleep(pause))
                pause = min(AGAIN_MOST_S, pause * 2)
                continue
            pause = AGAIN_S
            if not came and asyncio.get_running_loop().time() < began + DRAINED_S:
                await self._unless_stopped(asyncio.sleep(DRAINED_S))

    async def _claimed(self) -> list[Given]:
        crew = self._crew
        roster = list(crew.agents) if crew.instance is None else []
        claim = Claim(
            agent=None if roster else crew.agents[0],
            agents=roster,
            n=self._free,
            wait=CLAIM_S,
            instance=crew.instance,
        )
        claimed: Claimed = await self._awaited.call(claim)
        return claimed.tasks

    async def _unless_stopped(self, waiting: Any) -> Any:
        """What is awaited, or None when the shift is to end before. Then it is cancelled."""
        doing = asyncio.ensure_future(waiting)
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((doing, stopped), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            return None
        finally:
            doing.cancel()
            stopped.cancel()

    async def _claim_and_take(self) -> bool:
        """Whether tasks came. Those that came in the moment in which the program cancels are in our hands too."""
        claiming = asyncio.ensure_future(self._claimed())
        try:
            tasks = await self._unless_stopped(claiming)
        except asyncio.CancelledError:
            if claiming.done() and not claiming.cancelled() and claiming.exception() is None:
                self._start_all(claiming.result())
            raise
        self._start_all(tasks or [])
        return bool(tasks)

    def _start_all(self, tasks: list[Given]) -> None:
        for given in tasks:
            self._start(given)

    def _start(self, given: Given) -> None:
        task = Task(given, self._pulse.wake)
        self._pulse.take(task)
        self._free -= 1
        doing = asyncio.create_task(self._do(task), name=f"rota {given.task}")
        self._at_work[doing] = task
        doing.add_done_callback(self._ended)

    def _ended(self, doing: asyncio.Task[None]) -> None:
        task = self._at_work.pop(doing)
        if not doing.cancelled() and doing.exception() is not None:
            log.error("%s: its outcome could not be told", task.id, exc_info=doing.exception())
        self._pulse.drop(task)

    async def _do(self, task: Task) -> None:
        handler = self._crew.handler(task.kind)
        outcome: Outcome | None
        if handler is None:
            kinds = f"agent {task.agent} has no handler for tasks of kind {task.kind!r}"
            outcome = failed(task, f"{kinds}; let them ask for a skill or a role that only those have who do them")
        else:
            outcome = await run(handler, task)
        # The next may be claimed in the same turn in which this one ends.
        self._free += 1
        self._changed.set()
        if outcome is None:
            log.warning("%s: its lease is gone, so its outcome is dropped", task.id)
            return
        await self._tell(task, outcome)

    async def _tell(self, task: Task, outcome: Outcome) -> None:
        refused = await self._told(task, outcome)
        if refused is None:
            return
        if refused.startswith("lease_lost"):
            log.warning("%s: its outcome came too late and does not count: %s", task.id, refused)
            return
        log.warning("%s: its outcome can not be kept: %s", task.id, refused)
        if await self._told(task, failed(task, f"the outcome can not be kept: {refused}")) is not None:
            log.error("%s: nothing can be told of it; its lease ends", task.id)

    async def _told(self, task: Task, outcome: Outcome) -> str | None:
        """Tell it until somebody answers; why it was refused, None = it counts."""
        pause, left = AGAIN_S, LAST_TRIES
        while True:
            if not isinstance(outcome, Complete):
                await asyncio.to_thread(self._pulse.flush, task)
            try:
                judged: Judged = await self._awaited.call(outcome)
                return judged.refused.get(task.id)
            except RotaError as error:
                if not error.kind.again and error.code != "internal":
                    return f"{error.code}: {error}"
                left -= self._stopping.is_set()
                if left <= 0:
                    log.error("%s: its outcome could not be told: %s", task.id, error)
                    return None
                log.warning("%s: its outcome is told again: %s", task.id, error)
            await asyncio.sleep(pause)
            pause = min(AGAIN_MOST_S, pause * 2)

    async def _finish(self) -> None:
        """Let what is at work finish; give back what does not in time."""
        self._stopping.set()
        await self._until_done(self._grace, self._at_once)
        for task in self._at_work.values():
            task.end("stop")
        await self._until_done(LAST_S, None)
        for doing in self._at_work:
            doing.cancel()
        await self._until_done(LAST_S, None)
        for task in self._at_work.values():
            await self._told(task, given_back(task, "the agent stops"))

    async def _until_done(self, seconds: float, unless: asyncio.Event | None) -> None:
        if not self._at_work:
            return
        done = asyncio.ensure_future(asyncio.wait(list(self._at_work)))
        waited = [done] if unless is None else [done, asyncio.ensure_future(unless.wait())]
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waited:
            one.cancel()
