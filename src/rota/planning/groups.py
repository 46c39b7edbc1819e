"""Batch groups: the next tasks of a task's group come with it, to the same agent and for the same claim.

They stand in the same lane, so their band, lateness, shape, tenant and limits are the same: what let the first one
through lets them through, until the claim, the agent or a limit is used up. Each is charged to its tenant like any
other task; that the tenant is ahead by then keeps none of them back, it makes the tenant's next tasks stand back.
"""

from __future__ import annotations

from collections.abc import Callable

from rota.planning.candidates import Candidates
from rota.planning.fair import Charged
from rota.planning.snapshot import Agent, Give, Head, Lane, Plan
from rota.planning.wishes import Wishes

Charge = Callable[[Lane, int], Charged]
"""Charges the tenant of a lane for a task with this much work, microseconds."""


class Groups:
    """What a plan gives out of groups."""

    def __init__(self, wishes: Wishes, result: Plan) -> None:
        self._wishes = wishes
        self._result = result
        self.given: set[int] = set()
        """Tasks that were given with or after another of their group."""

    def bring(self, first: Give, head: Head, lane: Lane, agent: Agent, chosen: Candidates, charge: Charge) -> None:
        """Give the next tasks of the group of `head`, which was just given as `first`, to the same agent."""
        self.given.add(head.task)
        left = lane.group_size - 1
        for other in lane.companions.get(head.group, ()):
            if left < 1 or not self._wishes.goes_on(agent, first.listener) or not chosen.still_takes(agent):
                return
            if other.task in self.given:
                continue
            if lane.limits and not self._wishes.has_room(lane):
                return
            charged = charge(lane, other.cost)
            listener = self._wishes.take(agent, lane)
            self._result.gives.append(
                Give(other.task, lane.id, other.due, agent.id, listener, first.score, *charged, came_with=head.task)
            )
            self.given.add(other.task)
            left -= 1

    def after(self, lane: Lane, at: int) -> int:
        """The place of the lane's next head after this one that was not given with another."""
        at += 1
        while at < len(lane.heads) and lane.heads[at].task in self.given:
            at += 1
        return at
