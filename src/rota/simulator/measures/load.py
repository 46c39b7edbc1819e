"""How busy agents are: over all time, while tasks wait that they could do, and evenly or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt

import msgspec

from rota.model.times import SECOND
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.measures.sketch import rounded

LEAST_UTILISATION = 0.05
"""Below it a variation says nothing."""


class PoolLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Agents that may do the same tasks."""

    agents: list[str]
    slots: int
    capacity: float
    """Seconds of work a second."""
    utilisation: float
    utilisation_waiting: float | None
    """While a task waited that they may do; None when none ever did."""
    waiting_s: float
    """Agent-seconds in which such a task waited, over the number of agents."""
    load_variation: float | None
    """Mean over windows of the capacity-weighted coefficient of variation of the agents' utilisation."""
    windows: int


class Load:
    """Slot-time of every agent. Agents are numbered as in the fleet; times are microseconds."""

    def __init__(self, fleet: SimulatedFleet, pools: Sequence[Sequence[int]], start: int, window: int) -> None:
        self._fleet = fleet
        self._slots = [agent.spec.slots for agent in fleet.agents]
        n = len(self._slots)
        self.running = [0] * n
        self._pools = pools
        self._since = [start] * n
        self._busy = [0] * n
        self._waited = [0] * n
        self._busy_waited = [0] * n
        self._waiting = 0
        """A bit for each agent for which a task waits."""
        self._start = start
        self._window = window
        self._window_end = start + window
        self._out_until = [start] * n
        """Until when an agent is out after failures: it is offered nothing then."""
        self._offered = [0] * n
        """Slot-time in this window in which the agent was not out, and how much of that it was busy."""
        self._used = [0] * n
        self._variation = [0.0] * (len(pools) + 1)
        self._windows = [0] * (len(pools) + 1)

    def pass_to(self, now: int) -> None:
        """Time goes on to `now`; windows that end on the way are closed."""
        while now >= self._window_end:
            for agent in range(len(self._slots)):
                self._settle(agent, self._window_end)
            self._close(self._window)
            self._window_end += self._window
            if not any(self.running) and now >= self._window_end:
                # Windows in which nobody works say nothing.
                self._window_end += (now - self._window_end) // self._window * self._window

    def change(self, agent: int, by: int, now: int) -> None:
        """The agent holds one task more or less."""
        self._settle(agent, now)
        self.running[agent] += by

    def out(self, agent: int, until: int, now: int) -> None:
        """The agent is out from now until that moment."""
        self._settle(agent, now)
        self._out_until[agent] = until

    def wait(self, waiting: int, now: int) -> None:
        """For these agents, a bit each, tasks wait from now on."""
        changed = waiting ^ self._waiting
        while changed:
            agent = (changed & -changed).bit_length() - 1
            self._settle(agent, now)
            changed &= changed - 1
        self._waiting = waiting

    def finish(self, now: int) -> None:
        """It is over. A last window of at least half the length counts, and so does an only one."""
        for agent in range(len(self._slots)):
            self._settle(agent, now)
        length = now - (self._window_end - self._window)
        if 2 * length >= self._window or (length > 0 and not self._windows[-1]):
            self._close(length)

    def _settle(self, agent: int, now: int) -> None:
        passed = now - self._since[agent]
        if passed:
            busy = passed * self.running[agent]
            self._busy[agent] += busy
            here = passed if self._since[agent] >= self._out_until[agent] else max(now - self._out_until[agent], 0)
            self._offered[agent] += here * self._slots[agent]
            self._used[agent] += here * self.running[agent]
            if self._waiting >> agent & 1:
                self._waited[agent] += passed
                self._busy_waited[agent] += busy
            self._since[agent] = now

    def _close(self, length: int) -> None:
        for place, pool in enumerate((*self._pools, range(len(self._slots)))):
            # Who was out for most of a window says nothing about how it was balanced.
            there = [at for at in pool if 2 * self._offered[at] >= self._slots[at] * length]
            found = variation([(self._slots[at], self._used[at], self._offered[at]) for at in there])
            if found is not None:
                self._variation[place] += found
                self._windows[place] += 1
        self._offered = [0] * len(self._slots)
        self._used = [0] * len(self._slots)

    def utilisation(self, now: int) -> float:
        """Busy over offered slot-time of all agents."""
        offered = sum(self._slots) * (now - self._start)
        return rounded(sum(self._busy) / offered) if offered else 0.0

    def utilisation_waiting(self) -> float | None:
        """The same over the time in which a task waited for the agent."""
        return self._while_waiting(range(len(self._slots)))

    def fleet_variation(self) -> float | None:
        """Load variation over all agents, whatever they may do."""
        return rounded(self._variation[-1] / self._windows[-1]) if self._windows[-1] else None

    def pool_variation(self) -> float | None:
        """Load variation of the eligibility pools, weighted by their slots; pools of one agent are left out."""
        known = [at for at in range(len(self._pools)) if self._windows[at]]
        slots = [sum(self._slots[agent] for agent in self._pools[at]) for at in known]
        if not known:
            return None
        means = (self._variation[at] / self._windows[at] for at in known)
        return rounded(sum(mean * n for mean, n in zip(means, slots, strict=True)) / sum(slots))

    def pools(self, now: int) -> list[PoolLoad]:
        """Each eligibility pool."""
        rows = []
        for place, pool in enumerate(self._pools):
            slots = sum(self._slots[agent] for agent in pool)
            offered = slots * (now - self._start)
            windows = self._windows[place]
            rows.append(
                PoolLoad(
                    agents=[self._fleet.agents[agent].spec.name for agent in pool],
                    slots=slots,
                    capacity=rounded(sum(self._fleet.agents[agent].capacity for agent in pool)),
                    utilisation=rounded(sum(self._busy[agent] for agent in pool) / offered) if offered else 0.0,
                    utilisation_waiting=self._while_waiting(pool),
                    waiting_s=rounded(sum(self._waited[agent] for agent in pool) / len(pool) / SECOND),
                    load_variation=rounded(self._variation[place] / windows) if windows else None,
                    windows=windows,
                )
            )
        return rows

    def _while_waiting(self, pool: Iterable[int]) -> float | None:
        listed = list(pool)
        offered = sum(self._slots[agent] * self._waited[agent] for agent in listed)
        return rounded(sum(self._busy_waited[agent] for agent in listed) / offered) if offered else None


def variation(loads: Sequence[tuple[int, int, int]]) -> float | None:
    """sqrt(sum(s (u - mean)^2) / sum(s)) / mean over (s = slots, busy, offered), u = busy / offered.

    None for fewer than two agents, and when the mean utilisation is below `LEAST_UTILISATION`.
    """
    offered = sum(load[2] for load in loads)
    if len(loads) < 2 or not offered:
        return None
    mean = sum(load[1] for load in loads) / offered
    if mean < LEAST_UTILISATION:
        return None
    squares = sum(slots * (busy / own - mean) ** 2 for slots, busy, own in loads)
    return sqrt(squares / sum(load[0] for load in loads)) / mean
