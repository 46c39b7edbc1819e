"""Limits as kept, and which of them a lane, an agent or a task is charged to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from rota.model.limit import CONCURRENCY, TASKS, LimitSpec, Pattern, named, pattern, payload_text, value_of
from rota.model.times import SECOND
from rota.planning.limit import PARTS, Measure, Used, correct
from rota.store.sql.limits import MeterRow


class Limit(NamedTuple):
    """A limit as kept."""

    id: int
    spec: LimitSpec
    pattern: Pattern
    measure: Measure
    each: int | None
    """What one task is charged, in millionths; None = what earlier ones used on average."""

    def charged(self, average: int) -> int:
        """What one more task is charged."""
        return average if self.each is None else self.each


def limit_of(number: int, spec: LimitSpec) -> Limit:
    """The limit of this number."""
    concurrency = spec.unit == CONCURRENCY
    period = None if spec.period is None else round(spec.period * SECOND)
    burst = None if spec.burst is None else round(spec.burst * PARTS)
    measure = Measure(round(spec.capacity * PARTS), period, burst, concurrency)
    each = PARTS if spec.unit in (CONCURRENCY, TASKS) else None
    if spec.estimate is not None:
        each = round(spec.estimate * PARTS)
    return Limit(number, spec, pattern(spec.key), measure, each)


ALONE = limit_of(-1, LimitSpec(key="touches alone", capacity=1))
TOGETHER = limit_of(-2, LimitSpec(key="touches together", capacity=1_000_000_000))
"""Not of the database: how a task holds what it touches, and the folders above that (see `touches`)."""

Charged = Mapping[str, Limit]
"""Limits by what they are called at the value of their key: `tenant:acme`, `openai tokens/60s`."""


class Limits:
    """All limits of a database."""

    def __init__(self, kept: Iterable[tuple[int, str]] = ()) -> None:
        """`kept` are rows of (number, specification as JSON)."""
        found = [limit_of(number, msgspec.json.decode(text, type=LimitSpec)) for number, text in kept]
        # One for all values of a key stands before one for a single value, which so takes its place.
        found.sort(key=lambda limit: ("{" not in limit.pattern.text, limit.spec.name))
        self.by_id = {limit.id: limit for limit in found}
        self.every = {**self.by_id, ALONE.id: ALONE, TOGETHER.id: TOGETHER}
        """With those that keep tasks apart by what they touch."""
        self._by_lane = [limit for limit in found if limit.pattern.by_lane]
        self._by_agent = [limit for limit in found if limit.pattern.by_agent]
        self.by_task = [limit for limit in found if limit.pattern.by_task]
        self.refusing = any(limit.spec.on_empty == "refuse" for limit in found)

    def __bool__(self) -> bool:
        return bool(self.by_id)

    def of_lane(self, queue: str, tenant: str, kind: str, names: Sequence[str]) -> Charged:
        """What tasks of this queue, tenant and kind are charged to that name these limits."""
        if not self._by_lane:
            return {}
        facts = {"queue": queue, "tenant": tenant, "kind": kind}
        found: dict[str, Limit] = {}
        for limit in self._by_lane:
            if limit.pattern.named:
                key = limit.pattern.text if limit.pattern.text in names else None
            else:
                key = value_of(limit.pattern, facts)
            if key is not None:
                found[named(key, limit.spec)] = limit
        return found

    def keys_of_lane(self, queue: str, tenant: str, kind: str, names: Sequence[str]) -> frozenset[str]:
        """The keys that such tasks are charged to, also where nothing limits them: a provider may park them."""
        facts = {"queue": queue, "tenant": tenant, "kind": kind}
        found = {*names, *(f"{field}:{value}" for field, value in facts.items())}
        of_several = (value_of(limit.pattern, facts) for limit in self._by_lane if not limit.pattern.named)
        return frozenset(found.union(key for key in of_several if key is not None))

    def of_agent(self, name: str) -> Charged:
        """What tasks in the hands of this agent are charged to."""
        keys = [(limit, value_of(limit.pattern, {"agent": name})) for limit in self._by_agent]
        return {named(key, limit.spec): limit for limit, key in keys if key is not None}

    def of_task(self, facts: Mapping[str, str | None], payload: Any) -> Charged:
        """What a task with these facts and payload must be admitted to."""
        found: dict[str, Limit] = {}
        for limit in self.by_task:
            own = {field: payload_text(payload, field) for field in limit.pattern.fields if field.startswith("payload")}
            key = value_of(limit.pattern, {**facts, **own})
            if key is not None:
                found[named(key, limit.spec)] = limit
        return found


def heir_of(limits: Limits, gone: Limit) -> Limit | None:
    """The limit for all values of a key that goes on counting what one for a single value counted."""
    if "{" in gone.pattern.text or not gone.pattern.fields:
        return None
    alike = (gone.pattern.fields, gone.spec.unit, gone.spec.period)
    found = (limit for limit in limits.by_id.values() if "{" in limit.pattern.text)
    return next((one for one in found if (one.pattern.fields, one.spec.unit, one.spec.period) == alike), None)


class Use(NamedTuple):
    """What a lease that ended used beside what was charged; `since` it was charged."""

    id: int
    key: str
    more: int
    actual: int | None
    since: int


LEARN = 5
"""One in so many of what a task used goes into the average."""


def folded(limit: Limit, meter: MeterRow, uses: Iterable[Use], now: int) -> MeterRow:
    """The meter once it is known what these leases really used."""
    for use in sorted(uses):
        had = Used(meter.used, meter.began)
        if use.more:
            had = correct(limit.measure, had, use.more, use.since, now)
        average = meter.average
        if use.actual is not None:
            average += (use.actual - average) // LEARN if average else use.actual
        meter = meter._replace(used=had.used, began=had.began, average=average)
    return meter
