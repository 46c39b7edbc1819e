"""Making a scorecard from the record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rota.agents.scorecard.card import (
    AgentLine,
    Deadlines,
    Ending,
    LoadVariation,
    PoolLine,
    Scorecard,
    Utilisation,
)
from rota.agents.scorecard.figures import Load, spread_of, utilisation, variation
from rota.agents.scorecard.record import Record, micros, record_of_batch, record_since
from rota.agents.scorecard.replay import Replay
from rota.agents.scorecard.spans import Spans, common, length
from rota.model.agent import AgentView
from rota.model.state import ENDED, STATES
from rota.model.task import AttemptView, TaskView
from rota.model.times import SECOND
from rota.operations.distributor import Distributor

WINDOW_ATTEMPTS = 20
"""A load variation is measured over at least so many mean attempts."""
FAILED = frozenset({"failed", "lost", "rejected"})
_ENDED = frozenset(STATES[number] for number in ENDED)
_CAUSES = (
    (re.compile(r"the check refused the answer"), "rejected by the check"),
    (re.compile(r"ended by signal \d+ \((\w+)\)"), "crashed by {}"),
    (re.compile(r"the agent's process died"), "its process died"),
    (re.compile(r"no end within"), "took too long"),
    (re.compile(r"no output for"), "stalled"),
    (re.compile(r"(exit code \d+)"), "{}"),
    (re.compile(r"the lease ended"), "lease lost"),
)


class _Busy(NamedTuple):
    agent: AgentView
    up: Spans
    slots: list[Spans]

    def load(self, window: Spans) -> Load:
        """Its slot-time within a window."""
        busy = sum(length(common(slot, window)) for slot in self.slots)
        return Load(self.agent.slots, busy, self.agent.slots * length(common(self.up, window)))


def scorecard_of_batch(distributor: Distributor, batch: str) -> Scorecard:
    """The scorecard of a batch, whenever and however often it was worked on."""
    return scorecard_of(distributor, record_of_batch(distributor, batch))


def scorecard_since(distributor: Distributor, since: str) -> Scorecard:
    """The scorecard of all that agents were given since a moment (RFC 3339)."""
    return scorecard_of(distributor, record_since(distributor, since))


def scorecard_of(distributor: Distributor, record: Record, *, audited: bool = True) -> Scorecard:
    """The scorecard of a record. Without the audit, which reads the whole event log, two figures are None."""
    replay = Replay(record)
    tasks = list(record.tasks.values())
    attempts = [one.attempt for one in record.attempts]
    states = Counter(task.state for task in tasks)
    window = replay.work()
    elapsed_s = length(replay.elapsed()) / SECOND
    fleet = [_Busy(agent, replay.up(agent.name), replay.busy(agent.name)) for agent in replay.agents]
    inversions, violations = _audited(distributor) if audited else (None, None)
    return Scorecard(
        batch=record.batch,
        tasks=len(tasks),
        states=dict(sorted(states.items())),
        done=states["done"],
        retried=sum(task.attempts > 1 for task in tasks),
        dead=states["dead"],
        cancelled=states["cancelled"],
        expired=states["expired"],
        unfinished=sum(n for state, n in states.items() if state not in _ENDED),
        endings=_endings(tasks),
        attempts=len(attempts),
        outcomes=dict(sorted(Counter(attempt.outcome for attempt in attempts).items())),
        failures=_failures(attempts),
        submitted=min((task.submitted for task in tasks), default=None),
        finished=max((task.finished for task in tasks if task.finished is not None), default=None),
        elapsed_s=elapsed_s,
        window_s=length(window) / SECOND,
        throughput=states["done"] / elapsed_s if elapsed_s else None,
        queue_time=spread_of(replay.waits),
        distribution_latency=spread_of(distributor.node.latencies),
        load_variation=_load_variation(replay, fleet, window, attempts),
        utilisation=_utilisation(replay, fleet, window),
        deadlines=_deadlines(tasks, replay.until),
        inversions=inversions,
        violations=violations,
        cost=sum(attempt.cost or 0.0 for attempt in attempts),
        cpu_s=_used(attempts, "cpu_s"),
        wall_s=_used(attempts, "wall_s"),
        max_rss_bytes=max(
            (int(one.usage["max_rss_bytes"]) for one in attempts if "max_rss_bytes" in one.usage), default=None
        ),
        agents=[_line(busy, busy.load(window), attempts) for busy in fleet],
    )


def _endings(tasks: Iterable[TaskView]) -> list[Ending]:
    return [
        Ending(task=task.id, title=task.title, state=task.state, reason=task.reason or "no reason given")
        for task in sorted(tasks, key=lambda task: (task.state != "dead", task.finished or ""))
        if task.state in _ENDED and task.state != "done"
    ]


def _failures(attempts: Iterable[AttemptView]) -> dict[str, int]:
    causes = Counter(
        cause_of(attempt.error or "", attempt.outcome) for attempt in attempts if attempt.outcome in FAILED
    )
    return dict(causes.most_common())


def cause_of(error: str, outcome: str = "failed") -> str:
    """A few words for an attempt's error, the same for errors of one sort."""
    if outcome == "rejected":
        return "rejected at review"
    for pattern, words in _CAUSES:
        if found := pattern.match(error):
            return words.format(*found.groups())
    return "raised an error" if error else "no reason given"


def _load_variation(
    replay: Replay, fleet: Sequence[_Busy], window: Spans, attempts: Sequence[AttemptView]
) -> LoadVariation:
    alike: dict[frozenset[object], list[_Busy]] = {}
    for busy in fleet:
        may = frozenset(replay.asks(busy.agent))
        if may:
            alike.setdefault(may, []).append(busy)
    pools = [_pool(replay, members, attempts) for members in alike.values()]
    slots = {busy.agent.name: busy.agent.slots for busy in fleet}
    weighed = [(pool.variation, sum(slots[name] for name in pool.agents)) for pool in pools]
    known = [(value, weight) for value, weight in weighed if value is not None]
    total = sum(weight for _value, weight in known)
    return LoadVariation(
        value=sum(value * weight for value, weight in known) / total if total else None,
        fleet=variation([busy.load(window) for members in alike.values() for busy in members]),
        pools=pools,
    )


def _pool(replay: Replay, members: Sequence[_Busy], attempts: Sequence[AttemptView]) -> PoolLine:
    names = sorted(busy.agent.name for busy in members)
    window = replay.work(replay.asks(members[0].agent))
    loads = [busy.load(window) for busy in members]
    # Who was there for less than half of it says nothing about how it was shared out.
    there = [load for load in loads if load.offered >= load.slots * length(window) / 2]
    lasted = [micros(one.ended) - micros(one.started) for one in attempts if one.ended and one.agent in names]
    enough = bool(lasted) and length(window) >= WINDOW_ATTEMPTS * sum(lasted) / len(lasted)
    return PoolLine(
        agents=names,
        window_s=length(window) / SECOND,
        utilisation=utilisation(loads),
        variation=variation(there) if enough else None,
    )


def _utilisation(replay: Replay, fleet: Sequence[_Busy], window: Spans) -> Utilisation:
    waited = [busy.load(common(replay.waited_for(busy.agent), window)) for busy in fleet]
    return Utilisation(raw=utilisation(busy.load(window) for busy in fleet), while_work_waited=utilisation(waited))


def _deadlines(tasks: Iterable[TaskView], now: int) -> Deadlines:
    met = missed = still_open = 0
    for task in tasks:
        if task.deadline is None or task.state == "cancelled":
            continue
        if task.state == "done" and task.finished is not None and task.finished <= task.deadline:
            met += 1
        elif task.state in _ENDED or micros(task.deadline) < now:
            missed += 1
        else:
            still_open += 1
    return Deadlines(met=met, missed=missed, open=still_open, share=met / (met + missed) if met + missed else None)


def _audited(distributor: Distributor) -> tuple[int | None, int | None]:
    try:
        from rota.audit.audit import audit
    except ImportError:
        return None, None
    with distributor.store.read() as reader:
        report = audit(reader)
    return report.inversions, sum(report.counts.values())


def _line(busy: _Busy, load: Load, attempts: Iterable[AttemptView]) -> AgentLine:
    own = [attempt for attempt in attempts if attempt.agent == busy.agent.name]
    return AgentLine(
        name=busy.agent.name,
        slots=busy.agent.slots,
        done=sum(attempt.outcome == "done" for attempt in own),
        failed=sum(attempt.outcome in FAILED for attempt in own),
        given_back=sum(attempt.outcome not in FAILED and attempt.outcome != "done" for attempt in own),
        busy_s=load.busy / SECOND,
        offered_s=load.offered / SECOND,
        utilisation=utilisation([load]),
        cpu_s=_used(own, "cpu_s"),
        cost=sum(attempt.cost or 0.0 for attempt in own),
    )


def _used(attempts: Iterable[AttemptView], what: str) -> float:
    return sum(attempt.usage.get(what, 0.0) for attempt in attempts)


def _peak(attempts: Iterable[AttemptView]) -> int | None:
    return max((int(one.usage["max_rss_bytes"]) for one in attempts if "max_rss_bytes" in one.usage), default=None)
