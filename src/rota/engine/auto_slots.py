"""Agents whose slots are found out (see `planning.auto_slots`): what they may use now is a meter of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sized

from rota.engine.book import Agent
from rota.engine.context import Context
from rota.engine.meter_rows import locked_meters, taken_uses
from rota.model.limit import AUTO_SLOTS
from rota.planning import snapshot as seen
from rota.planning.auto_slots import after
from rota.planning.limit import PARTS
from rota.store.protocol import Reader
from rota.store.sql import limits as sql
from rota.store.sql.limits import MeterRow

GOOD, TOO_MANY = 1, -1
_SAYS = {"done": GOOD, "lost": TOO_MANY, "limited": TOO_MANY}
"""Outcomes that say something of how many tasks at once an agent can do."""


def note_outcome(context: Context, agent: int, outcome: str) -> None:
    """Keep what the end of an attempt says; the next plan folds it."""
    known = context.book.agents.get(agent)
    if known is not None and known.spec.least_slots is not None and outcome in _SAYS:
        context.changes.uses.append((AUTO_SLOTS + known.name, _SAYS[outcome], None, context.now))


def slots_now(reader: Reader, agents: list[Agent]) -> dict[int, int]:
    """How many slots each of these agents may use, for those whose slots are found out."""
    found = {AUTO_SLOTS + agent.name: agent for agent in agents if agent.spec.least_slots is not None}
    slots = {agent.id: agent.spec.least_slots or 1 for agent in found.values()}
    for row in reader.each(sql.METERS_OF, [(key,) for key in sorted(found)]):
        meter = MeterRow(*row)
        agent = found[meter.key]
        slots[agent.id] = _whole(meter.used, agent)
    return slots


def fold_outcomes(context: Context, used: Mapping[int, Sized]) -> dict[int, int]:
    """Learn from what ended since the last plan. `used` are the slots in use by agent; answers as `slots_now`."""
    agents = {AUTO_SLOTS + agent.name: agent for agent in _found_out(context, used)}
    if not agents:
        return {}
    transaction = context.transaction
    meters = locked_meters(transaction, agents, {})
    uses = taken_uses(transaction, agents)
    slots: dict[int, int] = {}
    written = []
    for key, agent in sorted(agents.items()):
        kept = meters[key].used if key in meters else 0
        own = uses.get(key, [])
        # The tasks that ended together were all in its hands when the first of them ended.
        outcomes = [(use.more == GOOD, len(used[agent.id]) + len(own) - at) for at, use in enumerate(own)]
        least, most = agent.spec.least_slots or 1, agent.spec.slots
        now = round(after(kept / PARTS, outcomes, least, most) * PARTS)
        slots[agent.id] = _whole(now, agent)
        if slots[agent.id] != _whole(kept, agent):
            context.changes.say("slots", None, agent=agent.id, slots=slots[agent.id])
        if now != kept:
            written.append((key, now, 0, 0, 0))
    transaction.add(sql.ADD_METER, [(row[0], 0) for row in written if row[0] not in meters])
    transaction.each(sql.SET_METERS, written)
    return slots


def cap(agent: seen.Agent, slots: Mapping[int, int]) -> None:
    """The agent is given no more than it may use now."""
    most = slots.get(agent.id)
    if most is not None and most < (agent.slots if agent.cap is None else agent.cap):
        agent.cap, agent.limited_by = most, AUTO_SLOTS + agent.profile.name


def _found_out(context: Context, used: Mapping[int, Sized]) -> list[Agent]:
    if not context.book.finds_slots:
        return []
    agents = [context.book.agents[number] for number in used if number in context.book.agents]
    return [agent for agent in agents if agent.spec.least_slots is not None]


def _whole(parts: int, agent: Agent) -> int:
    return min(max(parts // PARTS, agent.spec.least_slots or 1), agent.spec.slots)
