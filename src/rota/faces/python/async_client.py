"""The same client for programs with an event loop: every method is awaited, lists and events are `async for`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Future
from time import monotonic
from types import TracebackType
from typing import Any, Self, Unpack

from rota.faces.python import options as o
from rota.faces.python.calls import called
from rota.faces.python.client import PAGE, seconds_of
from rota.faces.python.judged import InHand, changed_one, held, state_of
from rota.faces.python.plain import plain
from rota.faces.python.transport import Transport
from rota.faces.python.unseen import withdraw
from rota.faces.python.waiting import Pause, has_ended, is_ended, no_end
from rota.model.agent import AgentSpec, AgentView
from rota.model.commands import fleet as f
from rota.model.commands import read as r
from rota.model.commands import route as t
from rota.model.commands import submit as s
from rota.model.commands import work as w
from rota.model.errors import RotaError
from rota.model.event import EventView
from rota.model.queue import QueuePolicy, QueueView
from rota.model.task import Given, TaskSpec, TaskView
from rota.owner.safe import keyed


class AsyncClient:
    """What `async with connect(...) as client` gives. For one event loop; every method is that of `Client`, awaited.

    Cancelling a call withdraws it: a claim that waits ends, and what it was given at that moment goes back.
    """

    def __init__(self, transport: Transport, timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout

    async def call(self, request: Any, *, timeout: float | None = None) -> Any:
        """Ask any operation by its request, such as `ListQueues()`; answers its struct. See `Client.call`."""
        operation = called(request)
        arguments = keyed(operation.operation, plain(request, operation.operation))
        seconds = seconds_of(arguments, self._timeout if timeout is None else timeout)
        asked = self._transport.ask(operation, arguments, seconds)
        try:
            async with asyncio.timeout(seconds):
                return await _answer(self._transport, asked)
        except TimeoutError:
            message = f"no answer to {operation.operation} within {seconds:g} s; it may have happened"
            raise RotaError("unavailable", message) from None

    async def close(self) -> None:
        """Let go of the database. What was claimed stays in its agent's hands until its lease ends."""
        await asyncio.to_thread(self._transport.close)

    # Bringing tasks in.

    async def add(self, title: str, *, key: str | None = None, **fields: Unpack[o.TaskFields]) -> str:
        """Submit one task; its id. `key`: the same call again with it answers the same id."""
        submitted: s.Submitted = await self.call(s.Submit(tasks=[TaskSpec(title=title, **fields)], key=key))
        return submitted.ids[0]

    async def submit(
        self, tasks: Iterable[TaskSpec], *, key: str | None = None, batch: str | None = None
    ) -> s.Submitted:
        """Submit up to 10,000 tasks: all or none. `batch`: a label, to list, await or cancel them together."""
        submitted: s.Submitted = await self.call(s.Submit(tasks=list(tasks), key=key, batch=batch))
        return submitted

    async def cancel(self, *tasks: str, batch: str | None = None, reason: str = "") -> s.Changed:
        """Cancel tasks, or up to 10,000 of a batch: at once when no agent has them, else with 30 s of grace."""
        changed: s.Changed = await self.call(s.Cancel(tasks=list(tasks), batch=batch, reason=reason))
        return changed

    async def hold(self, *tasks: str, reason: str = "") -> s.Changed:
        """Keep waiting tasks from being given out until they are unheld."""
        changed: s.Changed = await self.call(s.Hold(tasks=list(tasks), reason=reason))
        return changed

    async def unhold(self, *tasks: str) -> s.Changed:
        """Let held tasks go on, at their old place."""
        changed: s.Changed = await self.call(s.Unhold(tasks=list(tasks)))
        return changed

    async def redrive(self, *tasks: str) -> s.Changed:
        """Give dead tasks a new life with fresh attempts."""
        changed: s.Changed = await self.call(s.Redrive(tasks=list(tasks)))
        return changed

    # Working.

    async def register(
        self, name: str, *, instance: str | None = None, replace: bool = False, **fields: Unpack[o.AgentFields]
    ) -> f.Registered:
        """Register an agent, or change what it registered. `instance`: its process, so that nobody else takes its
        name; `replace`: take the name over, the other process's tasks go back."""
        spec = AgentSpec(name=name, **fields)
        registered: f.Registered = await self.call(f.Register(agent=spec, instance=instance, replace=replace))
        return registered

    async def claim(
        self, agent: str | None = None, *, agents: Iterable[str] = (), **fields: Unpack[o.ClaimFields]
    ) -> list[Given]:
        """Up to `n` tasks for an agent, or for any of `agents`; wait up to 45 s for the first. Empty: none came."""
        claimed: w.Claimed = await self.call(w.Claim(agent=agent, agents=list(agents), **fields))
        return claimed.tasks

    async def heartbeat(self, agent: str, beats: Iterable[w.Beat], *, instance: str | None = None) -> w.Renewed:
        """Renew the leases that `beats` name; says which are lost, which are to be ended or to give way."""
        renewed: w.Renewed = await self.call(w.Heartbeat(agent=agent, beats=list(beats), instance=instance))
        return renewed

    async def complete(self, given: InHand, result: Any = None, **fields: Unpack[o.Spent]) -> str:
        """The task is done; its new state. Refused with `lease_lost` when it came too late."""
        done = w.Done(task=given.task, token=given.token, result=result, **fields)
        return state_of(await self.call(w.Complete(outcomes=[done])), given.task)

    async def fail(self, given: InHand, error: str, **fields: Unpack[o.FailedFields]) -> str:
        """The attempt failed; the task's new state. Refused with `lease_lost` when it came too late."""
        failed = w.Failed(task=given.task, token=given.token, error=error, **fields)
        return state_of(await self.call(w.Fail(outcomes=[failed])), given.task)

    async def give_back(self, given: InHand, reason: str = "") -> str:
        """Hand the task back unfinished, at its old place, no attempt counted; its new state."""
        return state_of(await self.call(w.GiveBack(tasks=[held(given)], reason=reason)), given.task)

    async def ask(self, given: InHand, question: str, *, checkpoint: Any = None) -> str:
        """Ask a question about the task: the slot is freed, the task waits for the answer; its new state."""
        asked = w.Ask(task=given.task, token=given.token, question=question, checkpoint=checkpoint)
        return state_of(await self.call(asked), given.task)

    # Deciding.

    async def answer(self, task: str, answer: str) -> None:
        """Answer an asked task: ready again, for the same agent first."""
        changed_one(await self.call(w.Answer(task=task, answer=answer)), task)

    async def approve(self, *tasks: str) -> s.Changed:
        """Approve outcomes under review."""
        changed: s.Changed = await self.call(w.Approve(tasks=list(tasks)))
        return changed

    async def reject(self, task: str, reason: str) -> None:
        """Reject an outcome under review: ready again, the attempt counted."""
        changed_one(await self.call(w.Reject(task=task, reason=reason)), task)

    # Looking.

    async def get_task(self, task: str) -> TaskView:
        """One task with everything about it."""
        view: TaskView = await self.call(r.GetTask(task=task))
        return view

    async def history(self, task: str) -> r.TaskHistory:
        """The attempts at a task and its events, oldest first."""
        found: r.TaskHistory = await self.call(r.GetHistory(task=task))
        return found

    async def list_tasks(self, **fields: Unpack[o.TaskFilter]) -> AsyncIterator[TaskView]:
        """All tasks that these filters take together, newest first, asked for page by page as they are read."""
        cursor: str | None = None
        while True:
            page: r.TaskPage = await self.call(r.ListTasks(cursor=cursor, limit=PAGE, **fields))
            for one in page.tasks:
                yield one
            cursor = page.cursor
            if cursor is None:
                return

    async def wait_for(self, task: str, *, timeout: float | None = None) -> TaskView:
        """Wait until a task is done, dead, cancelled or expired; refused with `unavailable` after `timeout` seconds."""
        pause = Pause(timeout, monotonic)
        while not is_ended(view := await self.get_task(task)):
            await asyncio.sleep(pause.next_s() or no_end(task))
        return view

    async def wait_for_batch(self, batch: str, *, timeout: float | None = None) -> r.BatchView:
        """Wait until every task of a batch has ended; refused with `unavailable` after `timeout` seconds."""
        pause = Pause(timeout, monotonic)
        while not has_ended(view := await self.call(r.GetBatch(batch=batch))):
            await asyncio.sleep(pause.next_s() or no_end(batch))
        found: r.BatchView = view
        return found

    async def events(
        self, *, after: str | None = None, since: str | None = None, follow: bool = False
    ) -> AsyncIterator[EventView]:
        """The history of everything, oldest first: from after an event's `seq`, or since a time such as `1h`.

        `follow`: go on with what happens, for ever; looked for every 0.05 to 1 s.
        """
        pause = Pause(None, monotonic)
        while True:
            page: r.EventPage = await self.call(r.ListEvents(cursor=after, since=since))
            for one in page.events:
                yield one
            after, since = page.cursor, None
            if page.events:
                pause = Pause(None, monotonic)
            elif not follow:
                return
            else:
                await asyncio.sleep(pause.next_s())

    async def explain(self, task: str) -> r.Explanation:
        """Why a task waits, or why its agent got it."""
        found: r.Explanation = await self.call(r.Explain(task=task))
        return found

    async def explain_agent(self, agent: str, *, limit: int = 20) -> r.AgentExplanation:
        """What an agent would be given next, and what it is refused and why."""
        found: r.AgentExplanation = await self.call(r.ExplainAgent(agent=agent, limit=limit))
        return found

    async def match(self, **fields: Unpack[o.MatchFields]) -> t.Matched:
        """Which agents would be best for such a task, before there is any."""
        found: t.Matched = await self.call(t.Match(**fields))
        return found

    async def agents(self, *, pool: str | None = None) -> AsyncIterator[AgentView]:
        """All agents by name, asked for page by page as they are read."""
        cursor: str | None = None
        while True:
            page: r.AgentPage = await self.call(r.ListAgents(pool=pool, cursor=cursor))
            for one in page.agents:
                yield one
            cursor = page.cursor
            if cursor is None:
                return

    async def get_agent(self, agent: str) -> AgentView:
        """One agent, with the tasks in its hands."""
        view: AgentView = await self.call(r.GetAgent(agent=agent))
        return view

    async def queues(self) -> list[QueueView]:
        """All queues with their counts."""
        page: r.QueuePage = await self.call(r.ListQueues())
        return page.queues

    async def statistics(self, *, minutes: int = 60) -> r.Statistics:
        """Counts of what happened in the last `minutes`, and of what waits and runs now."""
        found: r.Statistics = await self.call(r.GetStatistics(minutes=minutes))
        return found

    # Running the place.

    async def set_queue(self, name: str, policy: QueuePolicy) -> None:
        """Create a queue or replace its policy."""
        await self.call(f.SetQueue(queue=name, policy=policy))

    async def pause_queue(self, queue: str, *, reason: str = "") -> None:
        """Give out nothing of this queue until it is resumed; tasks still come in."""
        await self.call(f.PauseQueue(queue=queue, reason=reason))

    async def resume_queue(self, queue: str) -> None:
        """End a pause."""
        await self.call(f.ResumeQueue(queue=queue))

    async def drain_agent(self, agent: str, *, reason: str = "") -> None:
        """Give the agent nothing new; what it has, it finishes."""
        await self.call(f.Drain(agent=agent, reason=reason))

    async def resume_agent(self, agent: str) -> None:
        """End a drain."""
        await self.call(f.ResumeAgent(agent=agent))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _answer(transport: Transport, asked: Future[Any]) -> Any:
    try:
        return await asyncio.wrap_future(asked)
    except asyncio.CancelledError:
        withdraw(transport, asked)
        raise
