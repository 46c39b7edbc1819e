"""The figures of a report, in words and units people read: one list for Markdown, HTML and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rota.simulator.measures.sketch import Spread
from rota.simulator.measures.tables import Row
from rota.simulator.result import Result

Table = tuple[Sequence[str], list[list[str]]]
"""Heads and rows; the first column is text, the others are figures."""
MOST_TENANTS = 40
MOST_POOLS = 20
MOST_AGENTS_NAMED = 4


def span(seconds: float | None) -> str:
    """Seconds as people read them: `40 ms`, `2.35 s`, `12.4 min`, `3.1 h`."""
    if seconds is None:
        return "-"
    for unit, size in (("d", 172_800.0), ("h", 7_200.0), ("min", 120.0)):
        if seconds >= size:
            return f"{_three(seconds / {'d': 86_400.0, 'h': 3_600.0, 'min': 60.0}[unit])} {unit}"
    if 0 < seconds < 0.001:
        return f"{_three(seconds * 1e6)} µs"
    return f"{_three(seconds * 1e3)} ms" if 0 < seconds < 1 else f"{_three(seconds)} s"


def _three(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float | None) -> str:
    """A share in per cent."""
    return "-" if share is None else f"{share * 100:.2f} %"


def facts(result: Result) -> Iterator[tuple[str, str]]:
    """What a run came to, one fact a line."""
    ended = ", ".join(f"{n:,} {how}" for how, n in result.ended.items() if n)
    yield "tasks", f"{result.tasks:,}: {ended}"
    yield "completion", percent(result.completion)
    yield "attempts", f"{result.attempts:,}: {result.failed:,} failed, {result.lost:,} lost"
    yield "queue time", _spread(result.queue_s)
    yield "had to wait", percent(result.waited_share)
    yield "bounded slowdown", _slowdown(result.slowdown)
    yield "mean over tenants", "-" if result.tenant_slowdown_mean is None else _three(result.tenant_slowdown_mean)
    yield "response time", _spread(result.response_s)
    yield "throughput", f"{_three(result.throughput_per_s)} tasks/s"
    yield "offered load", percent(result.offered_load)
    yield "utilisation", percent(result.utilisation)
    yield "while work waited", percent(result.utilisation_waiting)
    yield "load variation", percent(result.load_variation)
    yield "over all agents", percent(result.fleet_variation)
    yield "fairness (Jain)", _fairness(result)
    due = result.deadlines
    yield "deadlines met", f"{percent(due.share)} of {due.with_deadline:,}" if due.with_deadline else "none set"
    yield from _groups(result)
    yield "makespan", span(result.makespan_s)
    yield "over its bound", _over_bound(result)
    yield "priority inversions", f"{result.inversions:,}"
    yield "cost", f"{result.cost:,.2f}"


def _groups(result: Result) -> Iterator[tuple[str, str]]:
    groups = result.groups
    if groups is None:
        return
    yield "groups done", f"{groups.done:,} of {groups.n:,}"
    yield "group response", _spread(groups.response_s)
    if groups.deadlines.with_deadline:
        yield "group deadlines met", f"{percent(groups.deadlines.share)} of {groups.deadlines.with_deadline:,}"


def _over_bound(result: Result) -> str:
    bound = result.makespan_bound_s
    return f"{result.makespan_s / bound:.3f} of {span(bound)}" if bound else "-"


def _fairness(result: Result) -> str:
    fairness = result.fairness
    if len(result.tenants) < 2:
        return "one tenant"
    if fairness.jain is None:
        return "tenants never all waited at once"
    return f"{fairness.jain:.4f} over {span(fairness.backlogged_s)}"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "-"
    return f"{span(spread.mean)} (p50 {span(spread.p50)}, p99 {span(spread.p99)})"


def _slowdown(spread: Spread | None) -> str:
    return "-" if spread is None else f"{_three(spread.mean)} (p50 {_three(spread.p50)}, p99 {_three(spread.p99)})"


def compared(results: Sequence[tuple[str, Result]]) -> Table:
    """All facts, a column for each run."""
    columns = [dict(facts(result)) for _name, result in results]
    names = dict.fromkeys(name for column in columns for name in column)
    rows = [[name, *(column.get(name, "-") for column in columns)] for name in names]
    return ("", *(name for name, _ in results)), rows


def rows_of(lines: Sequence[Row], what: str) -> Table:
    """The table of bands or tenants."""
    heads = (what, "weight", "tasks", "done", "mean wait", "p99 wait", "slowdown", "service", "deadlines met")
    body = [
        [
            line.name,
            f"{line.weight:g}",
            f"{line.tasks:,}",
            f"{line.done:,}",
            span(line.queue_s.mean if line.queue_s else None),
            span(line.queue_s.p99 if line.queue_s else None),
            "-" if line.slowdown_mean is None else _three(line.slowdown_mean),
            span(line.service_s),
            f"{line.deadlines_met:,} of {line.with_deadline:,}" if line.with_deadline else "-",
        ]
        for line in lines[:MOST_TENANTS]
    ]
    return heads, body


def pools_of(result: Result) -> Table:
    """Agents that may do the same."""
    heads = ("agents", "slots", "capacity", "utilisation", "while work waited", "load variation")
    rows = []
    for pool in result.pools[:MOST_POOLS]:
        names = pool.agents
        named = ", ".join(names) if len(names) <= MOST_AGENTS_NAMED else f"{names[0]} and {len(names) - 1} more"
        rows.append(
            [
                named, f"{pool.slots:,}", _three(pool.capacity), percent(pool.utilisation),
                percent(pool.utilisation_waiting), percent(pool.load_variation),
            ]
        )  # fmt: skip
    return heads, rows


def stuck_of(result: Result) -> Table:
    """Tasks that can never be done."""
    rows = [[one.text, one.reason, f"{one.tasks:,}", one.example] for one in result.stuck]
    return ("why", "code", "tasks", "for example"), rows


def heading(result: Result) -> str:
    """What was simulated, in a line."""
    settings = ", ".join(f"{key}={value}" for key, value in result.settings.items() if key != "policy")
    fleet = f"{result.agents:,} agents, {result.slots:,} slots"
    return f"{result.workload} ({result.kind}) on {fleet}, seed {result.seed}" + (f", {settings}" if settings else "")


def laws_text(result: Result) -> str:
    """What was checked on the way."""
    little = result.laws.little
    text = (
        f"Little's law holds to the microsecond: {little.in_system:.4g} tasks in the system = "
        f"{little.arrivals_per_s:.4g} a second x {little.time_in_system_s:.4g} s. No slot was free while a task waited "
        f"for it, at {result.laws.conservation_checked:,} moments."
    )
    if result.groups is not None and result.groups.graham_checked:
        text += f" Graham's bounds hold for {result.groups.graham_checked:,} groups."
    return text
