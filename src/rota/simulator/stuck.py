"""Tasks that can never be done: why, by shape."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rota.model import state
from rota.model.requirements import Requirements, needs_of, text_of
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, nobody
from rota.planning.snapshot import Agent
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.live import Live
from rota.simulator.result import Stuck

_WHY = {
    state.BLOCKED: "it waits for a task that is never done",
    state.HELD: "it is held, and in a simulation nobody unholds it",
    state.REVIEW: "its result waits for approval, and in a simulation nobody approves",
    state.ASKED: "it waits for an answer, and in a simulation nobody answers",
    state.SCHEDULED: "its time never came",
    state.RUNNING: "its agent never came to an end",
}


def stuck(left: Iterable[Live], fleet: SimulatedFleet, pools: dict[str, str]) -> list[Stuck]:
    """The reasons, those of most tasks first."""
    groups: dict[tuple[str, str, Requirements], list[Live]] = {}
    for live in left:
        needs = needs_of(live.work.spec)
        pool = pools.get(live.work.spec.queue, "")
        reason, text = _nobody(fleet, needs, pool) if live.state == state.READY else _other(live)
        groups.setdefault((reason, text, needs), []).append(live)
    found = [
        Stuck(
            reason=reason,
            text=text,
            needs=msgspec.json.decode(text_of(needs)),
            tasks=len(lives),
            example=min(lives, key=lambda live: live.number).work.spec.title,
        )
        for (reason, text, needs), lives in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.tasks, one.reason, one.text, one.example))


def _other(live: Live) -> tuple[str, str]:
    return state.STATES[live.state], _WHY[live.state]


def _nobody(fleet: SimulatedFleet, needs: Requirements, pool: str) -> tuple[str, str]:
    agents = [agent for agent in fleet.agents if agent.spec.pool == pool]
    seen = [Agent(id=at, profile=agent.profile, slots=agent.spec.slots) for at, agent in enumerate(agents)]
    reason = nobody(seen, Asked(needs))
    if reason is None:
        return "ready", "agents may do it, and none took it"
    if not agents:
        return reason, f"there is no agent in pool {pool!r}; add one, or move the queue to another pool"
    refused = [(agent.profile.name, refusal(agent.profile, needs)) for agent in agents]
    texts = [f"{name}: {found.text}" for name, found in refused if found is not None]
    first = texts[0]
    more = f", and so on for {len(texts)} agents" if len(texts) > 1 else ""
    return reason, f"no agent may ever do it ({first}{more}); add an agent that may, or ask for less"
