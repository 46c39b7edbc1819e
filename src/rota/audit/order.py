"""Whether plans kept the order: each task to an agent that may do it, and none past a better one.

A task counts as seen by a plan when the event that made it ready had happened before the plan read anything, and no
event before the plan's own took it away again. Events carry numbers that only grow along cause and effect, so what a
plan read stands before it in the log; on PostgreSQL what stands before it was not always committed when it read, so
its `horizon` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from rota.audit.fleet import ACTIVE, LATE_S, Fleet
from rota.audit.horizon import Horizon
from rota.audit.lanes import Lane, Lanes
from rota.audit.ledger import Ledger
from rota.audit.limits import LimitsTold, Moment
from rota.audit.report import Evidence
from rota.engine.unreviewed import CODE as UNREVIEWED
from rota.model.event import Move
from rota.model.priority import PRIORITIES
from rota.model.state import READY, REVIEW
from rota.model.times import SECOND

OVERRIDDEN = frozenset({"role", "skill", "region", "resource", "price", "avoided"})
"""What a claim by name may leave out."""


class PlanFacts(msgspec.Struct):
    """What a plan's event records beside its moves."""

    pool: int
    fleet: int
    parked: dict[str, str] = {}
    """Reasons by lane."""
    refused: dict[str, dict[str, str]] = {}
    """By lane and agent: codes of refusals that held for then."""
    passed: dict[str, str] = {}
    """Lanes that were passed over once a limit was used up, with the reason."""
    each: dict[str, int] = {}
    """What one task was charged to limits where experience says it."""
    horizon: str | None = None
    by_name: Literal["asked", "override"] | None = None
    """Whoever got it asked for this task or its project, so that better ones were none of its business."""


class Fresh(msgspec.Struct):
    """Tasks made ready by a transaction that plans of their pool may not have seen yet."""

    event: int
    xid: int
    lane: int
    first: int
    last: int


class Plan:
    """One plan's event while its gives are looked at, in their order."""

    def __init__(self, event: int, at: int, xid: int, facts: PlanFacts) -> None:
        self.event = event
        self.at = at
        self.xid = xid
        self.facts = facts
        self.horizon = None if facts.horizon is None else Horizon.of(facts.horizon)
        self.moment = Moment(event, at, facts.each, self.horizon)
        self.in_order: dict[int, int] = {}
        """By agent: the worst band up to which nothing better waited for it. Lanes only empty while a plan gives."""


class Order:
    """Judges gives."""

    def __init__(self, ledger: Ledger, lanes: Lanes, fleet: Fleet, limits: LimitsTold, evidence: Evidence) -> None:
        self._ledger = ledger
        self._lanes = lanes
        self._fleet = fleet
        self._limits = limits
        self._evidence = evidence
        self._fresh: dict[int, list[Fresh]] = {}
        """By pool."""
        self._kept: dict[int, tuple[int, int]] = {}
        """Tasks for which another gave way: the agent that has a slot for them, and until when, microseconds."""
        self.inversions = 0

    def keep(self, data: Mapping[str, Any]) -> None:
        """A slot of an agent is for one task: no other one is eligible for it."""
        self._kept[int(data["better"])] = (int(data["agent"]), int(data["until"]))

    def _keeps(self, plan: Plan, agent: int) -> bool:
        late = round(LATE_S * SECOND)
        return any(one == agent and plan.at <= until + late for one, until in self._kept.values())

    def _is_kept(self, plan: Plan, move: Move) -> bool:
        agent, until = self._kept.get(move.first, (0, 0))
        return move.agent == agent and plan.at <= until + round(LATE_S * SECOND)

    def made_ready(self, lane: Lane, event: int, xid: int, first: int, last: int) -> None:
        """Tasks came into a lane; only told where transactions overlap."""
        self._fresh.setdefault(lane.pool, []).append(Fresh(event, xid, lane.id, first, last))

    def begin(self, plan: Plan) -> None:
        """Forget what this plan, and so every later one of the pool, has seen."""
        fresh = self._fresh.get(plan.facts.pool)
        if fresh and plan.horizon is not None:
            xmin = plan.horizon.xmin
            self._fresh[plan.facts.pool] = [made for made in fresh if made.xid >= xmin]

    def judge(self, plan: Plan, move: Move, lane: Lane) -> None:
        """One give, before it is applied."""
        agent = self._fleet.agent(move.agent or 0, plan.facts.fleet)
        if agent is None:
            self._evidence.add(
                "not_eligible", "a registered agent", f"agent {move.agent}", event=plan.event, task=move.first
            )
            return
        fault = self._fault(plan, lane, move.agent or 0)
        if fault is not None:
            self._evidence.add("not_eligible", *fault, event=plan.event, task=move.first)
        if self._is_kept(plan, move) or plan.facts.by_name or plan.in_order.get(move.agent or 0, -1) >= lane.band:
            return
        clean = True
        for better in self._lanes.better(lane.pool, lane.band):
            refused = self._fleet.refusal(agent.profile, better.shape) is not None
            if not refused and not self._for_then(plan, better, move.agent or 0) and not self._excused(plan, better):
                clean = False
                self._evidence.add(
                    "inversion",
                    f"agent {agent.profile.name!r} to get a task of lane {better.id} ({_band(better)}) first",
                    f"it got one of lane {lane.id} ({_band(lane)})",
                    event=plan.event,
                    task=move.first,
                )
        self.inversions += not clean
        if clean:
            plan.in_order[move.agent or 0] = lane.band

    def _fault(self, plan: Plan, lane: Lane, number: int) -> tuple[str, str] | None:
        """What is wrong with giving a task of this lane to this agent: what was to be expected, what was found."""
        agent = self._fleet.agent(number, plan.facts.fleet)
        assert agent is not None
        name = agent.profile.name
        refused = self._fleet.refusal(agent.profile, lane.shape)
        if refused is not None and not (plan.facts.by_name == "override" and refused.code in OVERRIDDEN):
            return "an agent that may do it", f"{name!r}: {refused.text}"
        if agent.state != ACTIVE:
            return "an active agent", f"{name!r} was draining or removed"
        if agent.pool != self._fleet.pool_name(lane.pool):
            return f"an agent of pool {self._fleet.pool_name(lane.pool)}", f"{name!r} of pool {agent.pool}"
        if self._fleet.is_paused(lane.queue, plan.facts.fleet):
            return "nothing from a paused queue", f"a task of {self._fleet.queue_name(lane.queue)!r}"
        reason = plan.facts.parked.get(str(lane.id))
        if reason is not None:
            return "nothing from a parked lane", f"a task of lane {lane.id}, parked: {reason}"
        return None

    def _excused(self, plan: Plan, lane: Lane) -> bool:
        """Whether the plan did not see the lane's tasks, or parked it for a reason that was true."""
        if plan.horizon is not None and self._lanes.ready[lane.id] <= self._unseen(plan, plan.horizon, lane):
            return True
        reason = plan.facts.parked.get(str(lane.id)) or plan.facts.passed.get(str(lane.id))
        if reason is None:
            return False
        if self._is_true(plan, lane, reason):
            return True
        self._evidence.add("false_reason", f"a true reason to park lane {lane.id}", reason, event=plan.event)
        return False

    def _for_then(self, plan: Plan, lane: Lane, agent: int) -> bool:
        """Whether the plan says that the agent might not do the lane's tasks at that moment, and that can be so."""
        code = plan.facts.refused.get(str(lane.id), {}).get(str(agent))
        if code is None:
            return False
        told = self._keeps(plan, agent) if code == "kept" else None
        if told or (told is None and self._fleet.could_refuse(code, agent, lane.shape, plan.at, plan.facts.fleet)):
            return True
        self._evidence.add("false_reason", f"a true reason to refuse agent {agent}", code, event=plan.event)
        return False

    def _is_true(self, plan: Plan, lane: Lane, reason: str) -> bool:
        if reason == "paused":
            return self._fleet.is_paused(lane.queue, plan.facts.fleet)
        if reason.startswith("limit:"):
            key = reason.removeprefix("limit:")
            if key in self._limits.keys_of(lane) and self._fleet.is_used_up(key, plan.at):
                return True
            return self._limits.is_used_up(key, lane, plan.moment)
        if reason == UNREVIEWED:
            return self._ledger.numbers_in(REVIEW) > 0
        # `nobody` is refuted by the agent that stands here and may.
        return reason == "broken" and self._fleet.is_set_aside(lane.shape, plan.at)

    def _unseen(self, plan: Plan, horizon: Horizon, lane: Lane) -> int:
        """Ready tasks of the lane that the plan may not have seen."""
        ledger = self._ledger
        return sum(
            ledger.state[number] == READY + 1 and ledger.lane[number] == lane.id and ledger.since[number] == made.event
            for made in self._fresh.get(lane.pool, ())
            if made.lane == lane.id and made.xid != plan.xid and not horizon.saw(made.xid)
            for number in range(made.first, made.last + 1)
        )


def _band(lane: Lane) -> str:
    return PRIORITIES[lane.band] if 0 <= lane.band < len(PRIORITIES) else f"band {lane.band}"
