"""Agents of sessions: forgotten with them, handed nothing that they are not told of, as many slots as they ask for."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.session import Session
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import CreateProject, Register
from rota.model.commands.read import ListAgents
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.mcp.tools.desk import Desk, told


def desks(rota: TestDistributor, *names: str) -> list[Desk]:
    """Clients that live together."""
    live: list[Session] = []
    live += [Session(name * 16, name, lambda: live) for name in names]
    return [Desk(rota, session) for session in live]  # type: ignore[arg-type]


def end(desk: Desk) -> None:
    session: Any = desk.session
    session._live().remove(session)
    session.end(desk.rota)


def agents(desk: Desk) -> set[str]:
    return {agent.name for agent in desk.rota.call(ListAgents()).agents}


def test_agents_end_with_the_session_that_spoke_for_them(memory: Desk) -> None:
    ann, bob = desks(memory.rota, "ann", "bob")
    memory.submit("one", "two")
    ann.claim("ada")
    bob.claim("ada")
    end(ann)
    assert agents(memory) == {"ada"}, "the other session speaks for it still"
    end(bob)
    assert agents(memory) == set()


def test_nothing_is_assigned_to_agents_that_would_not_hear_of_it(memory: Desk) -> None:
    (ann,) = desks(memory.rota, "ann")
    memory.submit("one", "two", "three")
    ann.call("complete_task", **told(ann.claim("ada")))
    memory.rota.call(Register(agent=AgentSpec(name="runner"), instance="another-process"))
    assert memory.refused("assign_tasks")["code"] == "no_agent"
    memory.call("register_roster", agents=[{"name": "rob"}])
    (one,) = memory.call("assign_tasks", n=3)["assignments"]
    assert one["agent"] == "rob"


def test_slots_grow_with_what_is_asked_for(memory: Desk) -> None:
    memory.submit(*"abcdef")
    first = memory.call("claim_tasks", agent="ada")["tasks"]
    more = memory.call("claim_tasks", agent="ada", n=3)["tasks"]
    assert (len(first), len(more)) == (1, 3)


def test_full_slots_are_said(memory: Desk) -> None:
    memory.submit("one", "two")
    memory.call("register_roster", agents=[{"name": "ada"}])
    memory.claim("ada")
    assert memory.call("claim_tasks", agent="ada", n=2)["next"] == "All your slots are in use; finish one."


def test_a_claim_answers_nothing_that_another_session_has(memory: Desk) -> None:
    ann, bob = desks(memory.rota, "ann", "bob")
    made = memory.rota.call(
        CreateProject(project=ProjectSpec(title="p"), tasks=[TaskSpec(title="a"), TaskSpec(title="b")])
    )
    (first, second), project = made.ids, made.project
    hers = ann.claim("ada", project=project)
    his = bob.claim("ada", project=project)
    assert (hers["task"], his["task"]) == (first, second)
    assert bob.call("claim_tasks", agent="ada", tasks=[first])["tasks"] == []
    assert told(bob.claim("ada", project=project)) == told(his)
    end(bob)
    assert ann.claim("ada", tasks=[second])["task"] == second
