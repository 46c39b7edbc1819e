"""The plan: one total order over waiting tasks, each given to the best agent that may and listens.

The order is `(band, late, ahead, due, task)`, smallest first (see `order` and `fair`). A lane that nobody may serve is
parked with its reason and never hides another. Within a pool no slot goes to a task while the snapshot holds a task of
a better band that was eligible for that slot: tasks are taken strictly in order, and only a lane without any candidate
is passed over.
"""

from __future__ import annotations

from functools import partial

from rota.planning.candidates import Candidates, Everybody
from rota.planning.fair import Shares
from rota.planning.groups import Groups
from rota.planning.regret import give_group_by_regret
from rota.planning.snapshot import Give, Lane, Plan, Snapshot
from rota.planning.survey import survey
from rota.planning.turns import Turns, bands, shares_of
from rota.planning.wishes import Wishes

__all__ = ["plan", "survey"]


def plan(snapshot: Snapshot) -> Plan:
    """Give tasks to listening agents in the order of work until slots or tasks run out.

    Agents and listeners of the snapshot are used up: their counts are changed as tasks are given.
    """
    result = Plan()
    wishes = Wishes(snapshot)
    candidates = Everybody(snapshot, wishes)
    give_group = partial(give_group_by_regret, snapshot.now) if snapshot.matching == "regret" else _give_group
    for band, groups in bands(snapshot.lanes):
        if not wishes.slots:
            break
        shares = shares_of(snapshot, band, groups)
        for lanes in groups:
            starved = give_group(lanes, shares, wishes, candidates, result)
            if starved is not None:
                result.starved = (starved,)
                return result
        result.charges.update(shares.charges())
    result.refused = candidates.refused()
    result.passed = wishes.shut
    return result


def _give_group(
    lanes: list[Lane],
    shares: Shares,
    wishes: Wishes,
    candidates: Everybody,
    result: Plan,
) -> int | None:
    """Give from lanes of one band and lateness, by due date; a lane that ran out of heads though it has more."""
    turns = Turns(lanes, shares)
    groups = Groups(wishes, result)
    chosen_of: list[Candidates | None] = [None] * len(lanes)
    while wishes.slots and (place := turns.first()) is not None:
        _due, _task, index, at = place
        lane = lanes[index]
        chosen = chosen_of[index]
        if chosen is None:
            chosen = chosen_of[index] = candidates.of(lane)
        head = lane.heads[at]
        found = chosen.least(head) if not lane.limits or wishes.has_room(lane) else None
        if found is None:
            turns.leave(lane)
            continue
        score, agent = found
        charged = turns.charge(lane, head.cost)
        listener = wishes.take(agent, lane)
        given = Give(head.task, lane.id, head.due, agent.id, listener, score, *charged)
        result.gives.append(given)
        if head.group and lane.companions:
            groups.bring(given, head, lane, agent, chosen, turns.charge)
        if turns.go_on(lane, index, groups.after(lane, at) if groups.given else at + 1):
            continue
        if lane.more and wishes.slots and chosen.least(head) is not None:
            return lane.id
        turns.leave(lane)
    return None
