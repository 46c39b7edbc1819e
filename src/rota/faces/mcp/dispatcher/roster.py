"""`register_roster`: the agents that a dispatcher can start, with what they can."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.new_task import Skills, levels
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.agent import AgentSpec, Cost
from rota.model.bounds import PAGE
from rota.model.commands.fleet import Register
from rota.model.errors import RotaError


class RosterAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An agent of the roster."""

    name: str
    role: Annotated[str | None, Meta(description="What it is, such as 'data-engineer'.")] = None
    slots: Annotated[int, Meta(ge=1, description="Tasks it can do at once.")] = 1
    skills: Annotated[Skills, Meta(description="Names, or levels by name (higher is better).")] = {}
    region: str | None = None
    pool: str = "default"
    cost: Annotated[Cost | None, Meta(description="Prices: per_task, per_hour, per_1k_tokens.")] = None
    weight: float | None = None
    resources: Annotated[dict[str, float], Meta(description="What it has, such as {'gpu': 2}.")] = {}
    hours: Annotated[tuple[str, ...], Meta(description="When it works, such as 'mon-fri 09:00-17:00'.")] = ()
    time_zone: str = "UTC"


class RegisterRoster(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    agents: Annotated[list[RosterAgent], Meta(min_length=1, max_length=PAGE)]


class Roster(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    registered: list[str]
    slots: int
    """Of all that were registered now."""
    refused: dict[str, str] = {}
    """By name, what was wrong; the others count."""


def run(call: Call) -> Roster:
    """Register one after the other."""
    asked: RegisterRoster = call.arguments
    roster = Roster(registered=[], slots=0)
    for agent in asked.agents:
        values = msgspec.structs.asdict(agent)
        values["skills"] = levels(agent.skills)
        try:
            call.distributor.call(Register(agent=AgentSpec(**values)))
        except RotaError as error:
            if len(asked.agents) == 1:
                raise
            roster.refused[agent.name[:100]] = str(error)
            continue
        roster.registered.append(agent.name)
        roster.slots += agent.slots
    return roster


TOOL = Tool(
    name="register_roster",
    group="dispatcher",
    title="Register the roster",
    description="Make agents known that you can start, with role, skills and slots; again to change them. Nobody is "
    "removed. Then assign_tasks says who gets what.",
    takes=RegisterRoster,
    gives=Roster,
    scope="work",
    hints=Hints(idempotent=True),
    run=run,
    example={"agents": [{"name": "data-1", "role": "data-engineer", "skills": ["audio"], "slots": 2}]},
)
