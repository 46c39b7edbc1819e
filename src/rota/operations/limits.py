"""Showing limits, and saying how one is used up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rota.engine.book import Book
from rota.engine.limit_standing import LimitStanding, standings_of
from rota.engine.limits import Limit
from rota.engine.touches import is_place
from rota.model import bounds, check
from rota.model.commands.limits import GetLimit, LimitPage, ListLimits
from rota.model.ids import task_id
from rota.model.limit import LimitUse, LimitView, no_limit
from rota.model.times import maybe_rfc3339, rfc3339
from rota.planning.limit import PARTS, left
from rota.planning.snapshot import Agent
from rota.store.protocol import Reader
from rota.store.sql import limits as sql
from rota.store.sql.limits import MeterRow
from rota.store.sql.waiting import PARKED_LIMITS

FEW, MANY = 100, 1_000


def listed(reader: Reader, book: Book, request: ListLimits, now: int) -> LimitPage:
    """All limits by name."""
    del request
    limits = sorted(book.limits.by_id.values(), key=lambda limit: limit.spec.name)
    return LimitPage(limits=[_view(reader, limit, FEW, now) for limit in limits], parked=_parked(reader, now))


def get(reader: Reader, book: Book, request: GetLimit, now: int) -> LimitPage:
    """The limits of one key."""
    key = check.text(request.key, "key", bounds.KEY, empty=False)
    found = [limit for limit in book.limits.by_id.values() if key in (limit.spec.key, limit.spec.name)]
    parked = {name: until for name, until in _parked(reader, now).items() if name == key}
    if not found and not parked:
        raise no_limit(key)
    found.sort(key=lambda limit: limit.spec.name)
    return LimitPage(limits=[_view(reader, limit, MANY, now) for limit in found], parked=parked)


def line_of(reader: Reader, book: Book, task: int, now: int) -> tuple[str, str, list[str]] | None:
    """The limit a task stands in line for, as a code, a sentence and the tasks that are in; None when it does not."""
    for _task, name in reader.each(sql.LINE_OF, [(task,)]):
        inside = sorted(one for _name, one, _amount in reader.each(sql.ADMITTED_OF, [(name,)]))
        ids = [task_id(one) for one in inside]
        if is_place(name):
            return f"limit:{name}", _in_the_way(name, ids), ids
        text = f"stands in line for limit {name}"
        for row in reader.each(sql.METERS_OF, [(name,)]):
            limit = book.limits.by_id.get(MeterRow(*row).spec)
            if limit is not None:
                text += f": {said(name, standings_of(reader, {name: limit}, now)[name])}"
        return f"limit:{name}", text, ids
    return None


def _in_the_way(name: str, ids: Sequence[str]) -> str:
    if not ids:
        return f"{name}, for which others stand in line before it"
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"{name}, which {', '.join(ids[:5])}{more} {'has' if len(ids) == 1 else 'have'}"


def said(name: str, found: LimitStanding) -> str:
    """How the limit is used up."""
    limit, spec = found.limit, found.limit.spec
    used = (limit.measure.most - found.gauge.left) / PARTS
    text = f"limit {name} is used up: {used:g} of {limit.measure.most / PARTS:g} {spec.unit}"
    if found.opens is not None:
        return f"{text}, until {rfc3339(found.opens)}"
    if limit.measure.concurrency:
        return f"{text}, until one ends"
    return f"{text}; raise it with set_limit, or start it anew with reset_limit"


def capped(reader: Reader, book: Book, agents: Iterable[Agent], now: int) -> None:
    """Say of agents how many tasks the limits on them allow."""
    for agent in agents:
        charged = book.limits.of_agent(agent.profile.name)
        for name, found in standings_of(reader, charged, now).items():
            one = found.gauge
            room = 0 if not one.room else one.left // one.each if one.each else agent.slots
            if agent.running + room < (agent.slots if agent.cap is None else agent.cap):
                agent.cap, agent.limited_by, agent.cap_until = agent.running + room, name, found.opens


def _parked(reader: Reader, now: int) -> dict[str, str]:
    return {key: rfc3339(until) for key, until in sorted(reader.one(PARKED_LIMITS, now))}


def _view(reader: Reader, limit: Limit, most: int, now: int) -> LimitView:
    names = [row[1] for row in reader.one(sql.METERS_OF_SPEC, limit.id, "", most)]
    found = standings_of(reader, dict.fromkeys(names, limit), now)
    return LimitView(name=limit.spec.name, limit=limit.spec, uses=[_use(found[name], now) for name in names])


def _use(found: LimitStanding, now: int) -> LimitUse:
    measure = found.limit.measure
    rest = left(measure, found.used, now)
    return LimitUse(
        key=found.meter.key,
        used=(measure.most - rest) / PARTS,
        left=max(rest, 0) / PARTS,
        opens=None if found.opens == now else maybe_rfc3339(found.opens),
        waiting=found.waiting,
        asked=maybe_rfc3339(found.meter.asked or None),
    )
