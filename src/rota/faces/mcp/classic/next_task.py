"""`get_next_task`: a task for whoever asks, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.lookup import open_project_of, task_of, tasks_of
from rota.faces.mcp.classic.shown import task_shown
from rota.faces.mcp.classic.states import NOT_STARTED, counts_of
from rota.faces.mcp.session import Session
from rota.model.agent import AgentView
from rota.model.commands.read import AgentExplanation, Explain, ExplainAgent, Explanation
from rota.model.commands.work import Claim
from rota.model.priority import BANDS
from rota.model.project import ProjectView
from rota.model.task import AttemptView, Given, ParentResult, TaskView

ALL_APPROVED = "All tasks have been completed and approved. Awaiting project completion approval."
NAMED = 10
"""So many tasks are named in a message."""


def get_next_task(rota: Asking, session: Session | None, arguments: Arguments) -> dict[str, Any]:
    """The best task of the project that nobody has, leased to whoever asks; what that one has already comes back.

    Without a session and without `agentId` it is only shown, not leased.
    """
    project = open_project_of(rota, arguments["projectId"])
    counts = counts_of(project)
    if not counts.total:
        raise ToolError("Project has no tasks")
    if counts.all_approved:
        return {"message": ALL_APPROVED}
    if session is None and "agentId" not in arguments:
        return _peek(rota, project)
    session = session or Session("")
    agent = session.identity(rota, arguments.get("agentId"), role=arguments.get("role"), skills=arguments.get("skills"))
    # Who says nothing of itself may do anything, and is told what the task asks for.
    claim = Claim(agent=agent.name, project=project.id, override=agent.role is None and not agent.skills)
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
    found: AgentExplanation = rota.call(ExplainAgent(agent=agent.name, limit=1))
    if not found.next or BANDS[found.next[0].priority] >= BANDS[task.promoted or task.priority]:
        return None
    return f"{found.next[0].task} of another project waits with priority {found.next[0].priority}"


def _peek(rota: Asking, project: ProjectView) -> dict[str, Any]:
    ready = [task for task in tasks_of(rota, project.id) if task.state == "ready"]
    if not ready:
        return _nothing(rota, project, None)
    best = min(ready, key=lambda task: BANDS[task.promoted or task.priority])
    return {"projectId": project.id, "task": task_shown(best)}


def _nothing(rota: Asking, project: ProjectView, agent: AgentView | None) -> dict[str, Any]:
    """Why there is nothing: one line for each state, what is nearest to going on first."""
    by_state: dict[str, list[TaskView]] = {}
    for task in tasks_of(rota, project.id):
        by_state.setdefault(task.state, []).append(task)
    lines = [_LINES[state](by_state[state]) for state in _LINES if state in by_state]
    if "ready" in by_state:
        lines.insert(0, _not_for(rota, by_state["ready"], agent))
    waiting = {state: [task.id for task in by_state[state]] for state in ("ready", *_LINES) if state in by_state}
    head = "No task can be given to you now." if lines else ALL_APPROVED
    return {"message": "\n".join([head, *lines]), "waiting": waiting}


def _not_for(rota: Asking, tasks: Sequence[TaskView], agent: AgentView | None) -> str:
    """Why the agent gets none of the tasks that are ready."""
    best = min(tasks, key=lambda task: BANDS[task.promoted or task.priority])
    told: Explanation = rota.call(Explain(task=best.id))
    own = told.agents.get(agent.name, "may") if agent is not None else "may"
    reason = told.text if own == "may" else own
    return f"Ready, but not for you: {_named(tasks)} ({best.id}: {reason})."


def _named(tasks: Sequence[TaskView]) -> str:
    more = f" and {len(tasks) - NAMED} more" if len(tasks) > NAMED else ""
    return ", ".join(task.id for task in tasks[:NAMED]) + more


def _in_progress(tasks: Sequence[TaskView]) -> str:
    named = ", ".join(f"{task.id} ({task.agent})" for task in tasks[:NAMED])
    more = f" and {len(tasks) - NAMED} more" if len(tasks) > NAMED else ""
    return f"In progress with others: {named}{more}."


def _scheduled(tasks: Sequence[TaskView]) -> str:
    first = min(tasks, key=lambda task: task.start or "")
    after = f" after: {first.reason}" if first.reason else ""
    return f"Waiting for their time: {_named(tasks)}; the first at {first.start}{after}."


def _blocked(tasks: Sequence[TaskView]) -> str:
    named = ", ".join(f"{task.id} (waits for {', '.join(task.after) or 'a limit'})" for task in tasks[:NAMED])
    more = f" and {len(tasks) - NAMED} more" if len(tasks) > NAMED else ""
    return f"Blocked: {named}{more}."


_LINES: dict[str, Callable[[Sequence[TaskView]], str]] = {
    "running": _in_progress,
    "scheduled": _scheduled,
    "blocked": _blocked,
    "asked": lambda tasks: f"Waiting for the answer to a question: {_named(tasks)}.",
    "review": lambda tasks: f"Done, waiting for approval (approve_task): {_named(tasks)}.",
    "held": lambda tasks: (
        f"Held: {_named(tasks)} ({tasks[0].reason}); update_task with status 'not started' lets one go on."
    ),
    "dead": lambda tasks: (
        f"Failed for good: {_named(tasks)} ({tasks[0].reason}); update_task with status 'not started' tries one again."
    ),
}
"""What is said of the tasks of each state, in this order."""
