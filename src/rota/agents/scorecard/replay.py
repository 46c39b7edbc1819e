"""The events of a run played again: how long tasks waited, who was at work when, when there was work for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from rota.agents.scorecard.record import Record, micros
from rota.agents.scorecard.spans import Span, Spans, Switch, common, union, without
from rota.model.agent import AgentView
from rota.model.event import EventView, MoveView
from rota.model.ids import task_number
from rota.model.requirements import Requirements, needs_of
from rota.model.task import TaskView
from rota.planning.filter import refusal
from rota.planning.snapshot import Profile

STOPPED_S = 10.0
"""Where several nodes share a database, a silence this long before a node starts counts as a standstill, seconds."""


class Ask(NamedTuple):
    """What a task asks for: tasks that are the same to the plan. `avoid` is set for a while after a failure."""

    queue: str
    needs: Requirements


class _Ready(NamedTuple):
    since: int
    ask: Ask


class _Running(NamedTuple):
    agent: str
    slot: int
    since: int


class Replay:
    """Times are microseconds. Everything is as of the last event."""

    def __init__(self, record: Record) -> None:
        self.waits: list[int] = []
        """Queue time of each attempt at the run's tasks."""
        self._leases: dict[str, dict[int, list[Span]]] = {}
        self._record = record
        self._asks = {number: _ask_of(task) for number, task in record.tasks.items()}
        self._lanes: dict[int, int] = {}
        self._last_agent: dict[int, str] = {}
        self._ready: dict[int, _Ready] = {}
        self._running: dict[int, _Running] = {}
        self._waiting: dict[Ask, int] = {}
        self._in_work: dict[Ask, int] = {}
        self._waits_for: dict[Ask, Switch] = {}
        self._works_on: dict[Ask, Switch] = {}
        self._up: dict[str, Switch] = {}
        self._known: dict[str, AgentView] = dict(record.agents)
        self._paused: set[str] = _paused_at_first(record)
        self._still: Spans = []
        self._first = micros(record.events[0].at) if record.events else 0
        self._before = 0
        self.until = 0
        """The moment of the last event."""
        for event in record.events:
            self._play(event)
        for running in self._running.values():
            self._note_lease(running, self.until)

    @property
    def agents(self) -> list[AgentView]:
        """Agents that registered or had a task while the run went on, by name."""
        names = sorted(self._up.keys() & self._known.keys())
        return [self._known[name] for name in names]

    def elapsed(self) -> Spans:
        """From the first event to the last, standstills left out."""
        return without([(self._first, self.until)], self._still)

    def asks(self, agent: AgentView) -> frozenset[Ask]:
        """What of the run this agent may do."""
        skills, resources = tuple(sorted(agent.skills.items())), tuple(sorted(agent.resources.items()))
        profile = Profile(agent.name, agent.role, agent.region, skills, resources, agent.cost)
        queues = self._record.queues
        return frozenset(
            ask
            for ask in set(self._asks.values())
            if queues[ask.queue].policy.pool == agent.pool and refusal(profile, ask.needs) is None
        )

    def busy(self, agent: str) -> list[Spans]:
        """When it had a task, of this run or another, slot by slot."""
        return [union(leases) for leases in self._leases.get(agent, {}).values()]

    def up(self, agent: str) -> Spans:
        """When it could be given tasks, standstills left out."""
        return without(self._up[agent].spans(self.until), self._still)

    def work(self, asks: Iterable[Ask] | None = None) -> Spans:
        """When such a task of the run, or any, waited or was at work, standstills left out."""
        wanted = None if asks is None else {_plain(ask) for ask in asks}
        switches = [
            switch
            for switches in (self._waits_for, self._works_on)
            for ask, switch in switches.items()
            if wanted is None or _plain(ask) in wanted
        ]
        spans = union(span for switch in switches for span in switch.spans(self.until))
        return without(spans, self._still)

    def waited_for(self, agent: AgentView) -> Spans:
        """When a task of the run waited that this agent might have been given."""
        may = self.asks(agent)
        switches = [
            switch
            for ask, switch in self._waits_for.items()
            if _plain(ask) in may and agent.name not in ask.needs.avoid
        ]
        spans = union(span for switch in switches for span in switch.spans(self.until))
        return common(spans, self.up(agent.name))

    def _play(self, event: EventView) -> None:
        at = micros(event.at)
        if at > self.until:
            self._before, self.until = self.until, at
        if event.kind == "node_started":
            self._start(at)
        self._follow_agents(event, at)
        if event.kind in ("pause", "resume"):
            self._pause(str(event.data.get("queue")), event.kind == "pause", at)
        for move in event.moves:
            for number in _numbers(move):
                self._move(number, move, event.kind, at)

    def _start(self, at: int) -> None:
        """A node started. The only one: nothing went on since the last event, and every agent has to come again.

        The same turn may have taken tasks back before, so the last event is one of an earlier moment.
        """
        if self._before and (not self._record.shared or at - self._before > STOPPED_S * 1_000_000):
            self._still = union([*self._still, (self._before, at)])
        if not self._record.shared:
            for switch in self._up.values():
                switch.set(False, at)

    def _follow_agents(self, event: EventView, at: int) -> None:
        name = event.data.get("agent")
        if not isinstance(name, str):
            return
        if event.kind in ("register", "resume_agent"):
            self._up.setdefault(name, Switch()).set(True, at)
        elif event.kind in ("drain", "remove_agent") and name in self._up:
            self._up[name].set(False, at)

    def _pause(self, queue: str, paused: bool, at: int) -> None:
        (self._paused.add if paused else self._paused.discard)(queue)
        for ask in self._waiting:
            if ask.queue == queue:
                self._switch(ask, at)

    def _move(self, number: int, move: MoveView, kind: str, at: int) -> None:
        waited = self._leave(number, at)
        if move.to == "running" and move.agent is not None:
            if waited is not None:
                self.waits.append(waited)
            self._running[number] = _Running(move.agent, move.slot or 0, at)
            self._last_agent[number] = move.agent
            self._up.setdefault(move.agent, Switch()).set(True, at)
        if number not in self._asks:
            return
        if move.to == "ready":
            self._come(number, move, kind, at)
        elif move.to == "running":
            self._count(self._in_work, self._works_on, self._asks[number], 1, at)

    def _leave(self, number: int, at: int) -> int | None:
        """It leaves where it was; how long it was ready, if it was."""
        ready = self._ready.pop(number, None)
        running = self._running.pop(number, None)
        if running is not None:
            self._note_lease(running, at)
            if number in self._asks:
                self._count(self._in_work, self._works_on, self._asks[number], -1, at)
        if ready is None:
            return None
        self._waiting[ready.ask] -= 1
        self._switch(ready.ask, at)
        return at - ready.since

    def _note_lease(self, running: _Running, until: int) -> None:
        slots = self._leases.setdefault(running.agent, {})
        slots.setdefault(running.slot, []).append((running.since, until))

    def _come(self, number: int, move: MoveView, kind: str, at: int) -> None:
        """It is ready. In a lane that is not its own it is kept from the agent that failed it last."""
        ask = self._asks[number]
        if move.lane is not None:
            own = self._lanes.setdefault(number, move.lane)
            if kind == "edit":
                self._lanes[number] = move.lane
            elif move.lane != own and number in self._last_agent:
                ask = ask._replace(needs=_avoiding(ask.needs, self._last_agent[number]))
        self._ready[number] = _Ready(at, ask)
        self._waiting[ask] = self._waiting.get(ask, 0) + 1
        self._switch(ask, at)

    def _switch(self, ask: Ask, at: int) -> None:
        waits = self._waiting.get(ask, 0) > 0 and ask.queue not in self._paused
        self._waits_for.setdefault(ask, Switch()).set(waits, at)

    @staticmethod
    def _count(counts: dict[Ask, int], switches: dict[Ask, Switch], ask: Ask, n: int, at: int) -> None:
        counts[ask] = counts.get(ask, 0) + n
        switches.setdefault(ask, Switch()).set(counts[ask] > 0, at)


def _numbers(move: MoveView) -> range:
    return range(task_number(move.first), task_number(move.last) + 1)


def _ask_of(task: TaskView) -> Ask:
    return Ask(task.queue, needs_of(task))


def _avoiding(needs: Requirements, agent: str) -> Requirements:
    return replace(needs, avoid=(agent,))


def _plain(ask: Ask) -> Ask:
    return ask._replace(needs=replace(ask.needs, avoid=())) if ask.needs.avoid else ask


def _paused_at_first(record: Record) -> set[str]:
    """Which queues were paused before the first event: as they are now, but for those that were changed since."""
    paused = {name for name, queue in record.queues.items() if queue.paused}
    for event in reversed(record.events):
        if event.kind == "pause":
            paused.discard(str(event.data.get("queue")))
        elif event.kind == "resume":
            paused.add(str(event.data.get("queue")))
    return paused
