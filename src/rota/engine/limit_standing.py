"""How limits stand, for those who only look: nothing is locked or written."""

from __future__ import annotations

from typing import NamedTuple

from rota.engine.limits import Charged, Limit, Use, folded
from rota.planning.limit import PARTS, Gauge, Used, gauge, opens
from rota.store.protocol import Reader
from rota.store.sql import limits as sql
from rota.store.sql.limits import MeterRow

COUNTED = 10_000


class LimitStanding(NamedTuple):
    """A limit at one value of its key."""

    limit: Limit
    meter: MeterRow
    used: Used
    gauge: Gauge
    opens: int | None
    """When there is room for one more task; None = nobody knows."""
    waiting: int
    """Tasks in line, counted up to 10,000."""


def standings_of(reader: Reader, charged: Charged, now: int) -> dict[str, LimitStanding]:
    """How these limits stand, by name."""
    names = [(name,) for name in sorted(charged)]
    meters = {row[1]: MeterRow(*row) for row in reader.each(sql.METERS_OF, names)}
    uses: dict[str, list[Use]] = {}
    for row in reader.each(sql.USES_OF, names):
        uses.setdefault(row[1], []).append(Use(*row))
    running = _running(reader, charged)
    found = {}
    for (name,) in names:
        limit = charged[name]
        meter = meters.get(name) or MeterRow(0, name, limit.id, 0, 0, 0, 0)
        meter = folded(limit, meter, uses.get(name, ()), now)
        used = Used(meter.used, meter.began)
        if limit.measure.concurrency:
            used = Used(running.get(name, 0) * PARTS)
        each = limit.charged(meter.average)
        waiting = int(reader.one(sql.COUNT_IN_LINE, name, COUNTED)[0][0]) if limit.pattern.by_task else 0
        at = opens(limit.measure, used, each, now)
        found[name] = LimitStanding(limit, meter, used, gauge(limit.measure, used, each, now), at, waiting)
    return found


def _running(reader: Reader, charged: Charged) -> dict[str, int]:
    counted = [name for name in sorted(charged) if charged[name].measure.concurrency]
    by_task = {name for name in counted if charged[name].pattern.by_task}
    found: dict[str, int] = dict(reader.each(sql.COUNT_LEASE_LIMITS, [(n,) for n in counted if n not in by_task]))
    for name, _task, _amount in reader.each(sql.ADMITTED_OF, [(name,) for name in sorted(by_task)]):
        found[name] = found.get(name, 0) + 1
    return found
