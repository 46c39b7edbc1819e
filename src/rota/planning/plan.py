"""The plan: one total order over waiting tasks, each given to the best agent that may and listens.

The order is `(band, late, ahead, due, task)`, smallest first (see `order` and `fair`). A lane that nobody may serve is
parked with its reason and never hides another. Within a pool no slot goes to a task while the snapshot holds a task of
a better band that was eligible for that slot: tasks are taken strictly in order, and only a lane without any candidate
is passed over.
"""

from __future__ import annotations

from functools import partial
from heapq import heapify, heappop, heappush, heapreplace

from rota.planning.candidates import Candidates, Everybody
from rota.planning.fair import Eligible, Shares
from rota.planning.groups import Groups
from rota.planning.regret import give_group_by_regret
from rota.planning.snapshot import Give, Lane, Plan, Snapshot
from rota.planning.survey import survey
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
    for band, groups in _bands(snapshot):
        if not wishes.slots:
            break
        shares = _shares(snapshot, band, groups)
        for lanes in groups:
            starved = give_group(lanes, shares, wishes, candidates, result)
            if starved is not None:
                result.starved = (starved,)
                return result
        result.charges.update(shares.charges())
    result.refused = candidates.refused()
    result.passed = wishes.shut
    return result


def _bands(snapshot: Snapshot) -> list[tuple[int, list[list[Lane]]]]:
    """Lanes that show tasks, by band, and in a band those in time before the late."""
    found: dict[tuple[int, bool], list[Lane]] = {}
    for lane in snapshot.lanes:
        if lane.heads:
            found.setdefault((lane.band, lane.late), []).append(lane)
    bands: dict[int, list[list[Lane]]] = {}
    for key in sorted(found):
        bands.setdefault(key[0], []).append(found[key])
    return list(bands.items())


def _shares(snapshot: Snapshot, band: int, groups: list[list[Lane]]) -> Shares:
    lanes = [lane for group in groups for lane in group]
    mean = sum(lane.heads[0].cost for lane in lanes) // len(lanes)
    return Shares(band, snapshot.passes, snapshot.weights, snapshot.slack, mean, lanes)


def _give_group(
    lanes: list[Lane],
    shares: Shares,
    wishes: Wishes,
    candidates: Everybody,
    result: Plan,
) -> int | None:
    """Give from lanes of one band and lateness, by due date; a lane that ran out of heads though it has more."""
    eligible: Eligible[tuple[int, int, int, int]] = Eligible(shares, lanes)
    groups = Groups(wishes, result)
    chosen_of: list[Candidates | None] = [None] * len(lanes)
    waiting = [(*lane.heads[0][:2], index, 0) for index, lane in enumerate(lanes)]
    heapify(waiting)
    while wishes.slots:
        for entry in eligible.back():
            heappush(waiting, entry)
        if not waiting:
            return None
        entry = waiting[0]
        _due, _task, index, at = entry
        lane = lanes[index]
        if not eligible.may(lane):
            eligible.stand_back(lane, heappop(waiting))
            continue
        chosen = chosen_of[index]
        if chosen is None:
            chosen = chosen_of[index] = candidates.of(lane)
        head = lane.heads[at]
        found = chosen.least(head) if not lane.limits or wishes.has_room(lane) else None
        if found is None:
            heappop(waiting)
            eligible.leave(lane)
            continue
        score, agent = found
        charged = eligible.charge(lane, head.cost)
        listener = wishes.take(agent, lane)
        given = Give(head.task, lane.id, head.due, agent.id, listener, score, *charged)
        result.gives.append(given)
        if head.group and lane.companions:
            groups.bring(given, head, lane, agent, chosen, eligible.charge)
        at = groups.after(lane, at) if groups.given else at + 1
        if at < len(lane.heads):
            heapreplace(waiting, (*lane.heads[at][:2], index, at))
        elif lane.more and wishes.slots and chosen.least(head) is not None:
            return lane.id
        else:
            heappop(waiting)
            eligible.leave(lane)
    return None
