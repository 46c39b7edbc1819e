"""The result of a simulation: one value, the same to the last byte for the same workload, settings and seed."""

from __future__ import annotations

import msgspec

from rota.simulator.measures.fairness import Fairness
from rota.simulator.measures.laws import Little
from rota.simulator.measures.load import PoolLoad
from rota.simulator.measures.series import Series
from rota.simulator.measures.sketch import Spread
from rota.simulator.measures.tables import Row


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlines of tasks or groups; one that never was done has missed it."""

    met: int
    with_deadline: int
    share: float | None


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that came together, such as DAGs."""

    n: int
    done: int
    response_s: Spread | None
    """From the arrival to the end of the last task."""
    stretch: Spread | None
    """Response over the longest chain at the best speed."""
    deadlines: Deadlines
    graham_checked: int
    """Groups for which the bounds of list scheduling hold and were checked."""


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that can never be done, by shape and reason."""

    reason: str
    """A stable code, then facts, as the plan gives them."""
    text: str
    needs: dict[str, object]
    tasks: int
    example: str


class Laws(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked during the run. Had a law been broken, there would be no result."""

    little: Little
    conservation_checked: int
    """Moments at which no eligible slot was free while a task waited."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured. Spans are virtual seconds."""

    workload: str
    kind: str
    policy: str
    settings: dict[str, str]
    """What was set by the user."""
    seed: int
    agents: int
    slots: int
    capacity: float
    """Seconds of work that the fleet does in a second."""

    tasks: int
    ended: dict[str, int]
    """By state: done, dead, expired, cancelled; refused = not let in, unfinished = can never be done."""
    completion: float
    """Done over done, dead, expired and refused."""
    attempts: int
    failed: int
    lost: int

    queue_s: Spread | None
    """Seconds that tasks were ready and waited, over all their attempts."""
    waited_share: float
    """Share of tasks that had to wait at all."""
    slowdown: Spread | None
    """Bounded slowdown of the done: max(1, response / max(run, floor))."""
    tenant_slowdown_mean: float | None
    """Mean over tenants of the mean slowdown of their tasks."""
    response_s: Spread | None
    """From submission to the end, of the done."""
    throughput_per_s: float
    offered_load: float
    """Work that came in over what the fleet could do until the last arrival; of a batch: until the end."""
    utilisation: float
    utilisation_waiting: float | None
    """While a task waited that the agent may do."""
    load_variation: float | None
    """Between agents that may do the same tasks, weighted by slots."""
    fleet_variation: float | None
    """Between all agents."""
    window_s: float
    pools: list[PoolLoad]
    """Agents that may do the same tasks."""
    fairness: Fairness
    deadlines: Deadlines
    makespan_s: float
    makespan_bound_s: float | None
    """No order whatever could have needed less; None unless all was done."""
    inversions: int
    """Tasks given to an agent while a task of a better band waited that it might have been given instead."""
    cost: float
    groups: Groups | None
    bands: list[Row]
    tenants: list[Row]
    laws: Laws
    stuck: list[Stuck]
    over_time: Series

    def json(self) -> bytes:
        """The result as JSON, one line."""
        return msgspec.json.encode(self)


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it was simulated: different each time, so no part of the result."""

    seconds: float
    """Processor time of the simulation, without reading the workload for the first time."""
    tasks_per_s: float
    turns: int


class Bar(msgspec.Struct, frozen=True):
    """An attempt in a picture of who did what when. Times in seconds from the first arrival."""

    agent: int
    slot: int
    begin: float
    end: float
    band: int
    outcome: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A finished simulation."""

    result: Result
    speed: Speed
    bars: list[Bar] | None
    """Every attempt, when there are few enough to draw."""
