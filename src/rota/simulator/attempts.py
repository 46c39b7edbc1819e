"""Simulated agents at work: each attempt takes its time, and ends well, badly, or without a word."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from rota.model.commands.work import Beat, Complete, Done, Fail, Failed, GiveBack, Heartbeat, Held
from rota.model.requirements import needs_of
from rota.model.task import Given
from rota.model.times import SECOND
from rota.simulator.chance import draw
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.live import Live

_FAILS, _CRASHES, _WHEN = range(3)
"""Questions of chance about an attempt."""
TOKENS = 1_000
HOUR_S = 3_600.0


class Attempt:
    """One task in an agent's hands."""

    __slots__ = ("agent", "began", "cost", "fails", "given", "gone", "live", "until")

    def __init__(
        self, given: Given, live: Live, agent: int, *, fails: bool, began: int, until: int, cost: float
    ) -> None:
        self.given = given
        self.live = live
        self.agent = agent
        self.fails = fails
        self.began = began
        self.until = until
        self.gone = False
        """It gave way before its end."""
        self.cost = cost


class Attempts:
    """All attempts under way, by the moment of their end. Times in microseconds."""

    def __init__(self, fleet: SimulatedFleet, seed: int, start: int) -> None:
        self._fleet = fleet
        self._seed = seed
        self._start = start
        self._heap: list[tuple[int, int, Attempt]] = []
        self._crashes: list[tuple[int, int, Attempt]] = []
        self._order = 0
        self._alive: dict[int, Attempt] = {}
        self.silent: set[int] = set()
        """Tasks in the hands of agents that crashed: their leases end by themselves."""
        self.cost = 0.0
        self._by_name = {agent.spec.name: index for index, agent in enumerate(fleet.agents)}

    def next_end(self) -> int | None:
        """When the next attempt ends or crashes."""
        ends = [heap[0][0] for heap in (self._heap, self._crashes) if heap]
        return min(ends, default=None)

    def begin(self, given: Given, live: Live, now: int) -> None:
        """An agent was given the task."""
        index = self._by_name[given.agent]
        agent = self._fleet.agents[index]
        ways = agent.behaviour
        duration = ways.duration_us(live.work.run_s, now - self._start)
        fails = crashes = False
        if ways.fail or ways.crash:
            share = ways.fail_share(agent.profile, needs_of(live.work.spec))
            fails = draw(self._seed, live.place, given.attempt, _FAILS) < share
            crashes = draw(self._seed, live.place, given.attempt, _CRASHES) < ways.crash
        if fails:
            duration = max(round(duration * ways.fail_after), 1)
        self._order += 1
        cost = self._price(index, live, duration)
        self.cost += cost
        attempt = Attempt(given, live, index, fails=fails, began=now, until=now + duration, cost=cost)
        self._alive[live.number] = attempt
        if crashes:
            at = now + max(round(duration * draw(self._seed, live.place, given.attempt, _WHEN)), 1)
            heappush(self._crashes, (at, self._order, attempt))
        else:
            heappush(self._heap, (attempt.until, self._order, attempt))

    def _price(self, index: int, live: Live, duration: int) -> float:
        cost = self._fleet.agents[index].spec.cost
        if cost is None:
            return 0.0
        return (
            cost.per_task + cost.per_hour * duration / SECOND / HOUR_S + cost.per_1k_tokens * live.work.tokens / TOKENS
        )

    def ended(self, now: int) -> tuple[list[Complete | Fail], int]:
        """What agents report now, and the agents whose slots that frees, a bit each."""
        while self._crashes and self._crashes[0][0] <= now:
            crashed = heappop(self._crashes)[2]
            if not crashed.gone:
                del self._alive[crashed.live.number]
                self.silent.add(crashed.live.number)
        done: list[Done] = []
        failed: list[Failed] = []
        freed = 0
        while self._heap and self._heap[0][0] <= now:
            attempt = heappop(self._heap)[2]
            if attempt.gone:
                continue
            del self._alive[attempt.live.number]
            freed |= 1 << attempt.agent
            given = attempt.given
            usage, cost = self._used(attempt)
            if attempt.fails:
                error = "it failed, as simulated"
                failed.append(Failed(task=given.task, token=given.token, error=error, usage=usage, cost=cost))
            else:
                done.append(Done(task=given.task, token=given.token, usage=usage, cost=cost))
        reports: list[Complete | Fail] = []
        if done:
            reports.append(Complete(outcomes=done))
        if failed:
            reports.append(Fail(outcomes=failed))
        return reports, freed

    def give_way(self, tasks: Sequence[int], now: int) -> GiveBack:
        """These were asked to give way to better ones, and do at once: what is left of them costs nothing."""
        held = []
        for number in tasks:
            attempt = self._alive.pop(number)
            attempt.gone = True
            left = (attempt.until - now) / max(attempt.until - attempt.began, 1)
            self.cost -= attempt.cost * left
            held.append(Held(task=attempt.given.task, token=attempt.given.token))
        return GiveBack(tasks=held)

    def _used(self, attempt: Attempt) -> tuple[dict[str, float], float | None]:
        """What is reported as used; where no limit counts it, nothing is, to save time."""
        if not self._fleet.limits:
            return {}, None
        tokens = attempt.live.work.tokens
        return ({"tokens": tokens} if tokens else {}), attempt.cost or None

    def heartbeats(self) -> list[Heartbeat]:
        """Every agent at work renews its leases."""
        beats: dict[str, list[Beat]] = {}
        for attempt in self._alive.values():
            given = attempt.given
            beats.setdefault(given.agent, []).append(Beat(task=given.task, token=given.token))
        return [Heartbeat(agent=name, beats=beats[name]) for name in sorted(beats)]
