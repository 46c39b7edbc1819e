"""`get_next_task`: a task for whoever asks, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rota.faces.mcp.asking import Asking, AskingAtOnce
from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.lookup import first_tasks_of, open_project_of, project_of, task_of, tasks_of
from rota.faces.mcp.classic.shown import task_shown
from rota.faces.mcp.classic.states import NOT_STARTED, counts_of
from rota.faces.mcp.session import Session
from rota.model.agent import AgentView
from rota.model.commands.read import AgentExplanation, Explain, ExplainAgent, Explanation
from rota.model.commands.work import Claim
from rota.model.priority import BANDS
from rota.model.project import ProjectView
from rota.model.state import State
from rota.model.task import AttemptView, Given, ParentResult, TaskView

ALL_APPROVED = "All tasks have been completed and approved. Awaiting project completion approval."
NAMED = 10
"""So many tasks are named in a message."""


def get_next_task(rota: AskingAtOnce, session: Session | None, arguments: Arguments) -> dict[str, Any]:
    """The best task of the project that nobody has, leased to whoever asks; what that one has already comes back.

    Without a session and without `agentId` it is only shown, not leased.
    """
    project = open_project_of(rota, arguments["projectId"])
    if session is None and "agentId" not in arguments:
        return _peek(rota, project)
    session = session or Session("")
    agent = session.identity(rota, arguments.get("agentId"), role=arguments.get("role"), skills=arguments.get("skills"))
    # Who says nothing of itself may do anything, and is told what the task asks for.
    claim = Claim(agent=agent.name, project=project.id, override=agent.role is None and not agent.skills)
    claim.request = arguments.get("request")
    given = session.claim(rota, agent, claim)
    if not given:
        return _nothing(rota, project, agent)
    return _given(rota, session, project, agent, given[0])


def _given(rota: Asking, session: Session, project: ProjectView, agent: AgentView, given: Given) -> dict[str, Any]:
    task = task_of(rota, project, given.task)
    # It is leased, but its agent has not begun: what it reads as "in progress" it would leave to others.
    status = None if task.id in session.begun else NOT_STARTED
    answer: dict[str, Any] = {"projectId": project.id, "task": task_shown(task, status)}
    answer["lease"] = {"agentId": given.agent, "leaseToken": given.token, "until": task.until or given.until}
    if given.attempts:
        answer["attempts"] = [_attempt(one) for one in given.attempts]
    if given.parents:
        answer["results"] = [_parent(one) for one in given.parents]
    better = _better_elsewhere(rota, agent, task)
    if better is not None:
        answer["note"] = better
    return answer


def _attempt(attempt: AttemptView) -> dict[str, Any]:
    shown = {
        "number": attempt.number,
        "agent": attempt.agent,
        "outcome": attempt.outcome,
        "error": attempt.error,
        "notes": attempt.notes,
        "progress": attempt.progress,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _parent(parent: ParentResult) -> dict[str, Any]:
    shown = {"id": parent.id, "title": parent.title, "state": parent.state, "result": parent.result}
    return shown | ({"reason": parent.reason} if parent.reason else {})


def _better_elsewhere(rota: Asking, agent: AgentView, task: TaskView) -> str | None:
    """That a task of a better priority waits outside this project."""
    if task.priority == "emergency":
        return None
    found: AgentExplanation = rota.call(ExplainAgent(agent=agent.name, limit=1, above=task.promoted or task.priority))
    if not found.next:
        return None
    return f"{found.next[0].task} of another project waits with priority {found.next[0].priority}"


def _peek(rota: Asking, project: ProjectView) -> dict[str, Any]:
    ready = [task for task in tasks_of(rota, project.id) if task.state == "ready"]
    if not ready:
        return _nothing(rota, project, None)
    best = min(ready, key=lambda task: BANDS[task.promoted or task.priority])
    return {"projectId": project.id, "task": task_shown(best)}


def _nothing(rota: Asking, project: ProjectView, agent: AgentView | None) -> dict[str, Any]:
    """Why there is nothing: a line for each state, what is nearest to going on first, and how many are in each."""
    counted = project_of(rota, project.id, counts=True)
    counts = counts_of(counted)
    if not counts.total:
        raise ToolError("Project has no tasks")
    if counts.all_approved:
        return {"message": ALL_APPROVED}
    waiting = {state: counted.tasks[state] for state in ("ready", *_LINES) if state in counted.tasks}
    lines = []
    for state in waiting:
        # One that is not there any more has changed since they were counted.
        tasks = first_tasks_of(rota, project.id, state, NAMED)
        if tasks and state == "ready":
            lines.append(_not_for(rota, tasks, waiting[state], agent))
        elif tasks:
            lines.append(_LINES[state](tasks, waiting[state]))
    return {"message": "\n".join(["No task can be given to you now.", *lines]), "waiting": waiting}


def _not_for(rota: Asking, tasks: Sequence[TaskView], n: int, agent: AgentView | None) -> str:
    """Why the agent gets none of the tasks that are ready."""
    best = min(tasks, key=lambda task: BANDS[task.promoted or task.priority])
    told: Explanation = rota.call(Explain(task=best.id))
    own = told.agents.get(agent.name, "may") if agent is not None else "may"
    reason = told.text if own == "may" else own
    return f"Ready, but not for you: {_named(tasks, n)} ({best.id}: {reason.rstrip('.')})."


def _named(tasks: Sequence[TaskView], n: int, shown: Callable[[TaskView], str] = lambda task: task.id) -> str:
    more = f" and {n - len(tasks)} more" if n > len(tasks) else ""
    return ", ".join(shown(task) for task in tasks) + more


def _scheduled(tasks: Sequence[TaskView], n: int) -> str:
    first = min(tasks, key=lambda task: task.start or "")
    after = f" after: {first.reason}" if first.reason else ""
    return _ended(f"Waiting for their time: {_named(tasks, n)}; the first at {first.start}{after}")


def _ended(text: str) -> str:
    """With a full stop, unless what somebody wrote has one."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _waits(task: TaskView) -> str:
    return f"{task.id} (waits for {', '.join(task.after) or 'a limit'})"


Line = Callable[[Sequence[TaskView], int], str]
"""The first tasks, and how many there are."""

_LINES: dict[State, Line] = {
    "running": lambda tasks, n: (
        f"In progress with others: {_named(tasks, n, lambda task: f'{task.id} ({task.agent})')}."
    ),
    "scheduled": _scheduled,
    "blocked": lambda tasks, n: f"Blocked: {_named(tasks, n, _waits)}.",
    "asked": lambda tasks, n: f"Waiting for the answer to a question: {_named(tasks, n)}.",
    "review": lambda tasks, n: f"Done, waiting for approval (approve_task): {_named(tasks, n)}.",
    "held": lambda tasks, n: (
        f"Held: {_named(tasks, n)} ({tasks[0].reason}); update_task with status 'not started' lets one go on."
    ),
    "dead": lambda tasks, n: (
        f"Failed for good: {_named(tasks, n)} ({tasks[0].reason});"
        " update_task with status 'not started' tries one again."
    ),
}
"""What is said of the tasks of each state, in this order."""
