"""The eight figures of the checklist, each raw with its number of observations, its window and its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import msgspec

from rota.agents.scorecard.card import Scorecard
from rota.agents.scorecard.record import Record, micros
from rota.faces.mcp.dispatcher.amounts import share, span
from rota.files.targets import Targets
from rota.model.ids import task_number
from rota.model.times import SECOND
from rota.simulator.measures.fairness import Fairness, Shares

Unit = Literal["s", "share", "index"]


class Figure(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One figure. Shares are 0 to 1; None = it can not be said, and `note` says why."""

    value: float | None
    unit: Unit
    n: int
    """Observations."""
    window_s: float | None
    """The time they are of; None = since the process started."""
    goal: float
    met: bool | None
    display: str
    note: str | None = None


class Looked(NamedTuple):
    """What the figures are computed from. `card` and `record` are None when a replay would take too long."""

    counts: Mapping[str, int]
    """By what happened, in `window_s`."""
    window_s: float
    card: Scorecard | None
    record: Record | None
    latency: tuple[int, float] | None
    """Tasks given by this process, and the latency at the 99th percentile, seconds."""
    respected: tuple[int, int] | None
    """Tasks given in all, and how many of them past a better one; None = not audited."""
    weights: Mapping[str, int]
    why_not: str | None


def figures_of(looked: Looked, targets: Targets) -> dict[str, Figure]:
    """All eight, by the names of `[targets]`."""
    return {
        "distribution_latency": _latency(looked, targets.distribution_latency),
        "load_variance": _load(looked, targets.load_variance),
        "completion_rate": _completion(looked, targets.completion_rate),
        "priority_respected": _priority(looked, targets.priority_respected),
        "deadline_success": _deadlines(looked, targets.deadline_success),
        "utilisation": _utilisation(looked, targets.utilisation),
        "queue_overflow": _overflow(looked, targets.queue_overflow),
        "fairness": _fairness(looked, targets.fairness),
    }


def _at_most(value: float, goal: float) -> bool:
    return value <= goal


def _at_least(value: float, goal: float) -> bool:
    return value >= goal


def _figure(
    value: float | None,
    n: int,
    window_s: float | None,
    goal: float,
    met: Callable[[float, float], bool],
    note: str | None,
    unit: Unit = "share",
) -> Figure:
    if value is None:
        return Figure(value=None, unit=unit, n=n, window_s=window_s, goal=goal, met=None, display="n/a", note=note)
    return Figure(
        value=value,
        unit=unit,
        n=n,
        window_s=window_s,
        goal=goal,
        met=met(value, goal),
        display=_display(value, unit),
        note=note,
    )


def _display(value: float, unit: Unit) -> str:
    if unit == "index":
        return f"{value:.2f}"
    return span(value) if unit == "s" else share(value)


def _latency(looked: Looked, goal: float) -> Figure:
    n, p99 = looked.latency or (0, None)
    note = "99th percentile of this process" if n else "this process gave no task yet"
    return _figure(p99, n, None, goal, _at_most, note, "s")


def _load(looked: Looked, goal: float) -> Figure:
    card = looked.card
    if card is None:
        return _figure(None, 0, looked.window_s, goal, _at_most, looked.why_not)
    found = card.load_variation
    members = sum(len(pool.agents) for pool in found.pools if pool.variation is not None)
    note = None if found.value is not None else "no two agents that can do the same were measured for long enough"
    return _figure(found.value, members, round(card.window_s, 3), goal, _at_most, note)


def _completion(looked: Looked, goal: float) -> Figure:
    ended = {name: looked.counts.get(name, 0) for name in ("done", "dead", "expired")}
    n = sum(ended.values())
    note = None if n else "no task has ended"
    return _figure(ended["done"] / n if n else None, n, looked.window_s, goal, _at_least, note)


def _priority(looked: Looked, goal: float) -> Figure:
    if looked.respected is None:
        return _figure(None, 0, None, goal, _at_least, "not audited: the event log is long; run `rota audit`")
    gives, inversions = looked.respected
    value = 1 - inversions / gives if gives else None
    return _figure(value, gives, None, goal, _at_least, "of all tasks in the event log" if gives else "nothing given")


def _deadlines(looked: Looked, goal: float) -> Figure:
    met, missed = looked.counts.get("deadline_met", 0), looked.counts.get("deadline_missed", 0)
    n = met + missed
    note = None if n else "no deadline was due"
    return _figure(met / n if n else None, n, looked.window_s, goal, _at_least, note)


def _utilisation(looked: Looked, goal: float) -> Figure:
    card = looked.card
    if card is None:
        return _figure(None, 0, looked.window_s, goal, _at_least, looked.why_not)
    value = card.utilisation.while_work_waited
    note = "no work waited" if value is None else "while work waited for the agent"
    if value is None and card.utilisation.raw is not None:
        note = f"no work waited; {share(card.utilisation.raw)} of all slot-time was busy"
    return _figure(value, len(card.agents), round(card.window_s, 3), goal, _at_least, note)


def _overflow(looked: Looked, goal: float) -> Figure:
    submitted, shed = looked.counts.get("submitted", 0), looked.counts.get("shed", 0)
    note = None if submitted else "nothing was submitted"
    return _figure(shed / submitted if submitted else None, submitted, looked.window_s, goal, _at_most, note)


def _fairness(looked: Looked, goal: float) -> Figure:
    if looked.record is None:
        return _figure(None, 0, looked.window_s, goal, _at_least, looked.why_not, "index")
    tenants = {task.tenant for task in looked.record.tasks.values()}
    if len(tenants) < 2:
        return _figure(None, len(tenants), looked.window_s, goal, _at_least, "there is one tenant", "index")
    found = fairness_of(looked.record, looked.weights)
    note = None if found.jain is not None else "the tenants never waited all at once"
    return _figure(found.jain, len(tenants), found.backlogged_s, goal, _at_least, note, "index")


def fairness_of(record: Record, weights: Mapping[str, int]) -> Fairness:
    """Service by weight over the intervals in which all tenants of the record had tasks waiting."""
    tenants = {number: task.tenant for number, task in record.tasks.items()}
    shares = Shares({tenant: float(weights.get(tenant, 1)) for tenant in sorted(set(tenants.values()))})
    states: dict[int, str] = {}
    at = 0
    for event in record.events:
        now = micros(event.at)
        if now > at:
            shares.look(at)
            at = now
        for move in event.moves:
            for number in range(task_number(move.first), task_number(move.last) + 1):
                if number in tenants:
                    _follow(shares, tenants[number], states.get(number), move.to, now)
                    states[number] = move.to
    shares.look(at)
    return shares.finish(at)


def _follow(shares: Shares, tenant: str, before: str | None, after: str, now: int) -> None:
    for state, by in ((before, -1), (after, 1)):
        if state == "ready":
            shares.wait(tenant, by)
        elif state == "running":
            shares.hold(tenant, by, now)


def latency_of(latencies: list[int]) -> tuple[int, float] | None:
    """How many, and the 99th percentile by nearest rank in seconds."""
    if not latencies:
        return None
    ordered = sorted(latencies)
    return len(ordered), ordered[max(-(-99 * len(ordered) // 100) - 1, 0)] / SECOND
