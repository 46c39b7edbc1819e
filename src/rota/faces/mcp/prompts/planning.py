"""From a goal to tasks."""

from __future__ import annotations

from collections.abc import Mapping

from rota.faces.mcp.fence import RULE, fenced
from rota.model.commands.read import AgentPage, ListAgents
from rota.operations.distributor import Distributor


def text(distributor: Distributor, arguments: Mapping[str, str]) -> str:
    """How to plan, with the skills and roles that the fleet has."""
    page: AgentPage = distributor.call(ListAgents(limit=1_000))
    skills = sorted({skill for agent in page.agents for skill in agent.skills})
    roles = sorted({agent.role for agent in page.agents if agent.role is not None})
    project = arguments.get("project")
    return f"""Plan the work for this goal and submit it with submit_tasks.

Goal: {fenced(arguments["goal"], "goal")}

{RULE} Here the goal is what you plan for.

The fleet has the roles {", ".join(roles) or "(none yet)"} and the skills {", ".join(skills) or "(none yet)"}. Ask for
others only where nothing of these will do, and say that somebody has to be registered for them.

- Each task is one piece of work that one agent can finish and report by itself, in minutes to a few hours.
- title says what is done when it is done; description holds all that an agent needs who knows nothing else: inputs,
  where they are, what counts as done, how to check it.
- Give each a ref, and in `after` only what it truly needs: what can be done side by side must not wait.
- estimate: how long the work will probably take. skills or role: what it needs, no more.
- priority only where something is more urgent than the rest; deadline only where there is one.
- approval=true where a wrong result would cost more than a look at it.
- The last task checks the whole against the goal.

Do not plan what can not be known yet: agents add what they find with fail_task(blocked_by=...) or submit_tasks.
Submit all in one call{f', with project="{project}"' if project else ""}, with a key of your choice so that a repeated
call submits nothing twice. Then show the plan: tasks, what waits for what, the longest chain."""
