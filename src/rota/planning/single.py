"""The smallest plans: one slot for what waits, or one task for who listens. They are the most frequent by far.

What `plan` would decide, without the heaps and shares that only matter once a second task is given.
"""

from __future__ import annotations

from collections.abc import Sequence

from rota.planning.candidates import fitting
from rota.planning.score import scorer, tie
from rota.planning.snapshot import Agent, Give, Lane, Plan, Snapshot
from rota.planning.strategies import weights_of
from rota.planning.terms import TERMS, Scene
from rota.planning.wishes import open_now


def single(snapshot: Snapshot, lanes: Sequence[Lane]) -> Plan | None:
    """The plan over these lanes where it gives one task, and scores alone decide to whom; None = look closer.

    Nothing of the snapshot is used up.
    """
    showing = [lane for lane in lanes if lane.heads]
    if not showing or snapshot.matching == "regret" or not _one_at_most(snapshot, showing):
        return None
    lane = min(showing, key=_turn)
    shared = any((one.tenant, one.share) != (lane.tenant, lane.share) for one in showing if one.band == lane.band)
    if shared or _looks_closer(snapshot, lane):
        return None
    found = _best(snapshot, lane)
    if found is None:
        return None
    score, agent = found
    head = lane.heads[0]
    listener = next(one.id for one in snapshot.listeners if one.n > 0 and agent.id in one.agents)
    return Plan(gives=[Give(head.task, lane.id, head.due, agent.id, listener, score)])


def _one_at_most(snapshot: Snapshot, showing: list[Lane]) -> bool:
    if len(showing) == 1 and len(showing[0].heads) == 1 and not showing[0].more:
        return True
    return sum([listener.n for listener in snapshot.listeners]) == 1


def _turn(lane: Lane) -> tuple[int, bool, int, int]:
    return lane.band, lane.late, lane.heads[0].due, lane.heads[0].task


def _looks_closer(snapshot: Snapshot, lane: Lane) -> bool:
    """Whether more than free slots and the scores of such tasks decides."""
    needs, head = snapshot.shapes[lane.shape], lane.heads[0]
    if lane.limits or needs.resources or needs.max_cost is not None or (head.group and lane.companions):
        return True
    if not snapshot.plain and any(one.barred is not None or one.reserved or one.kind_room for one in snapshot.agents):
        return True
    looks = {TERMS[term].looks for term in weights_of(snapshot.strategy, snapshot.terms)}
    return "task" in looks or (head.affinity != 0 and "affinity" in looks)


def _best(snapshot: Snapshot, lane: Lane) -> tuple[float, Agent] | None:
    """Of those who listen and have a slot the one with the least score."""
    every = fitting(snapshot, lane.shape)
    free = open_now(every, [listener for listener in snapshot.listeners if listener.n > 0], plain=snapshot.plain)
    if not free:
        return None
    scene = Scene(snapshot.shapes[lane.shape], every, snapshot.seed)
    scores = list(map(scorer(weights_of(snapshot.strategy, snapshot.terms), scene), free))
    least = min(scores)
    if scores.count(least) == 1:
        return least, free[scores.index(least)]
    equals = [agent for agent, score in zip(free, scores, strict=True) if score == least]
    return least, min(equals, key=lambda agent: (tie(snapshot.seed, agent.id), agent.id))
