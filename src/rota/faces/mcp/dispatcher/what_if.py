"""`simulate`: the same tasks with other policies or other agents, on the real engine and virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from time import monotonic
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.faces.mcp.apart import apart
from rota.faces.mcp.dispatcher.roster import RosterAgent
from rota.faces.mcp.fence import fenced
from rota.faces.mcp.new_task import levels
from rota.faces.mcp.tool import Call, Hints, Notify, Tool
from rota.model.agent import AgentSpec
from rota.model.errors import RotaError, invalid

MOST = 5_000
SECONDS = 40.0
TICK_S = 5.0
"""Between two notices of progress, seconds."""


class Simulate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    compare: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            max_length=8,
            description="'default', a strategy such as 'round_robin', an ordering such as 'fifo', or settings such as "
            "'queue.ordering=fifo+pool.strategy=cost'.",
        ),
    ] = ("default",)
    set: Annotated[
        dict[str, str | float | int],
        Meta(description="For all of them, such as {'pace': 2} (twice the arrivals) or {'agent.ann.fail': 0.1}."),
    ] = {}
    add_agents: list[RosterAgent] = []
    drop_agents: list[str] = []
    project: Annotated[str | None, Meta(description="Only the tasks of this project.")] = None
    tasks: Annotated[int, Meta(ge=1, le=MOST, description="The newest of the history, at most so many.")] = 1_000
    seconds: Annotated[float, Meta(gt=0, le=SECONDS, description="When to give up.")] = 20.0


class Simulated(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one policy would have led to. Spans are seconds, shares 0 to 1."""

    mean_wait_s: float | None
    p99_wait_s: float | None
    makespan_s: float
    completion: float
    utilisation: float
    load_variation: float | None
    deadlines_met: float | None
    fairness: float | None
    cost: float
    inversions: int
    never_done: dict[str, str] = {}
    """Tasks that nobody could do, by reason."""


class WhatIf(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    tasks: int
    agents: int
    results: dict[str, Simulated]
    best: str
    """The entry with the least mean wait."""
    guessed: int = 0
    """Tasks never done so far: their work was guessed from their estimate or their kind."""


def run(call: Call) -> Future[WhatIf]:
    """Rehearse each entry on the same luck."""
    asked: Simulate = call.arguments
    if len(set(asked.compare)) < len(asked.compare):
        raise invalid("compare", "names an entry twice")
    return apart(lambda cancelled: _rehearsed(call, asked, cancelled))


def _rehearsed(call: Call, asked: Simulate, cancelled: Callable[[], bool]) -> WhatIf:
    from rota.faces.mcp.dispatcher.rehearsal import rehearsal, simulated, translated  # lazily: the whole simulator

    begun = monotonic()
    tick = _ticker(call.notify, begun, asked.seconds)
    more = [AgentSpec(**{**msgspec.structs.asdict(one), "skills": levels(one.skills)}) for one in asked.add_agents]
    with rehearsal(
        call.distributor, most=asked.tasks, project=asked.project, more=more, without=asked.drop_agents
    ) as files:
        if not files.lines:
            raise invalid("project" if asked.project else "tasks", "there is no task to rehearse; submit some first")
        workload = files.workload("history", files.lines)
        arguments = [argument for key, value in asked.set.items() for argument in ("--set", f"{key}={value}")]
        if len(asked.compare) > 1:
            arguments += ["--compare", ",".join(asked.compare)]
        elif asked.compare != ("default",):
            arguments += _alone(asked.compare[0])
        until = begun + asked.seconds
        try:
            found = simulated(workload, files.fleet, arguments, until=until, cancelled=cancelled, tick=tick)
        except RotaError as error:
            if error.code in ("cancelled", "too_large"):
                raise
            raise translated(error, asked.set) from None
        named = found if len(asked.compare) > 1 else {asked.compare[0]: found}
        results = {name: _shown(result) for name, result in named.items()}
        return WhatIf(
            tasks=len(files.lines),
            agents=len(files.agents),
            results=results,
            best=min(results, key=lambda name: results[name].mean_wait_s or 0.0),
            guessed=sum("run_s" not in line for line in files.lines),
        )


def _alone(entry: str) -> list[str]:
    pairs = entry.split("+") if "=" in entry else [f"policy={entry}"]
    return [argument for pair in pairs for argument in ("--set", pair)]


def _ticker(notify: Notify, begun: float, seconds: float) -> Any:
    told = begun

    def tick() -> None:
        nonlocal told
        now = monotonic()
        if now - told >= TICK_S:
            told = now
            notify({"progress": round(now - begun, 1), "total": seconds, "message": "simulating"})

    return tick


def _shown(result: Mapping[str, Any]) -> Simulated:
    wait = result["queue_s"] or {}
    return Simulated(
        mean_wait_s=wait.get("mean"),
        p99_wait_s=wait.get("p99"),
        makespan_s=result["makespan_s"],
        completion=result["completion"],
        utilisation=result["utilisation"],
        load_variation=result["load_variation"],
        deadlines_met=result["deadlines"]["share"],
        fairness=result["fairness"]["jain"],
        cost=result["cost"],
        inversions=result["inversions"],
        never_done={
            one["reason"]: fenced(f"{one['tasks']} tasks, such as {one['example']}: {one['text']}", "simulation")
            for one in result["stuck"]
        },
    )


TOOL = Tool(
    name="simulate",
    group="dispatcher",
    title="Simulate what if",
    description="Rehearse the recorded tasks with other policies, other agents or another pace: the real engine on "
    "virtual time. Changes nothing. Compare entries on the same luck, then set_policy.",
    takes=Simulate,
    gives=WhatIf,
    scope="read",
    hints=Hints(reads=True),
    run=run,
    example={"compare": ["default", "round_robin"], "add_agents": [{"name": "ai-2", "role": "ai-engineer"}]},
)
