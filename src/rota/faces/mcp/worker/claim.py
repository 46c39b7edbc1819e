"""`claim_tasks`: the next tasks of an agent, by the order of work."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from rota.faces.mcp.looking import looking
from rota.faces.mcp.new_task import Skills, levels
from rota.faces.mcp.session import INSTANCE, TRIES
from rota.faces.mcp.tool import Call, Hints, Reply, Tool
from rota.faces.mcp.worker.handing import HandedTask, claimed, handed
from rota.model.agent import AgentSpec, AgentView
from rota.model.bounds import SLOTS
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetAgent, GetStatistics, Statistics
from rota.model.commands.work import Claim, Claimed
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor

MOST = 100
"""Tasks of one claim: each comes with its brief."""


class Room(NamedTuple):
    """Of an agent."""

    slots: int
    running: int


class ClaimTasks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    agent: Annotated[str | None, Meta(description="Who claims; left out: this session.")] = None
    n: Annotated[int, Meta(ge=1, le=MOST)] = 1
    wait: Annotated[float, Meta(ge=0, le=45, description="Seconds to wait for the first task.")] = 0.0
    project: Annotated[str | None, Meta(description="Only tasks of this project.")] = None
    tasks: Annotated[list[str], Meta(description="Only these tasks.")] = []
    role: Annotated[str | None, Meta(description="What the agent is; kept for later claims.")] = None
    skills: Annotated[Skills | None, Meta(description="What the agent can: names or levels; kept.")] = None
    request: Annotated[str | None, Meta(description="A key: the same claim again gets the same tasks.")] = None


class ClaimedTasks(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    tasks: list[HandedTask]
    waiting: int = 0
    """Tasks that wait for anybody, when none was given."""
    running: int = 0
    next: str = ""
    """What to do when none was given."""


def run(call: Call) -> Future[Reply] | Reply:
    """Claim, registering an agent that is new."""
    asked: ClaimTasks = call.arguments
    agent = asked.agent or call.session.agent
    seen = known(call, agent, asked)
    claim = Claim(agent=agent, n=asked.n, wait=asked.wait, project=asked.project, tasks=asked.tasks)
    claim.request = asked.request
    claim = call.session.own_claim(call.distributor, claim)

    def made(tasks: list[HandedTask]) -> ClaimedTasks:
        return _answer(call.distributor, agent, tasks)

    if claim.wait > 0:
        return claimed(call, claim, made)
    return handed(call, _at_once(call, claim, seen), made)


def _at_once(call: Call, claim: Claim, seen: Room) -> Claimed:
    """What there is now. Calls for one agent that overlap take each other's slots: then there is room for more."""
    asked: ClaimTasks = call.arguments
    name = asked.agent or call.session.agent
    found: Claimed = call.distributor.call(claim)
    for _ in range(TRIES):
        if found.tasks:
            break
        view: AgentView = call.distributor.call(GetAgent(agent=name))
        now = Room(view.slots, view.running)
        if view.instance != INSTANCE or now == seen:
            break
        seen, found = known(call, name, asked), call.distributor.call(claim)
    return found


def known(call: Call, name: str, asked: ClaimTasks) -> Room:
    """Register an agent that nobody registered, or what it says anew of itself; its slots then, and what is in them.

    An agent of tools alone has as many slots as it asks for; one that waits, waits for a slot too.
    """
    distributor, role, skills = call.distributor, asked.role, asked.skills
    try:
        view: AgentView = distributor.call(GetAgent(agent=name))
    except RotaError as error:
        if error.code != "no_agent":
            raise
        spec = AgentSpec(name=name, role=role, skills=levels(skills), slots=asked.n)
        distributor.call(Register(agent=spec, instance=INSTANCE))
        call.session.registered(name)
        return Room(asked.n, 0)
    slots = view.slots
    if view.instance == INSTANCE:
        call.session.registered(name)
        slots = max(slots, min(asked.n if asked.wait else view.running + asked.n, SLOTS))
    wanted: dict[str, Any] = {"role": role or view.role, "skills": view.skills if skills is None else levels(skills)}
    if wanted == {"role": view.role, "skills": view.skills} and slots == view.slots:
        return Room(slots, view.running)
    with looking(distributor) as view_of_all:
        spec = view_of_all.book.agent(name).spec
    if view.instance == INSTANCE:
        wanted["slots"] = slots
    distributor.call(Register(agent=msgspec.structs.replace(spec, **wanted), instance=view.instance))
    return Room(slots, view.running)


def _answer(distributor: Distributor, agent: str, tasks: list[HandedTask]) -> ClaimedTasks:
    if tasks:
        return ClaimedTasks(tasks=tasks)
    try:
        now: Statistics = distributor.call(GetStatistics(minutes=1))
    except RotaError as error:
        if error.code != "not_allowed":
            raise
        # What waits for others is none of its business.
        return ClaimedTasks(tasks=[], next="There is nothing for you now. Claim again with wait=30.")
    view: AgentView = distributor.call(GetAgent(agent=agent))
    if now.waiting and view.running >= view.slots:
        text = "All your slots are in use; finish one."
    elif now.waiting:
        text = (
            f"{now.waiting} tasks wait, but none of them for {agent} now. explain_agent says why; or claim with wait."
        )
    elif now.running or now.aside.get("blocked") or now.aside.get("scheduled"):
        text = "Nothing is ready; other work goes on and may lead to more. Claim again with wait=30."
    else:
        text = "There is no work left. Stop claiming."
    return ClaimedTasks(tasks=[], waiting=now.waiting, running=now.running, next=text)


TOOL = Tool(
    name="claim_tasks",
    group="worker",
    title="Claim tasks",
    description="Take the next tasks for an agent: best first, only what it may do, nobody else gets them. Each comes "
    "with a brief and a token for every later word about it. Finish with complete_task, fail_task, give_back_task "
    "or ask.",
    takes=ClaimTasks,
    gives=ClaimedTasks,
    scope="work",
    hints=Hints(),
    run=run,
    example={"agent": "ada", "skills": ["python"], "wait": 30},
)
