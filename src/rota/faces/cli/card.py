"""The scorecard for people: a page of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rota.agents.scorecard.card import AgentLine, PoolLine, Scorecard, Spread
from rota.faces.cli.amounts import count, money, share, size, span

ENDINGS = 20
"""Tasks that were not done, named one by one; `rota dead` lists all."""
AGENTS = 40


def page(card: Scorecard) -> Iterator[str]:
    """Its lines, without colour."""
    facts = list(_facts(card))
    width = max(len(name) for name, _text in facts)
    for name, text in facts:
        yield f"{name:<{width}}  {text}"
    yield ""
    yield from _agents(card.agents)
    not_done = card.endings[:ENDINGS]
    if not_done:
        yield ""
        yield "not done"
    for ending in not_done:
        reason = " ".join(ending.reason.split())
        yield f"  {ending.task}  {ending.title}: {ending.state}: {reason}"
    if len(card.endings) > ENDINGS:
        yield f"  and {len(card.endings) - ENDINGS:,} more"


def _facts(card: Scorecard) -> Iterator[tuple[str, str]]:
    states = ", ".join(f"{n:,} {state}" for state, n in sorted(card.states.items(), key=lambda one: -one[1]))
    yield "tasks", f"{count(card.tasks, 'task')}: {states}" if card.tasks else "none"
    causes = ", ".join(f"{n:,} {cause}" for cause, n in card.failures.items())
    yield (
        "retried",
        f"{count(card.retried, 'task')}; {count(card.attempts, 'attempt')}"
        + (f", of which {causes}" if causes else ""),
    )
    rate = "" if card.throughput is None else f": {card.throughput:.3g} tasks/s"
    yield "throughput", f"{card.done:,} done in {span(card.elapsed_s)}{rate}"
    yield "queue time", _spread(card.queue_time)
    yield "distribution latency", _spread(card.distribution_latency, "not measured: this process gave no task")
    yield "load variation", _variation(card)
    used = card.utilisation
    yield "utilisation", f"{share(used.raw)}; {share(used.while_work_waited)} while work waited for the agent"
    yield "deadlines met", _deadlines(card)
    yield "priority inversions", _inversions(card)
    price = f"{money(card.cost)}; " if card.cost else ""
    memory = f", at most {size(card.max_rss_bytes)} of memory a process" if card.max_rss_bytes else ""
    yield "cost", f"{price}{span(card.cpu_s)} of processor in {span(card.wall_s)} of work{memory}"


def _spread(spread: Spread | None, nothing: str = "nothing was given") -> str:
    if spread is None:
        return nothing
    return f"mean {span(spread.mean_s)}, p50 {span(spread.p50_s)}, p99 {span(spread.p99_s)}"


def _variation(card: Scorecard) -> str:
    load = card.load_variation
    whole = f"{share(load.fleet)} over all agents, whatever they can do" if load.fleet is not None else ""
    measured = [pool for pool in load.pools if pool.variation is not None]
    if not measured:
        why = "no two agents can do the same" if all(len(pool.agents) < 2 for pool in load.pools) else "too short a run"
        return f"not defined between equals: {why}" + (f"; {whole}" if whole else "")
    return f"{share(load.value)} between equals ({_members(measured)})" + (f"; {whole}" if whole else "")


def _members(pools: Sequence[PoolLine]) -> str:
    named = [" and ".join(pool.agents) if len(pool.agents) < 4 else f"{len(pool.agents)} agents" for pool in pools]
    return "; ".join(named[:3]) + (f"; {len(named) - 3} more" if len(named) > 3 else "")


def _deadlines(card: Scorecard) -> str:
    due = card.deadlines
    if due.share is None:
        return f"none was due yet of {due.open:,}" if due.open else "no task had one"
    return f"{due.met:,} of {due.met + due.missed:,} ({share(due.share)})" + (
        f"; {due.open:,} not due yet" if due.open else ""
    )


def _inversions(card: Scorecard) -> str:
    if card.inversions is None:
        return "not audited"
    found = "the audit of the event log found nothing wrong"
    if card.violations:
        found = f"the audit found {count(card.violations, 'violation')}: run `rota audit`"
    return f"{card.inversions:,} ({found})"


def _agents(agents: Sequence[AgentLine]) -> Iterator[str]:
    rows = [("agent", "slots", "done", "failed", "given back", "busy", "used", "processor", "cost")]
    for one in sorted(agents, key=lambda agent: -agent.busy_s)[:AGENTS]:
        numbers = (f"{one.slots:,}", f"{one.done:,}", f"{one.failed:,}", f"{one.given_back:,}")
        measured = (span(one.busy_s), share(one.utilisation), span(one.cpu_s), money(one.cost))
        rows.append((one.name, *numbers, *measured))
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells)
    if len(agents) > AGENTS:
        yield f"and {len(agents) - AGENTS:,} more"
