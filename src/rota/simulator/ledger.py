"""Follows every task through the engine's own history, and measures on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from rota.model import state
from rota.model.event import Move
from rota.model.times import SECOND
from rota.simulator.bars import EVERYBODY, Bars, Hands
from rota.simulator.drive import Drive, Seen, SimulationFault
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.live import Group, Live
from rota.simulator.measures.fairness import Shares
from rota.simulator.measures.laws import Level, conserved, little
from rota.simulator.measures.load import Load
from rota.simulator.measures.series import Track
from rota.simulator.result import Bar, Laws
from rota.simulator.tally import Tally
from rota.store.protocol import Reader

MOST_BARS = 2_000
"""Attempts that are kept to be drawn; with more of them, none is."""


class LaneFacts(NamedTuple):
    """A lane: its band, and the agents that may serve it, a bit each."""

    band: int
    mask: int


class _Ejected(msgspec.Struct):
    """An agent is out after failures, until a moment in microseconds."""

    agent: int
    until: int


class _Kept(msgspec.Struct):
    """An agent was asked for a slot for this task, which gets it whatever else waits."""

    better: int
    agent: int


class Ledger:
    """All tasks that are not over, and what the others left in figures. Times in microseconds."""

    def __init__(
        self, drive: Drive, fleet: SimulatedFleet, tally: Tally, load: Load, shares: Shares, start: int
    ) -> None:
        self._drive = drive
        self._fleet = fleet
        self.tally = tally
        self.load = load
        self.shares = shares
        self.track = Track(start, 1)
        self.live: dict[int, Live] = {}
        self.system = Level(start)
        self.waiting = Level(start)
        self.busy = Level(start)
        self.inversions = 0
        self.checked = 0
        self.bars: list[Bar] | None = []
        self._start = start
        self._numbers: dict[int, int] = {}
        """Agent numbers of the engine -> of the fleet."""
        self._lanes: dict[int, LaneFacts] = {}
        self._counts: list[dict[int, int]] = [{} for _ in range(5)]
        """By band: ready tasks by the agents that may do them."""
        self._masks = [0] * 5
        """By band: agents for which some task waits, a bit each."""
        self._depths: dict[int, int] = {}
        """By lane: ready tasks."""
        self._bars = Bars(drive, self._numbers)
        self._barred: dict[int, int] = {}
        """By lane: agents that get none of its tasks for now, a bit each, as the engine says."""
        self._barred_until: int | None = None
        self._barred_shared = False
        """What any agent ends may let back in those that are barred."""
        self._lifted = 0
        """Agents whose bars what happened at this moment may have ended, a bit each."""
        self._hands: list[dict[int, int]] = [{} for _ in fleet.agents]
        """What each agent has: lanes by task."""
        self._kept: dict[int, int] = {}
        """Tasks for which another was asked to give way: the agent."""
        self._preempts = any(pool.preempt is not None for pool in fleet.pools.values())
        self.free = (1 << len(fleet.agents)) - 1
        """Agents with a free slot, a bit each."""
        self.ended: list[int] = []
        self.dead: list[int] = []
        """Ended tasks that can be forgotten, and those of them that are dead."""
        self.keep: Callable[[Live], bool] = lambda _live: False
        """Whether a later task may still name this one."""
        self.on_end: Callable[[Live, str, int], None] | None = None
        """Told of every task that ends: how, and when."""

    def know_agents(self) -> None:
        """The engine has numbered the agents."""
        book = self._drive.book
        for index, agent in enumerate(self._fleet.agents):
            self._numbers[book.agent(agent.spec.name).id] = index

    def arrive(self, live: Live, group: Group | None) -> None:
        """A task was let in."""
        self.live[live.number] = live
        self.system.change(1, self._drive.now)
        if group is not None:
            live.group = group
            group.left += 1
            group.numbers.append(live.number)

    def refuse(self, live: Live) -> None:
        """A task was not let in."""
        self.tally.refuse(live.band, live.tenant, due=live.deadline is not None)
        if self.on_end is not None:
            self.on_end(live, "refused", self._drive.now)

    def follow(self, events: list[Seen]) -> bool:
        """Take in what happened at this moment; whether any task moved."""
        now = self._drive.now
        moved = False
        for event in events:
            if event.kind == "eject":
                self._eject(msgspec.convert(event.data, _Ejected), now)
            elif event.kind == "keep_slot":
                kept = msgspec.convert(event.data, _Kept)
                self._kept[kept.better] = self._numbers[kept.agent]
            for move in event.moves:
                if event.kind == "fail":
                    self.tally.failed += move.last - move.first + 1
                elif event.kind == "lease_end":
                    self.tally.lost += move.last - move.first + 1
                    self._lifted = EVERYBODY
                for number in range(move.first, move.last + 1):
                    live = self.live.get(number)
                    if live is None:
                        raise SimulationFault(f"{event.kind} moved task {number}, which had ended or never came")
                    self._move(live, move, now)
                moved = True
        if self._barred and (self._lifted or (moved and self._preempts)):
            self.forget_bars(EVERYBODY if self._preempts else self._lifted)
        self._lifted = 0
        return moved

    @property
    def wanted(self) -> int:
        """Agents for which some task waits that they get when they have a free slot, a bit each."""
        if self._barred:
            found = 0
            for lane in self._depths:
                found |= self._lanes[lane].mask & ~self._barred.get(lane, 0)
            return found
        first, second, third, fourth, fifth = self._masks
        return first | second | third | fourth | fifth

    @property
    def bars_some(self) -> bool:
        """Whether any agent gets none of some tasks for now, as the engine says."""
        return bool(self._barred)

    def ask_why(self, agents: int) -> None:
        """These agents have a free slot, a task waits for each of them, and they were given none: who is barred?"""
        lanes = [lane for lane in self._depths if self._lanes[lane].mask & agents]
        found = self._bars.of(lanes)
        self._barred.update((lane, mask) for lane, mask in found.agents.items() if mask)
        self._barred_shared |= found.shared
        if found.until is not None:
            self._barred_until = found.until if self._barred_until is None else min(self._barred_until, found.until)

    def forget_bars(self, agents: int) -> None:
        """These agents, a bit each, ended something, or time went on: what barred them may be over."""
        if not self._barred:
            return
        over = self._barred_until is not None and self._drive.now >= self._barred_until
        if over or (agents and self._barred_shared):
            self._barred, self._barred_until, self._barred_shared = {}, None, False
            return
        left = ((lane, mask & ~agents) for lane, mask in self._barred.items() if lane in self._depths)
        self._barred = {lane: mask for lane, mask in left if mask}

    def look(self) -> None:
        """A moment is over."""
        now = self._drive.now
        waiting = self.wanted
        conserved(waiting, self.free, now)
        self.checked += 1
        self.load.wait(waiting, now)
        self.shares.look(now)
        self.track.look(self.waiting.value, self.busy.value, now)

    def laws(self, tasks: int, start: int, end: int) -> Laws:
        """Little's law for so many tasks that were let in; raises `LawBroken`."""
        tally = self.tally
        found = little(self.system, self.waiting, tally.in_system, tally.waited, tasks, start, end)
        return Laws(little=found, conservation_checked=self.checked)

    def unfinished(self, now: int) -> list[Live]:
        """What can never be done: counted as that. The tasks."""
        left = list(self.live.values())
        for live in left:
            if live.state == state.READY:
                live.waited += now - live.ready_at
            self.tally.end(live, "unfinished", now)
        return left

    def _eject(self, out: _Ejected, now: int) -> None:
        if out.agent in self._numbers:
            self.load.out(self._numbers[out.agent], out.until, now)

    def _move(self, live: Live, move: Move, now: int) -> None:
        if live.state == state.READY:
            self._stop_waiting(live, now)
        elif live.state == state.RUNNING:
            self._let_go(live, now, move.to)
        live.state = move.to
        if move.to == state.READY:
            self._wait(live, move.lane or 0, now)
        elif move.to == state.RUNNING:
            self._take(live, move, now)
        elif move.to in state.ENDED:
            self._end(live, now)

    def _wait(self, live: Live, lane: int, now: int) -> None:
        facts = self._lanes.get(lane) or self._look_up(lane)
        counts = self._counts[facts.band]
        had = counts.get(facts.mask, 0)
        counts[facts.mask] = had + 1
        if not had:
            self._masks[facts.band] |= facts.mask
        self._depths[lane] = self._depths.get(lane, 0) + 1
        live.lane, live.mask, live.ready_at = lane, facts.mask, now
        self.waiting.change(1, now)
        self.shares.wait(live.tenant, 1)

    def _stop_waiting(self, live: Live, now: int) -> None:
        facts = self._lanes[live.lane]
        counts = self._counts[facts.band]
        left = counts[facts.mask] - 1
        counts[facts.mask] = left
        if not left:
            del counts[facts.mask]
            mask = 0
            for other in counts:
                mask |= other
            self._masks[facts.band] = mask
        depth = self._depths[live.lane] - 1
        if depth:
            self._depths[live.lane] = depth
        else:
            del self._depths[live.lane]
        live.waited += now - live.ready_at
        self.waiting.change(-1, now)
        self.shares.wait(live.tenant, -1)

    def _take(self, live: Live, move: Move, now: int) -> None:
        agent = self._numbers[move.agent or 0]
        bit = 1 << agent
        band = self._lanes[live.lane].band
        kept = self._kept.pop(live.number, None) if self._kept else None
        passing = kept != agent and any(self._masks[better] & bit for better in range(band))
        if passing and self._passed_over(agent, band):
            self.inversions += 1
        self._hands[agent][live.number] = live.lane
        live.agent, live.slot, live.given_at = agent, move.slot or 0, now
        live.attempts += 1
        self.tally.attempts += 1
        self.load.change(agent, 1, now)
        if self.load.running[agent] >= self._fleet.agents[agent].spec.slots:
            self.free &= ~bit
        self.busy.change(1, now)
        self.shares.hold(live.tenant, 1, now)

    def _passed_over(self, agent: int, band: int) -> bool:
        """Whether a task of a better band waits that this agent, which was given another one, was not barred from."""
        bit = 1 << agent
        lanes = [lane for lane in self._depths if self._lanes[lane].band < band and self._lanes[lane].mask & bit]
        barred = self._bars.of(lanes, Hands(agent, list(self._hands[agent].values()))).agents
        return any(not barred[lane] & bit for lane in lanes)

    def _let_go(self, live: Live, now: int, to: int) -> None:
        agent = live.agent
        self.load.change(agent, -1, now)
        del self._hands[agent][live.number]
        self._lifted |= 1 << agent
        self.free |= 1 << agent
        self.busy.change(-1, now)
        self.shares.hold(live.tenant, -1, now)
        live.run = now - live.given_at
        self.tally.served(live, live.run)
        self._draw(live, now, state.STATES[to])

    def _draw(self, live: Live, now: int, outcome: str) -> None:
        if self.bars is None:
            return
        if len(self.bars) == MOST_BARS:
            self.bars = None
            return
        begin, end = (live.given_at - self._start) / SECOND, (now - self._start) / SECOND
        self.bars.append(Bar(live.agent, live.slot, begin, end, live.band, outcome))

    def _end(self, live: Live, now: int) -> None:
        how = state.STATES[live.state]
        self.tally.end(live, how, now)
        self.system.change(-1, now)
        del self.live[live.number]
        if self.on_end is not None:
            self.on_end(live, how, now)
        group = live.group
        if group is not None:
            self._leave_group(live, group, now)
        elif not self.keep(live):
            self._forget(live.number, live.state)

    def _leave_group(self, live: Live, group: Group, now: int) -> None:
        group.left -= 1
        group.repeated |= live.state != state.DONE or live.attempts != 1
        if live.state == state.DEAD:
            self.dead.append(live.number)
        if group.left == 0:
            self.tally.end_group(group, self.busy.up_to(now), now)
            self.ended.extend(group.numbers)

    def _forget(self, number: int, came_into: int) -> None:
        self.ended.append(number)
        if came_into == state.DEAD:
            self.dead.append(number)

    def _look_up(self, lane: int) -> LaneFacts:
        def facts(reader: Reader) -> LaneFacts:
            book = self._drive.book
            key = book.lane_key(reader, lane)
            needs = book.needs_of(reader, key.shape)
            return LaneFacts(key.band, self._fleet.eligible(needs, book.pools[key.pool].name))

        found: LaneFacts = self._drive.reading(facts)
        self._lanes[lane] = found
        return found
