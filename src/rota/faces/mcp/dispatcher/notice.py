"""The delivery notice at the end of a project or a run, and how much waiting was saved against dealing in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import msgspec

from rota.model.agent import AgentSpec
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor

LEAST = 20
"""Tasks done below which nothing is said about waits: chance would say it."""
MOST = 2_000
"""Tasks that are replayed, the newest."""
SECONDS = 15.0
BASELINE = (
    "every task dealt as it comes to the next agent that may do it, one turn for each slot, each agent first come "
    "first served"
)


class Waits(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A replay against round robin. Spans are virtual seconds."""

    cut: float | None
    """Share of the mean wait that is saved; negative when dealing in turn would have been better."""
    mean_s: float | None = None
    round_robin_mean_s: float | None = None
    n: int = 0
    baseline: str = BASELINE
    note: str | None = None
    """Why it can not be said."""


def waits_cut(distributor: Distributor, project: str | None, done: int) -> Waits:
    """The same tasks simulated twice: as Rota distributes them, and dealt in turn."""
    from rota.faces.mcp.dispatcher.rehearsal import rehearsal, simulated  # lazily: the whole simulator

    if done < LEAST:
        return Waits(cut=None, n=done, note=f"too little history: {done} tasks done, {LEAST} are needed")
    until = monotonic() + SECONDS
    try:
        with rehearsal(distributor, most=MOST, project=project) as files:
            ours = files.workload("ours", files.lines)
            dealt = files.workload("dealt", dealt_in_turn(files.lines, files.agents, _pools(distributor)))
            as_it_is = simulated(ours, files.fleet, (), until=until)
            in_turn = simulated(dealt, files.fleet, ("--set", "queue.ordering=fifo"), until=until)
    except RotaError as error:
        return Waits(cut=None, note=f"the replay was given up: {error.message}")
    return _compared(as_it_is, in_turn)


def _compared(ours: Mapping[str, Any], dealt: Mapping[str, Any]) -> Waits:
    mine, theirs = (ours["queue_s"] or {}).get("mean"), (dealt["queue_s"] or {}).get("mean")
    waits = Waits(cut=None, mean_s=mine, round_robin_mean_s=theirs, n=ours["tasks"])
    if mine is None or not theirs:
        waits.note = "no task would have waited dealt in turn either"
        return waits
    waits.cut = 1 - mine / theirs
    return waits


def dealt_in_turn(
    lines: Sequence[Mapping[str, Any]], agents: Sequence[AgentSpec], pools: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The tasks, each pinned to the next agent that may do it. `pools` are those of the queues."""
    from rota.model.requirements import needs_of
    from rota.model.task import TaskSpec
    from rota.planning.filter import refusal
    from rota.planning.snapshot import profile_of

    profiles = [(spec, profile_of(spec)) for spec in agents]
    turns: dict[tuple[str, Any], tuple[list[str], int]] = {}
    dealt = []
    fields = frozenset(TaskSpec.__struct_fields__) - {"after"}
    for line in lines:
        task = TaskSpec(**{name: value for name, value in line.items() if name in fields})
        key = (task.queue, needs_of(task))
        if key not in turns:
            may = [spec for spec, profile in profiles if refusal(profile, key[1]) is None]
            here = [spec for spec in may if spec.pool == pools.get(task.queue, "default")]
            turns[key] = ([spec.name for spec in here for _ in range(spec.slots)], 0)
        names, turn = turns[key]
        if not names:
            dealt.append(dict(line))
            continue
        turns[key] = (names, turn + 1)
        dealt.append({**line, "pin": names[turn % len(names)]})
    return dealt


def _pools(distributor: Distributor) -> dict[str, str]:
    from rota.model.commands.read import ListQueues, QueuePage

    page: QueuePage = distributor.call(ListQueues())
    return {queue.name: queue.policy.pool for queue in page.queues}
