"""Looking at a database once a second, at a bounded cost: pages of a fixed size, and what is dear only now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from rota.faces.top.finish import Measured, Pace, finish
from rota.faces.top.picture import AgentLine, Apart, Line, Picture, QueueLine, Wait, Work
from rota.model.agent import AgentView, Cost
from rota.model.commands.read import (
    AgentExplanation,
    AgentPage,
    EventPage,
    Explanation,
    QueuePage,
    Statistics,
    TaskPage,
)
from rota.model.errors import RotaError
from rota.model.event import EventView
from rota.model.task import TaskView
from rota.model.times import moment, rfc3339
from rota.operations.decodable import decodable

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""An operation by name with its arguments -> its answer, both as plain data."""

AGENTS, RUNNING, APART, EVENTS, KEPT = 200, 300, 20, 500, 100
"""Rows of one answer at most; events that are remembered."""
BARRED = 5
"""Agents that are given nothing, of whom it is said why, at most."""
SILENT = "unhealthy"
"""Why those are given nothing who are not heard of: of no interest where others live."""
PAGES = 4
"""Pages of events of one look. Where more happens, what is older than a moment is passed over."""
FIRST, CLOSE = "5m", "1s"
"""How far back the events begin, and where they go on after some were passed over."""
SINCES = 20
"""Tasks of one look of which it is asked since when they run; it is remembered."""
SELDOM_S = 5.0
"""How often what is dear is looked at: counts of queues, statistics, why things wait."""
DECIDED = ("dead", "asked", "review", "held")
WINDOWS = (2, 15, 60)
"""Minutes over which statistics are asked for the pace, until one says enough."""
LEAST_S, SHARE = 1.0, 20.0
"""Between two looks at least, seconds, and so many times what a look took."""


class Looker:
    """Takes one picture after the other. For one thread."""

    def __init__(
        self, call: Call, rest: Callable[[], None] = lambda: None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`rest` is called after each look."""
        self._call = call
        self._rest = rest
        self._clock = clock
        self._measured = Measured(clock)
        self._since: dict[str, int] = {}
        """When each running task was given, microseconds."""
        self._from: dict[str, Any] = {"since": FIRST}
        """Where the next events are looked for."""
        self._events: deque[Line] = deque(maxlen=KEPT)
        self._seldom_at: float | None = None
        self._queues: list[QueueLine] = []
        self._states: dict[str, int] = {}
        self._apart: list[Apart] = []
        self._paces: list[Pace] = []
        self._waits: list[Wait] = []
        self._turn = 0
        """Which agent is asked next what it may not have."""

    def look(self) -> Picture:
        """The place as it is now. Raises `RotaError` when it can not be seen."""
        try:
            return self._looked()
        finally:
            self._rest()

    def _looked(self) -> Picture:
        began = self._clock()
        page = msgspec.convert(self._call("list_agents", {"limit": AGENTS}), decodable(AgentPage))
        tasks = msgspec.convert(
            self._call("list_tasks", {"state": "running", "limit": RUNNING}), decodable(TaskPage)
        ).tasks
        now = time.time_ns() // 1_000
        self._note_sinces(tasks, now)
        self._follow_events()
        if self._seldom_at is None or began >= self._seldom_at + SELDOM_S:
            self._look_seldom(page.agents)
            self._seldom_at = began
        lately = self._measured.note(sum(agent.done for agent in page.agents))
        return Picture(
            at=rfc3339(now),
            agents=[_agent(agent, [task for task in tasks if task.agent == agent.name], self._since, now)
                    for agent in page.agents],
            queues=self._queues,
            waits=self._waits,
            apart=self._apart,
            events=list(self._events),
            finish=finish(
                self._states, [lately, *self._paces],
                alive=page.cursor is not None or any(agent.running or agent.listening for agent in page.agents),
            ),
            states=self._states,
            more_agents=int(page.cursor is not None),
            took_s=self._clock() - began,
        )  # fmt: skip

    def pause_s(self, picture: Picture) -> float:
        """How long to wait before the next look, seconds: looking shall never take more than a small share of time."""
        return max(LEAST_S, SHARE * picture.took_s)

    def look_again(self) -> None:
        """Look at everything the next time: something was changed."""
        self._seldom_at = None

    def _note_sinces(self, tasks: list[TaskView], now: int) -> None:
        running = {task.id for task in tasks}
        self._since = {task: since for task, since in self._since.items() if task in running}
        for task in [task for task in tasks if task.id not in self._since][:SINCES]:
            try:
                told = msgspec.convert(self._call("explain", {"task": task.id}), decodable(Explanation))
            except RotaError as error:
                if error.code != "no_task":
                    raise
                continue
            if told.state == "running" and "given" in told.why:
                self._since[task.id] = moment(told.why["given"], now, "given")

    def _follow_events(self) -> None:
        for _ in range(PAGES):
            page = msgspec.convert(self._call("list_events", {**self._from, "limit": EVENTS}), decodable(EventPage))
            self._from = {"cursor": page.cursor}
            self._events.extend(map(_line, page.events))
            if len(page.events) < EVENTS:
                return
        self._from = {"since": CLOSE}

    def _look_seldom(self, agents: list[AgentView]) -> None:
        queues = msgspec.convert(self._call("list_queues", {}), decodable(QueuePage)).queues
        self._queues = [
            QueueLine(name=queue.name, waiting=queue.waiting, running=queue.running, aside=queue.aside,
                      paused=queue.paused, reason=queue.reason)
            for queue in queues
        ]  # fmt: skip
        self._paces = []
        for minutes in WINDOWS:
            counts = msgspec.convert(self._call("get_statistics", {"minutes": minutes}), decodable(Statistics))
            self._states = {"ready": counts.waiting, "running": counts.running, **counts.aside}
            self._paces.append(Pace(counts.counts.get("done", 0), minutes * 60.0 + time.time() % 60))
            if finish(self._states, self._paces).seconds is not None:
                break
        self._apart = [apart for state in DECIDED if self._states.get(state) for apart in self._apart_in(state)]
        self._waits = self._why(agents)

    def _apart_in(self, state: str) -> list[Apart]:
        page = msgspec.convert(self._call("list_tasks", {"state": state, "limit": APART}), decodable(TaskPage))
        return [
            Apart(task=task.id, title=task.title, state=state, queue=task.queue, reason=task.reason or "")
            for task in page.tasks
        ]

    def _why(self, agents: list[AgentView]) -> list[Wait]:
        paused = [
            Wait(queue=queue.name, priority="", tasks=queue.waiting,
                 text="the queue is paused" + (f": {queue.reason}" if queue.reason else ""))
            for queue in self._queues if queue.paused and queue.waiting
        ]  # fmt: skip
        if not self._states.get("ready"):
            return paused
        if not agents:
            return [*paused, Wait(queue="", priority="", tasks=self._states["ready"], text="there is no agent")]
        ready = self._states["ready"]
        able = [agent for agent in agents if agent.barred is None]
        barred = [
            Wait(queue="", priority="", tasks=ready, text=agent.barred, agent=agent.name)
            for agent in agents
            if agent.barred and agent.running < agent.slots and not (able and agent.barred.startswith(SILENT))
        ][:BARRED]
        if not able:
            return [*paused, *barred]
        self._turn += 1
        asked = able[self._turn % len(able)].name
        told = msgspec.convert(self._call("explain_agent", {"agent": asked, "limit": 1}), decodable(AgentExplanation))
        refused = [
            Wait(queue=one.queue, priority=one.priority, tasks=one.waiting, text=one.text, agent=_whom(one.code, asked))
            for one in sorted(told.refused, key=lambda one: -one.waiting)
            if one.code != "paused"
        ]
        waits = [*paused, *barred, *refused[:APART]]
        if not waits and told.next:
            idle = any(agent.running < agent.slots and not agent.listening for agent in able)
            text = "agents with a free slot do not ask for work" if idle else "slots are busy; each in its turn"
            return [Wait(queue="", priority="", tasks=ready, text=text)]
        return waits


def _whom(code: str, agent: str) -> str | None:
    """Limits and faults hold for everybody."""
    return None if code.startswith("limit:") or code == "broken" else agent


def _agent(agent: AgentView, tasks: list[TaskView], since: dict[str, int], now: int) -> AgentLine:
    return AgentLine(
        name=agent.name,
        state=agent.state,
        healthy=agent.healthy,
        running=agent.running,
        slots=agent.slots if agent.slots_now is None else agent.slots_now,
        done=agent.done,
        failed=agent.failed,
        reason=agent.reason,
        barred=agent.barred,
        last_seen=agent.last_seen,
        work=[_work(task, agent.cost, since.get(task.id), now) for task in sorted(tasks, key=lambda task: task.id)],
    )


def _work(task: TaskView, cost: Cost | None, since: int | None, now: int) -> Work:
    lasted = None if since is None else max(0.0, (now - since) / 1_000_000)
    spent = None if cost is None or lasted is None else cost.per_hour * lasted / 3_600 + cost.per_task
    return Work(
        task=task.id,
        title=task.title,
        kind=task.kind,
        queue=task.queue,
        priority=task.promoted or task.priority,
        since_s=lasted,
        cost=spent,
        progress=task.progress,
    )


def _line(event: EventView) -> Line:
    agent = event.data.get("agent")
    return Line(
        at=event.at, kind=event.kind, tasks=event.tasks[:3], state=event.state,
        agent=agent if isinstance(agent, str) else None,
    )  # fmt: skip
