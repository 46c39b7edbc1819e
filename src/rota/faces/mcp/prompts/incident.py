"""Finding out what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.faces.mcp.fence import RULE, fenced, maybe_fenced
from rota.model.commands.read import GetHistory, GetStatistics, ListTasks, Statistics, TaskHistory, TaskPage
from rota.operations.distributor import Distributor

MOST = 10
HOURS = 24


def text(distributor: Distributor, arguments: Mapping[str, str]) -> str:
    """The failures of the last day, or one task's story, and how to look into them."""
    now: Statistics = distributor.call(GetStatistics(minutes=HOURS * 60))
    told = ", ".join(f"{n} {name}" for name, n in sorted(now.counts.items()))
    tasks = [arguments["task"]] if "task" in arguments else _dead(distributor, arguments.get("project"))
    stories = [line for task in tasks for line in _story(distributor, task)]
    return f"""Find out what went wrong and what is to be done about it. {RULE}

The last {HOURS} hours: {told or "nothing happened"}. Now {now.waiting} wait and {now.running} run.

{chr(10).join(stories) if stories else "No task is dead."}

1. Sort the failures by cause, not by task. explain_task and explain_agent tell more of each.
2. For each cause: is it the task (wrong or incomplete), the agent (one name in all of them), a provider's limit, or
   something all of them share? Say what in the texts above shows it.
3. Say what to do: correct the task and redrive it; drain the agent; set_policy or a limit; ask a person. Do only what
   can be undone, and say what you did.
4. End with a short report: what happened, when, why, what was done, what would prevent it."""


def _dead(distributor: Distributor, project: str | None) -> list[str]:
    page: TaskPage = distributor.call(ListTasks(state="dead", project=project, limit=MOST))
    return [task.id for task in page.tasks]


def _story(distributor: Distributor, task: str) -> Iterator[str]:
    story: TaskHistory = distributor.call(GetHistory(task=task))
    view = story.task
    reason = maybe_fenced(view.reason, f"{view.id} reason") or "no reason"
    yield f"{view.id} ({view.kind}, {view.state}): {fenced(view.title, f'{view.id} title')}: {reason}"
    for one in story.attempts[-MOST:]:
        error = maybe_fenced(one.error, f"{view.id} attempt {one.number} error") or "no error"
        yield f"- attempt {one.number} by {one.agent}, {one.outcome}, {one.started}: {error}"
