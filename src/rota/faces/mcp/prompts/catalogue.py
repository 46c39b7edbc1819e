"""The prompts there are, with their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rota.faces.mcp.prompts import dispatching, incident, planning, reviewing, working
from rota.operations.distributor import Distributor

Arguments = Mapping[str, str]


class Argument(NamedTuple):
    """One argument of a prompt, always text."""

    name: str
    description: str
    required: bool = False


class Prompt(NamedTuple):
    """One prompt. `text` is what the user says to the model."""

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...]
    text: Callable[[Distributor, Arguments], str]

    def definition(self) -> dict[str, Any]:
        """As `prompts/list` shows it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "arguments": [argument._asdict() for argument in self.arguments],
        }


_PROJECT = Argument("project", "Only this project.")

PROMPTS: dict[str, Prompt] = {
    prompt.name: prompt
    for prompt in (
        Prompt(
            "worker_loop",
            "Work off tasks",
            "Claim tasks one after the other and do them until there are none.",
            (Argument("agent", "The name to claim under."), Argument("skills", "With commas."), _PROJECT),
            working.text,
        ),
        Prompt(
            "planner",
            "Plan a goal",
            "Turn a goal into tasks with skills, estimates and dependencies, and submit them.",
            (Argument("goal", "What is to be reached.", required=True), _PROJECT),
            planning.text,
        ),
        Prompt(
            "dispatcher",
            "Dispatch tasks",
            "Hand tasks to the agents you can start, and see them through.",
            (_PROJECT,),
            dispatching.text,
        ),
        Prompt(
            "reviewer",
            "Review results",
            "Look at the results that wait for approval, and approve or reject each.",
            (_PROJECT,),
            reviewing.text,
        ),
        Prompt(
            "incident_review",
            "Find out what went wrong",
            "Look into failures and dead tasks, find the causes, say what to do.",
            (Argument("task", "One task to look into."), _PROJECT),
            incident.text,
        ),
    )
}
