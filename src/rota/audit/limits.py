"""What was used of every limit as the events tell it: no give may exceed one, and a used-up one must have been so.

Concurrency is counted from the leases the events tell of, rates and quotas are charged again by the same formulas the
plan uses. What a lease used beside its estimate stands in the `limit_used` events, and what was estimated by
experience in the plan's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from rota.audit.fleet import Fleet
from rota.audit.horizon import Horizon
from rota.audit.lanes import Lane, Lanes
from rota.audit.ledger import Hold
from rota.audit.report import Evidence
from rota.engine.limits import ALONE, TOGETHER, Charged, Limit, Limits, heir_of
from rota.model.limit import LimitSpec
from rota.planning.limit import PARTS, Gauge, Used, charge, correct, gauge
from rota.store.protocol import Reader
from rota.store.sql import audit as sql

KINDS = frozenset({"set_limit", "remove_limit", "reset_limit", "limit_used"})
"""Events that say something about limits."""
NOBODY = 0


class Moment(NamedTuple):
    """When something is judged: the event, its time, what one task was charged by experience, what was seen."""

    event: int
    at: int
    each: Mapping[str, int]
    horizon: Horizon | None = None


class LimitsTold:
    """Limits, and what was used of them so far."""

    def __init__(self, reader: Reader, fleet: Fleet, lanes: Lanes, evidence: Evidence) -> None:
        self._evidence = evidence
        self._fleet = fleet
        self._lanes = lanes
        self._tenants: dict[int, str] = dict(reader.one(sql.TENANTS))
        self._specs: dict[int, LimitSpec] = {}
        self._limits = Limits()
        self._charged: dict[tuple[int, int], Charged] = {}
        self._used: dict[str, Used] = {}
        self._of: dict[str, int] = {}
        """The limit that was charged last under each name."""
        self._running: dict[str, int] = {}
        self._ends: list[tuple[int, str]] = []
        """Leases ended by transactions that plans may not have seen yet, by limit; only where transactions overlap."""
        self._keys = {task: msgspec.json.decode(text, type=dict[str, int]) for task, text in reader.one(sql.KEYS)}
        """What tasks must be admitted to; it never changes."""
        self._inside: dict[tuple[str, int], set[int]] = {}
        """Tasks admitted, by the name and number of a limit: one that is set anew does not count earlier tasks."""

    def note(self, kind: str, at: int, data: dict[str, Any], holds: Iterable[Hold]) -> None:
        """An event changed a limit, or what was used. `holds` are the leases at that moment."""
        if kind == "limit_used":
            for name, uses in data["more"].items():
                self._correct(name, uses, at)
        elif kind == "reset_limit":
            self._used.update((name, Used(0, at)) for name in data["limits"])
        else:
            self._change(kind, data)
            self._running.clear()
            for hold in holds:
                self._count(hold, 1)

    def gave(self, moment: Moment, task: int, hold: Hold) -> None:
        """A plan gave a task: nothing may be exceeded by it."""
        for name, limit in self._charged_to(hold.lane, hold.agent).items():
            found = self._gauge(name, limit, moment)
            if not found.room:
                most = limit.measure.most
                told = f"{(most - found.left) / PARTS:g} of {most / PARTS:g} {limit.spec.unit} used"
                self._evidence.add("limit_exceeded", f"room in limit {name}", told, event=moment.event, task=task)
            if not limit.measure.concurrency:
                self._used[name] = charge(limit.measure, self._used.get(name, Used()), found.each, moment.at)
            self._of[name] = limit.id
        self._count(hold, 1)

    def ended(self, hold: Hold, xid: int | None) -> None:
        """A lease ended; `xid` where transactions overlap."""
        self._count(hold, -1)
        if xid is not None:
            self._ends += [(xid, name) for name in self._charged_to(hold.lane, hold.agent)]

    def begin(self, horizon: Horizon | None) -> None:
        """A plan begins: ends that every later plan has seen are forgotten."""
        if horizon is not None and self._ends:
            self._ends = [end for end in self._ends if end[0] >= horizon.xmin]

    def is_used_up(self, name: str, lane: Lane, moment: Moment) -> bool:
        """Whether tasks of the lane are charged to a limit of this name that had no room at this moment."""
        limit = self._charged_to(lane.id, NOBODY).get(name)
        if limit is None:
            return False
        found = self._gauge(name, limit, moment)
        if moment.horizon is not None and limit.measure.concurrency:
            # Leases whose end the plan had not seen were running as far as it could know.
            saw = moment.horizon.saw
            found.left -= PARTS * sum(1 for xid, other in self._ends if other == name and not saw(xid))
        return not found.room

    def keys_of(self, lane: Lane) -> frozenset[str]:
        """The keys that tasks of the lane are charged to."""
        needs = self._fleet.needs(lane.shape)
        queue, tenant = self._fleet.queue_name(lane.queue), self._tenants.get(lane.tenant, "")
        return self._limits.keys_of_lane(queue, tenant, needs.kind, needs.limits)

    def moved(self, event: int, task: int, inside: bool) -> None:
        """A task with keys of its own is ready or running (`inside`), or is so no more."""
        for name, number in self._keys.get(task, {}).items():
            tasks = self._inside.setdefault((name, number), set())
            limit = self._limits.every.get(number)
            if not inside:
                tasks.discard(task)
            elif task not in tasks:
                tasks.add(task)
                if limit is not None and limit.measure.concurrency and len(tasks) * PARTS > limit.measure.capacity:
                    found = f"{len(tasks)} tasks admitted, of {limit.spec.capacity:g}"
                    self._evidence.add("limit_exceeded", f"room in limit {name}", found, event=event, task=task)
                self._touched(event, task, name, number)

    def _touched(self, event: int, task: int, name: str, number: int) -> None:
        """What is held alone is held by nobody else at all."""
        other = {ALONE.id: TOGETHER.id, TOGETHER.id: ALONE.id}.get(number)
        if other is not None and self._inside.get((name, other)):
            found = f"{len(self._inside[name, other])} other tasks"
            self._evidence.add("limit_exceeded", f"nobody else who {name}", found, event=event, task=task)

    def _charged_to(self, lane: int, agent: int) -> Charged:
        """What a task of this lane in the hands of this agent is charged to."""
        known = self._lanes.known.get(lane)
        if not self._limits or known is None:
            return {}
        found = self._charged.get((lane, agent))
        if found is None:
            needs = self._fleet.needs(known.shape)
            queue, tenant = self._fleet.queue_name(known.queue), self._tenants.get(known.tenant, "")
            own = self._limits.of_lane(queue, tenant, needs.kind, needs.limits)
            name = self._fleet.agent_name(agent)
            found = {**own, **({} if name is None else self._limits.of_agent(name))}
            self._charged[lane, agent] = found
        return found

    def _change(self, kind: str, data: dict[str, Any]) -> None:
        number = int(data["id"])
        gone = self._limits.by_id.get(number)
        if kind == "set_limit":
            self._specs[number] = msgspec.convert(data["limit"], LimitSpec)
        else:
            self._specs.pop(number, None)
        self._limits = Limits((number, msgspec.json.encode(spec).decode()) for number, spec in self._specs.items())
        self._charged.clear()
        if kind == "remove_limit" and gone is not None and heir_of(self._limits, gone) is None:
            self._used = {name: used for name, used in self._used.items() if self._of.get(name) != number}

    def _correct(self, name: str, uses: list[list[int]], at: int) -> None:
        limit = self._limits.by_id.get(self._of.get(name, NOBODY))
        if limit is not None and not limit.measure.concurrency:
            for more, since in uses:
                self._used[name] = correct(limit.measure, self._used.get(name, Used()), more, since, at)

    def _gauge(self, name: str, limit: Limit, moment: Moment) -> Gauge:
        used = Used(self._running.get(name, 0) * PARTS) if limit.measure.concurrency else self._used.get(name, Used())
        return gauge(limit.measure, used, limit.charged(moment.each.get(name, 0)), moment.at)

    def _count(self, hold: Hold, n: int) -> None:
        for name, limit in self._charged_to(hold.lane, hold.agent).items():
            if limit.measure.concurrency:
                self._running[name] = self._running.get(name, 0) + n
