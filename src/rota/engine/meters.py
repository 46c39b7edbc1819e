"""The limits of a pool's waiting lanes and listening agents: locked and read before a plan, charged after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized

import msgspec

from rota.engine.auto_slots import cap, fold_outcomes
from rota.engine.context import Context
from rota.engine.limits import Charged, Limit, folded
from rota.engine.meter_rows import locked_meters, taken_uses, written_meters
from rota.engine.timer_kinds import LIMIT
from rota.planning.limit import PARTS, Gauge, Used, charge, gauge, opens
from rota.planning.snapshot import Agent, Lane, Plan, Snapshot
from rota.store.sql import limits as sql
from rota.store.sql.leases import LeaseRow
from rota.store.sql.limits import MeterRow


class Meters:
    """What was used of some limits, each at one value of its key. Rows are locked until the turn ends."""

    def __init__(self, context: Context, charged: Charged) -> None:
        self._context = context
        self._limits = charged
        self._changed: set[str] = set()
        specs = {name: limit.id for name, limit in charged.items()}
        self.rows = locked_meters(context.transaction, charged, specs)
        self._fold()
        counted = [(name,) for name, limit in sorted(charged.items()) if limit.measure.concurrency]
        self._running: dict[str, int] = dict(context.transaction.each(sql.COUNT_LEASE_LIMITS, counted))

    def gauges(self) -> dict[str, Gauge]:
        """What is left of each."""
        return {name: self.gauge(name) for name in self._limits}

    def gauge(self, name: str) -> Gauge:
        """What is left of this one."""
        limit = self._limits[name]
        return gauge(limit.measure, self._used(name), self._each(name), self._context.now)

    def shut(self, names: Iterable[str]) -> str | None:
        """The first of these limits that has no room, if one has none."""
        return next((name for name in names if not self.gauge(name).room), None)

    def room(self, names: Iterable[str]) -> int | None:
        """How many more tasks these limits leave room for; None = they set no bound."""
        found = [self.gauge(name) for name in names]
        rooms = [0 if not one.room else one.left // one.each if one.each else None for one in found]
        return min((room for room in rooms if room is not None), default=None)

    def tightest(self, names: Iterable[str]) -> str:
        """The one of these limits that leaves room for the fewest tasks."""
        return min(names, key=lambda name: self.gauge(name).left // max(self._each(name), 1))

    def charge(self, tokens: Mapping[int, int], given: Mapping[int, Sequence[str]]) -> None:
        """These tasks were given out: charge each to its limits. `tokens` are those of their leases."""
        rows = []
        for task, names in given.items():
            for name in names:
                limit, each = self._limits[name], self._each(name)
                rows.append((task, name, tokens[task], each))
                if limit.measure.concurrency:
                    self._running[name] = self._running.get(name, 0) + 1
                else:
                    self._set(name, charge(limit.measure, self._used(name), each, self._context.now))
        self._context.transaction.each(sql.SET_LEASE_LIMIT, sorted(rows))

    def each_of(self, names: Iterable[str]) -> dict[str, int]:
        """What one task is charged to those of these limits where experience says it."""
        return {name: self._each(name) for name in sorted(set(names)) if self._limits[name].each is None}

    def close(self) -> None:
        """Once all is charged: write it down, see to it that used-up limits open, or ask for more."""
        context = self._context
        for name, limit in self._limits.items():
            at = opens(limit.measure, self._used(name), self._each(name), context.now)
            row = self.rows[name]
            if at is not None and at > context.now:
                context.changes.add_timer(at, LIMIT, row.id)
            asks = limit.spec.on_empty == "pause_and_ask" and (at is None or at > context.now)
            if asks != bool(row.asked):
                self.rows[name] = row._replace(asked=context.now if asks else 0)
                self._changed.add(name)
                if asks:
                    say_used_up(context, name, limit, row)
        written_meters(context.transaction, (self.rows[name] for name in self._changed))

    def _fold(self) -> None:
        """What ended leases really used. It goes on record, as what is left follows from it."""
        context = self._context
        uses = taken_uses(context.transaction, self._limits)
        if not uses:
            return
        for name, own in uses.items():
            self.rows[name] = folded(self._limits[name], self.rows[name], own, context.now)
            self._changed.add(name)
        told = {name: [[use.more, use.since] for use in sorted(own) if use.more] for name, own in sorted(uses.items())}
        context.changes.say("limit_used", None, more={name: more for name, more in told.items() if more})

    def _used(self, name: str) -> Used:
        if self._limits[name].measure.concurrency:
            return Used(self._running.get(name, 0) * PARTS)
        row = self.rows[name]
        return Used(row.used, row.began)

    def _set(self, name: str, used: Used) -> None:
        self.rows[name] = self.rows[name]._replace(used=used.used, began=used.began)
        self._changed.add(name)

    def _each(self, name: str) -> int:
        return self._limits[name].charged(self.rows[name].average)


class PoolMeters:
    """The meters of one plan: what its lanes and its listening agents are charged to."""

    def __init__(self, context: Context, lanes: Sequence[int], agents: Mapping[int, Sized]) -> None:
        """`agents` are those that listen, with their slots in use."""
        book = context.book
        self._slots = fold_outcomes(context, agents)
        self._meters: Meters | None = None
        self._by_lane: dict[int, Charged] = {}
        self._by_agent: dict[int, Charged] = {}
        if not book.limits:
            return
        self._by_lane = {lane: book.charged(context.transaction, lane) for lane in lanes}
        self._by_agent = {agent: book.limits.of_agent(book.agent_name(agent)) for agent in agents}
        every: dict[str, Limit] = {}
        for charged in (*self._by_lane.values(), *self._by_agent.values()):
            every.update(charged)
        if every:
            self._meters = Meters(context, every)

    @property
    def idle(self) -> bool:
        """No limit bounds any of these lanes and agents."""
        return self._meters is None and not self._slots

    def draw(self, pictured: Snapshot) -> Snapshot:
        """The picture with what limits leave for its lanes and agents."""
        if self.idle:
            return pictured
        pictured.plain = False
        for agent in pictured.agents:
            cap(agent, self._slots)
        if self._meters is None:
            return pictured
        for lane in pictured.lanes:
            self._mark(self._meters, lane)
        for agent in pictured.agents:
            self._cap(self._meters, agent)
        return msgspec.structs.replace(pictured, gauges=self._meters.gauges())

    def _mark(self, meters: Meters, lane: Lane) -> None:
        """Say what the lane is charged to, and bar it when that is used up."""
        lane.limits = tuple(self._by_lane[lane.id])
        shut = meters.shut(lane.limits)
        if shut is not None and lane.barred is None:
            lane.barred = f"limit:{shut}"

    def _cap(self, meters: Meters, agent: Agent) -> None:
        """An agent holds no more than the limits on it allow."""
        names = self._by_agent.get(agent.id)
        room = meters.room(names) if names else None
        if not names or room is None:
            return
        most = agent.running + room
        if agent.cap is None or most < agent.cap:
            agent.cap, agent.limited_by = most, meters.tightest(names)

    def charge(self, leases: Sequence[LeaseRow]) -> None:
        """These leases were given out."""
        if self._meters is None:
            return
        given = {lease.task: (*self._by_lane[lease.lane], *self._by_agent[lease.agent]) for lease in leases}
        tokens = {lease.task: lease.token for lease in leases}
        self._meters.charge(tokens, {task: names for task, names in given.items() if names})

    def facts(self, decided: Plan) -> dict[str, dict[str, int]]:
        """What the plan's event says of charges, beside what follows from the limits themselves."""
        if self._meters is None:
            return {}
        names = {name for charged in (*self._by_lane.values(), *self._by_agent.values()) for name in charged}
        each = self._meters.each_of(names) if decided.gives else {}
        return {"each": each} if each else {}

    def close(self) -> None:
        """After all is given and charged."""
        if self._meters is not None:
            self._meters.close()


def say_used_up(context: Context, name: str, limit: Limit, row: MeterRow) -> None:
    """Ask for more."""
    context.changes.say(
        "limit_asks", None, limit=name, unit=limit.spec.unit, used=row.used / PARTS, capacity=limit.spec.capacity
    )
