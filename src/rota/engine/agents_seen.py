"""Agents as the plan sees them, for the plan itself and for everybody who asks it why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from rota.engine.book import ACTIVE, Agent, Book
from rota.engine.estimates import ANY_AGENT, ANY_KIND, Estimates
from rota.engine.health import HEALTHY_S, healthy
from rota.engine.owned import Served
from rota.engine.trouble_rows import NONE, Troubles
from rota.engine.troubles import seconds_since, slow_since
from rota.model.priority import BANDS
from rota.model.requirements import Requirements
from rota.model.times import SECOND, rfc3339
from rota.planning import snapshot as seen
from rota.planning.busy import faded, weight_of
from rota.planning.estimate import mean_s
from rota.planning.hours import is_open, next_change
from rota.planning.refusal import Refusal
from rota.planning.reserve import taken
from rota.planning.slow_start import next_slot_s, slots_so_far
from rota.planning.snapshot import KindRoom, Known, Reserved
from rota.planning.strategies import asks_history, weights_of
from rota.store.protocol import Reader
from rota.store.sql.leases import LANES_OF_AGENTS

_NONE_USED: dict[int, int] = {}
_NEW: Served = (0, 0.0, 0, 1.0, 0, 0)
"""Of an agent of whom nothing is known."""


class Look(NamedTuple):
    """What was read of a pool's agents."""

    reader: Reader
    book: Book
    now: int
    heard: Mapping[int, int]
    """When agents were heard from last, microseconds."""
    listening: Mapping[int, object]
    """Those that listen, and so live."""
    used: Mapping[int, Mapping[int, int]]
    """Slots in use by agent, with the moment each was taken."""
    served: Mapping[int, Served] = {}
    troubles: Troubles = NONE
    expected: Mapping[int, Mapping[str, Known]] = {}
    lanes: Mapping[int, Sequence[int]] = {}
    """The lanes of what agents have in their hands, where it matters what that is."""
    kept: Mapping[int, int] = {}
    """Free slots that are kept for tasks for which others gave way, by agent."""
    parked: Mapping[str, int] = {}
    """Limits that providers said are used up, and until when."""
    plain: bool = False
    """Of plain agents that listen nothing more need be looked at than how busy they are."""


def is_plain(look: Look, pool: int, agents: Iterable[Agent]) -> bool:
    """Whether nothing that was read of these listening agents bars one, or keeps slots or kinds of work from it."""
    read = look.troubles.streaks or look.troubles.breakers or look.expected or look.lanes or look.kept
    if read or look.book.pools[pool].policy.slow_start_s > 0:
        return False
    return not [agent for agent in agents if not agent.plain]


def lanes_in_hands(reader: Reader, agents: Iterable[Agent], troubles: Troubles) -> dict[int, list[int]]:
    """The lanes of what these agents have, of those whose filters depend on it."""
    asked = [
        (agent.id,)
        for agent in agents
        if not (agent.plain and not troubles.breakers) and _depends_on_lanes(agent, troubles)
    ]
    found: dict[int, list[int]] = {}
    if asked:
        for agent, lane in reader.each(LANES_OF_AGENTS, asked):
            found.setdefault(agent, []).append(lane)
    return found


def _depends_on_lanes(agent: Agent, troubles: Troubles) -> bool:
    if agent.spec.resources or agent.spec.reserve:
        return True
    return any(one.until for one in troubles.breakers.get(agent.id, {}).values())


def expectations(
    estimates: Estimates,
    agents: Collection[Agent],
    shapes: Iterable[Requirements],
    strategy: str,
    terms: Mapping[str, float],
) -> dict[int, dict[str, Known]]:
    """What is expected of each agent at each kind of work, where the strategy or a shape's `max_cost` asks for it."""
    history = asks_history(weights_of(strategy, terms))
    kinds = sorted({needs.kind for needs in shapes if history or needs.max_cost is not None})
    if not kinds:
        return {}
    keys = [(ANY_AGENT, ANY_KIND), *((ANY_AGENT, kind) for kind in kinds)]
    estimates.read([*keys, *((agent.id, kind) for agent in agents for kind in kinds)])
    found: dict[int, dict[str, Known]] = {}
    for agent in agents:
        for kind in kinds:
            belief = estimates.belief(agent.id, kind)
            found.setdefault(agent.id, {})[kind] = Known(mean_s(belief), belief.good)
    return found


def agent_seen(look: Look, agent: Agent) -> seen.Agent:
    """One agent at this moment."""
    number, spec, now = agent.id, agent.spec, look.now
    slots = look.used.get(number, _NONE_USED)
    served, busy_s, busy_at, mean_s, _done, _failed = look.served.get(number, _NEW)
    busy_s = faded(busy_s, (now - busy_at) / SECOND)
    if slots:
        busy_s += sum([weight_of((now - since) / SECOND) for since in slots.values()])
    found = seen.Agent(
        id=number,
        profile=agent.profile,
        slots=spec.slots,
        running=len(slots),
        weight=agent.weight,
        by_hand=spec.weight is not None,
        served=served,
        busy_s=busy_s,
        mean_s=mean_s,
    )
    if look.plain:
        return found
    troubles = look.troubles
    if not agent.plain or number not in look.listening or troubles.streaks:
        found.barred = barred(look, agent)
    if look.kept:
        found.kept = look.kept.get(number, 0)
    if look.expected:
        found.expected = look.expected.get(number, {})
    window_s = look.book.pools[agent.pool].policy.slow_start_s
    if window_s > 0:
        _slow_start(look, agent, found, window_s)
    if spec.reserve:
        found.reserved = _reserved(look, agent)
    lanes = look.lanes.get(number, ()) if look.lanes else ()
    if lanes:
        _in_hands(look, found, lanes)
    if troubles.breakers and number in troubles.breakers:
        found.kind_room = _kind_room(look, agent, lanes)
    return found


def barred(look: Look, agent: Agent) -> Refusal | None:
    """Why the agent gets nothing at all at this moment; None = nothing bars it."""
    name, now = agent.name, look.now
    if agent.state != ACTIVE:
        return Refusal("draining", f"{name} is draining")
    if agent.unwell is not None:
        return Refusal("unwell", f"{name} is unwell: {agent.unwell}", {"reason": agent.unwell})
    if agent.id not in look.listening and not healthy(look.heard.get(agent.id), now):
        return Refusal("unhealthy", f"{name} has not been heard of for {HEALTHY_S:.0f} s")
    hours = agent.spec.hours
    if hours and not is_open(hours, agent.spec.time_zone, now):
        facts = _until(next_change(hours, agent.spec.time_zone, now))
        return Refusal("off_hours", f"{name} works {', '.join(hours)} ({agent.spec.time_zone})", facts)
    until = look.parked.get(agent.spec.limit) if agent.spec.limit is not None else None
    if until is not None and until > now:
        text = f"limit {agent.spec.limit} of {name} is used up at its provider until {rfc3339(until)}"
        return Refusal("parked", text, {"until": until})
    streak = look.troubles.streaks.get(agent.id)
    if streak is not None and now < streak.until and look.book.pools[agent.pool].policy.eject_s > 0:
        facts = {"until": streak.until, "times": streak.times}
        return Refusal("ejected", f"{name} is out after failures in a row, until {rfc3339(streak.until)}", facts)
    return None


def _slow_start(look: Look, agent: Agent, found: seen.Agent, window_s: float) -> None:
    since_s = seconds_since(slow_since(agent.registered, look.troubles.streaks.get(agent.id)), look.now)
    if since_s >= window_s:
        return
    found.cap = slots_so_far(found.slots, since_s, window_s)
    later_s = next_slot_s(found.slots, since_s, window_s)
    found.cap_until = look.now + round(later_s * SECOND) if later_s else None


def _reserved(look: Look, agent: Agent) -> tuple[Reserved, ...]:
    found = []
    for one in agent.spec.reserve:
        if one.hours and not is_open(one.hours, agent.spec.time_zone, look.now):
            continue
        # A tenant that has no tasks yet has no number: nobody is entitled.
        tenant = None if one.tenant is None else look.book.known_tenant(look.reader, one.tenant) or -1
        found.append(Reserved(one.slots, None if one.priority is None else BANDS[one.priority], tenant))
    return tuple(found)


def _in_hands(look: Look, found: seen.Agent, lanes: Sequence[int]) -> None:
    """What of the agent is taken by what it has, besides slots."""
    used: dict[str, float] = {}
    for lane in lanes:
        key = look.book.lane_key(look.reader, lane)
        for name, amount in look.book.needs_of(look.reader, key.shape).resources:
            used[name] = used.get(name, 0.0) + amount
        found.reserved = taken(found.reserved, key.band, key.tenant)
    found.used = used


def _kind_room(look: Look, agent: Agent, lanes: Sequence[int]) -> dict[str, KindRoom]:
    if look.book.pools[agent.pool].policy.breaker_s <= 0:
        return {}
    kinds = [look.book.needs_of(look.reader, look.book.lane_key(look.reader, lane).shape).kind for lane in lanes]
    found = {}
    for kind, one in look.troubles.breakers[agent.id].items():
        room = one.room(look.now, kinds.count(kind))
        if room is not None:
            found[kind] = KindRoom(room, one.until if look.now < one.until else None)
    return found


def _until(moment: int | None) -> dict[str, int]:
    return {} if moment is None else {"until": moment}


def next_wake(agents: Iterable[seen.Agent], book: Book, now: int) -> int | None:
    """When one of these agents may be given more by the clock alone, microseconds; None = no clock matters."""
    found: list[int] = []
    for agent in agents:
        if agent.barred is None and agent.cap_until is None and not agent.kind_room and book.agents[agent.id].plain:
            continue
        if agent.barred is not None and agent.barred.until is not None:
            found.append(agent.barred.until)
        if agent.cap_until is not None and agent.running >= (agent.cap or 0):
            found.append(agent.cap_until)
        if agent.kind_room:
            found.extend(room.until for room in agent.kind_room.values() if room.until is not None)
        spec = book.agents[agent.id].spec
        if spec.reserve:
            changes = (next_change(one.hours, spec.time_zone, now) for one in spec.reserve if one.hours)
            found.extend(at for at in changes if at is not None)
    return min((at for at in found if at > now), default=None)
