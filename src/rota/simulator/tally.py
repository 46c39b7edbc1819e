"""Ended tasks, folded into figures."""

from __future__ import annotations

from collections.abc import Mapping

from rota.model import state
from rota.model.priority import PRIORITIES
from rota.model.times import SECOND
from rota.simulator.live import Group, Live
from rota.simulator.measures.laws import graham
from rota.simulator.measures.sketch import Sketch, rounded
from rota.simulator.measures.tables import Line, Row
from rota.simulator.result import Deadlines, Groups


class Tally:
    """Counts. Times in microseconds."""

    def __init__(self, weights: Mapping[str, float], floor_s: float, best_speed: float, graham_slots: int) -> None:
        self._weights = weights
        self._floor = floor_s * SECOND
        self._best_speed = best_speed
        self._graham_slots = graham_slots
        """Slots for the bounds of list scheduling; 0 = these agents are no equal slots, so they do not hold."""
        self.tasks = 0
        self.ended = dict.fromkeys(("done", "dead", "expired", "cancelled", "refused", "unfinished"), 0)
        self.attempts = 0
        self.failed = 0
        self.lost = 0
        self.cost = 0.0
        self.queue = Sketch()
        self.slowdown = Sketch()
        self.response = Sketch()
        self.in_system = 0
        self.waited = 0
        self._bands = [Line() for _ in PRIORITIES]
        self._tenants: dict[str, Line] = {}
        self._groups = self._groups_done = self._groups_met = self._groups_due = self._checked = 0
        self._group_response = Sketch()
        self._stretch = Sketch()

    def refuse(self, band: int, tenant: str, *, due: bool) -> None:
        """A task was not let in."""
        self.tasks += 1
        self.ended["refused"] += 1
        for line in self._lines(band, tenant):
            line.tasks += 1
            line.with_deadline += due

    def served(self, live: Live, micros: int) -> None:
        """An agent held the task for so long."""
        for line in self._lines(live.band, live.tenant):
            line.service += micros

    def end(self, live: Live, how: str, now: int) -> None:
        """The task ended, or never will."""
        self.tasks += 1
        self.ended[how] += 1
        self.in_system += now - live.arrived
        self.waited += live.waited
        self.queue.add(live.waited)
        slowdown = 0.0
        done = how == "done"
        if done:
            response = now - live.arrived
            self.response.add(response)
            slowdown = max(1.0, response / max(live.run, self._floor))
            self.slowdown.add(slowdown)
        due = live.deadline is not None
        met = due and done and now <= (live.deadline or 0)
        for line in self._lines(live.band, live.tenant):
            line.tasks += 1
            line.queue.add(live.waited)
            line.with_deadline += due
            line.met += met
            if done:
                line.done += 1
                line.slowdown += slowdown

    def end_group(self, group: Group, processed: int, now: int) -> None:
        """The last task of a group ended; until now so much slot-time was spent in all."""
        response = now - group.arrived
        self._groups += 1
        if group.deadline is not None:
            self._groups_due += 1
            self._groups_met += not group.repeated and now <= group.deadline
        if group.repeated:
            return
        self._groups_done += 1
        self._group_response.add(response)
        self._stretch.add(response * self._best_speed / group.path)
        if self._graham_slots:
            self._checked += 1
            graham(
                response=response,
                path=group.path,
                work=group.work,
                processed=processed - group.processed,
                slots=self._graham_slots,
                tasks=len(group.numbers),
            )

    def _lines(self, band: int, tenant: str) -> tuple[Line, Line]:
        line = self._tenants.get(tenant)
        if line is None:
            line = self._tenants[tenant] = Line()
        return self._bands[band], line

    def completion(self) -> float:
        """Done over all that ended without a user's wish."""
        wished = sum(n for how, n in self.ended.items() if how != "cancelled")
        return rounded(self.ended[state.STATES[state.DONE]] / wished) if wished else 0.0

    def deadlines(self) -> Deadlines:
        """All tasks with a deadline."""
        met = sum(line.met for line in self._bands)
        return _deadlines(met, sum(line.with_deadline for line in self._bands))

    def groups(self) -> Groups | None:
        """All groups; None when nothing came in groups."""
        if not self._groups:
            return None
        return Groups(
            n=self._groups,
            done=self._groups_done,
            response_s=self._group_response.spread(SECOND),
            stretch=self._stretch.spread(),
            deadlines=_deadlines(self._groups_met, self._groups_due),
            graham_checked=self._checked,
        )

    def bands(self) -> list[Row]:
        """A row for each band that had tasks, best first."""
        return [line.row(PRIORITIES[band], 1.0) for band, line in enumerate(self._bands) if line.tasks]

    def tenants(self) -> list[Row]:
        """A row for each tenant, by name."""
        return [self._tenants[name].row(name, self._weights.get(name, 1.0)) for name in sorted(self._tenants)]

    def tenant_slowdown(self) -> float | None:
        """Mean over tenants of the mean slowdown of their tasks."""
        means = [line.slowdown / line.done for line in self._tenants.values() if line.done]
        return rounded(sum(means) / len(means)) if means else None


def _deadlines(met: int, due: int) -> Deadlines:
    return Deadlines(met=met, with_deadline=due, share=rounded(met / due) if due else None)
