"""Slots that were freed for a task and are kept for it: it is given before anything else is planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rota.planning.for_now import Asked, refusal_now
from rota.planning.snapshot import Agent, Give, Lane, Snapshot
from rota.planning.wishes import Wishes


class Kept(NamedTuple):
    """A free slot of an agent, and the waiting task that is to have it."""

    task: int
    agent: int
    lane: int
    due: int


def give_kept(snapshot: Snapshot, kept: Sequence[Kept]) -> list[Give]:
    """The tasks whose agents listen, to these agents. Agents, listeners and gauges are used up, as by a plan.

    `Agent.kept` counts the slots before; those that stay kept are still counted after.
    """
    if not kept:
        return []
    agents = {agent.id: agent for agent in snapshot.agents}
    lanes = {lane.id: lane for lane in snapshot.lanes}
    gives = []
    for one in sorted(kept, key=lambda one: (one.lane not in lanes or lanes[one.lane].band, one.due, one.task)):
        agent, lane = agents.get(one.agent), lanes.get(one.lane)
        if agent is None or lane is None or lane.barred is not None:
            continue
        listener = _taken(snapshot, agent, lane)
        if listener is not None:
            gives.append(Give(one.task, lane.id, one.due, agent.id, listener, 0.0))
    return gives


def _taken(snapshot: Snapshot, agent: Agent, lane: Lane) -> int | None:
    agent.kept -= 1
    wishes = Wishes(snapshot)
    may = refusal_now(agent, Asked(snapshot.shapes[lane.shape], lane.band, lane.tenant)) is None
    if may and wishes.listens(agent) and wishes.has_room(lane):
        return wishes.take(agent, lane)
    agent.kept += 1
    return None
