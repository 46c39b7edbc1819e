"""`update_task`: new words, new wishes, and a new status, which takes a task up, ends it, or gives it back.

A call that is refused has changed nothing: what it asks for is done in one turn. Only the end of a task that it takes
up itself follows in the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rota.engine.all_or_none import Undone
from rota.faces.mcp.asking import AskingAtOnce, all_or_none
from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.changes import changes_of, check_changes
from rota.faces.mcp.classic.errors import ToolError, missing
from rota.faces.mcp.classic.late import Update, lost_lease, refuse_late, said_before
from rota.faces.mcp.classic.lookup import changeable, open_project_of, task_of
from rota.faces.mcp.classic.shown import task_shown, text_of_result
from rota.faces.mcp.classic.states import DONE, IN_PROGRESS, NOT_STARTED, REOPENED, THEIRS
from rota.faces.mcp.session import InHands, Session
from rota.model.commands.read import Explain, Explanation
from rota.model.commands.submit import Changed, Edit, Redrive, Unhold
from rota.model.commands.work import (
    Beat,
    Claim,
    Claimed,
    Complete,
    Done,
    Fail,
    Failed,
    GiveBack,
    Heartbeat,
    Held,
    Judged,
    Reject,
)
from rota.model.errors import RotaError
from rota.model.task import TaskView


def update_task(rota: AskingAtOnce, session: Session | None, arguments: Arguments) -> dict[str, Any]:
    """Change a task that is not approved."""
    project = open_project_of(rota, arguments["projectId"])
    status = arguments.get("status")
    if session is None:
        if status is not None and "agentId" not in arguments and "leaseToken" not in arguments:
            raise missing("agentId (required without a session)")
        session = Session("")
    update = Update(rota, session, project, task_of(rota, project, arguments["taskId"]), arguments)
    if not said_before(update):
        task = changeable(update.task, "modify")
        refuse_late(update)
        check_changes(update)
        held = _held(update) if task.state == "running" and status is not None else None
        _CHANGES[status](update, held)
    task = update.task
    after = task_of(rota, project, task.id)
    answer: dict[str, Any] = {"task": task_shown(after)}
    if status == DONE and after.state == "review":
        answer["message"] = (
            "Task marked as done but requires human approval.\n"
            f"To approve, use approve_task with projectId {project.id} and taskId {task.id}."
        )
    return answer


def _held(update: Update) -> InHands:
    """The lease of a running task, if whoever calls may speak for it."""
    given, task, session = update.arguments, update.task, update.session
    agent = str(task.agent)
    if "leaseToken" in given:
        return InHands(task.id, agent, given["leaseToken"])
    known = session.in_hands.get(task.id)
    if known is not None and known.agent == agent:
        return known
    if task.id in session.lost and given.get("agentId", session.agent) == agent:
        raise lost_lease(update, session.lost[task.id].token)
    if given.get("agentId", session.agent) == agent:
        # What an agent has is answered again.
        claimed = update.rota.call(Claim(agent=agent, tasks=[task.id])).tasks
        if claimed:
            return InHands(task.id, agent, claimed[0].token, claimed[0].term)
    raise ToolError(_others(task))


def _others(task: TaskView) -> str:
    return (
        f"Task {task.id} is in progress with {task.agent} until {task.until};"
        " give its agentId or leaseToken to report for it, or take another task with get_next_task"
    )


def _change(update: Update, _held: InHands | None) -> None:
    """Its status stays."""
    _do(update, changes_of(update))


def _begin(update: Update, held: InHands | None) -> None:
    """It is in progress from now on, with whoever calls."""
    if held is None:
        held = _take(update)
    else:
        beat = Heartbeat(agent=held.agent, beats=[Beat(task=held.task, token=held.token)])
        _do(update, [beat, *changes_of(update)])
        update.session.hold(held)
    update.session.begun.add(held.task)


def _complete(update: Update, held: InHands | None) -> None:
    task = update.task
    if task.state == "review" and text_of_result(task.result) == update.details:
        _do(update, changes_of(update))
        return
    changes = changes_of(update) if held is not None else []
    held = held or _take(update)
    outcome = Done(task=held.task, token=held.token, result=update.details)
    _do(update, [Complete(outcomes=[outcome]), *changes])
    update.session.let_go(task.id)


def _put_back(update: Update, held: InHands | None) -> None:
    task, details = update.task, update.details
    if held is None and (task.state in _REOPENED or not update.says_failed):
        _do(update, [*_reopened(update, details), *changes_of(update)])
        return
    changes = changes_of(update) if held is not None else []
    held = held or _take(update)
    if update.says_failed:
        report: Any = Fail(outcomes=[Failed(task=held.task, token=held.token, error=details)])
    else:
        report = GiveBack(tasks=[Held(task=held.task, token=held.token)], reason=details)
    _do(update, [report, *changes])
    update.session.let_go(task.id)


_CHANGES: dict[str | None, Callable[[Update, InHands | None], None]] = {
    None: _change,
    IN_PROGRESS: _begin,
    DONE: _complete,
    NOT_STARTED: _put_back,
}


def _take(update: Update) -> InHands:
    """The task claimed for whoever calls, whatever state it was in, and changed as the call says."""
    rota, task = update.rota, update.task
    first = [*_reopened(update, ""), *changes_of(update)]
    if task.state == "scheduled":
        # Whoever takes it up by name need not wait for its time, nor for the pause after a failed attempt.
        first.append(Edit(task=task.id, start=None))
    agent = update.session.identity(rota, update.arguments.get("agentId"))
    claim = Claim(agent=agent.name, tasks=[task.id], override=True)
    answers = update.session.take(rota, agent, claim, first)
    if isinstance(answers, Undone):
        raise _refused(update, [*first, claim][answers.place], answers.answer, agent.name)
    return update.session.in_hands[task.id]


_REOPENED = ("review", "dead", "held")


def _reopened(update: Update, why: str) -> list[Any]:
    """What lets a task go on that was done, dead or held. One whose attempts are used up when it is sent back begins
    anew: here people decide how often.
    """
    task = update.task
    if task.state == "held":
        return [Unhold(tasks=[task.id])]
    sent_back = [Reject(task=task.id, reason=why or REOPENED)] if task.state == "review" else []
    used_up = task.state == "dead" or (task.state == "review" and task.attempts >= task.max_attempts)
    return [*sent_back, *([Redrive(tasks=[task.id])] if used_up else [])]


def _do(update: Update, commands: Sequence[Any]) -> None:
    """All of them, or none."""
    answers = all_or_none(update.rota, commands)
    if isinstance(answers, Undone):
        raise _refused(update, commands[answers.place], answers.answer)


def _refused(update: Update, command: Any, answer: Any, agent: str = "") -> Exception:
    """Why nothing was done."""
    task = update.task.id
    if isinstance(answer, RotaError):
        if isinstance(command, Edit) and command.task != task:
            return ToolError(f"{command.task} can not wait for {task}: {answer}")
        return answer
    if isinstance(answer, Claimed):
        return ToolError(_not_taken(update, agent))
    if isinstance(answer, Changed):
        return ToolError(f"Task {task} has changed meanwhile ({'; '.join(answer.refused.values())}); call again")
    if isinstance(answer, Judged) and (refusal := answer.refused[task]) != "lease_lost":
        return ToolError(refusal)
    return lost_lease(update, _token_of(command))


def _token_of(command: Heartbeat | Complete | Fail | GiveBack) -> str:
    if isinstance(command, Heartbeat):
        return command.beats[0].token
    return command.tasks[0].token if isinstance(command, GiveBack) else command.outcomes[0].token


def _not_taken(update: Update, agent: str) -> str:
    now = task_of(update.rota, update.project, update.task.id)
    if now.state == "running":
        return _others(now)
    if now.state == "ready":
        told: Explanation = update.rota.call(Explain(task=now.id))
        why = told.text if told.reason.startswith(_SHUT) else told.agents.get(agent, "may")
        return f"Task {now.id} can not be taken up now: {'it was in other hands; call again' if why == 'may' else why}"
    return (
        f"Task {now.id} can not be taken up now and stays {THEIRS[now.state].status} ({now.state}):"
        " its queue is paused, a limit is used up, or it would still have to wait for others"
    )


_SHUT = ("paused", "limit", "broken")
"""Reasons for which nobody is given the task."""
