"""`update_task`: new words, new wishes, and a new status, which takes a task up, ends it, or gives it back."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.arguments import RECOMMENDATIONS, Arguments
from rota.faces.mcp.classic.errors import ToolError, missing
from rota.faces.mcp.classic.late import Update, lost_lease, refuse_late, said_before
from rota.faces.mcp.classic.lookup import changeable, open_project_of, task_of
from rota.faces.mcp.classic.shown import task_shown, text_of_result
from rota.faces.mcp.classic.specs import EDITABLE, check_editable, held_by, priority_in, wait_also
from rota.faces.mcp.classic.states import DONE, GONE, IN_PROGRESS, NOT_STARTED, REOPENED, THEIRS
from rota.faces.mcp.session import InHands, Session
from rota.model import bounds, check
from rota.model.commands.read import GetTask
from rota.model.commands.submit import Describe, Edit, Redrive, Unhold
from rota.model.commands.work import (
    Beat,
    Claim,
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
from rota.model.times import moment

_EDITED = ("kind", "skills", "role", "deadline", "estimate", "group")


def update_task(rota: Asking, session: Session | None, arguments: Arguments) -> dict[str, Any]:
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
        _check(update)
        held = _held(update) if task.state == "running" and status is not None else None
        opens = task.state not in EDITABLE
        if not opens:
            _change_wishes(update)
        if status is not None:
            _CHANGES[status](update, held)
        if opens:
            _change_wishes(update)
        _change_words(update)
    task = update.task
    after = task_of(rota, project, task.id)
    answer: dict[str, Any] = {"task": task_shown(after)}
    if status == DONE and after.state == "review":
        answer["message"] = (
            "Task marked as done but requires human approval.\n"
            f"To approve, use approve_task with projectId {project.id} and taskId {task.id}."
        )
    return answer


def _check(update: Update) -> None:
    """Refuse what can be known to be refused, before anything is changed."""
    given, task = update.arguments, update.task
    if "tenant" in given:
        raise ToolError("tenant can only be given when a task is created; delete it and create it anew")
    words = _words(update)
    if "title" in words:
        check.text(words["title"], "title", bounds.TITLE, empty=False)
    if "description" in words:
        check.text(words["description"], "description", bounds.DESCRIPTION)
    check.json_text(words.get("payload"), "payload", bounds.PAYLOAD_BYTES)
    wishes = _wishes(update)
    opens = given.get("status") == NOT_STARTED and task.state in ("running", "review", "dead")
    if wishes and task.state not in EDITABLE and not opens:
        raise ToolError(f"{', '.join(wishes)} can not be changed while {task.id} is {task.state}")
    if given.get("status") in (IN_PROGRESS, DONE) or (given.get("status") == NOT_STARTED and update.says_failed):
        _refuse_to_take(task)
    if given.get("deadline") is not None:
        moment(given["deadline"], 0, "deadline")
    for name in given.get("dependsOn", ()):
        _check_task(update, name)
    for name in given.get("blocks", ()):
        check_editable(update.rota, name)


def _check_task(update: Update, name: str) -> None:
    try:
        update.rota.call(GetTask(task=name))
    except RotaError as error:
        raise ToolError(f"dependsOn: {error}") from None


def _words(update: Update) -> dict[str, Any]:
    given, task = update.arguments, update.task
    words: dict[str, Any] = {name: given[name] for name in ("title", "description") if name in given}
    advice = {name: given[name] for name in RECOMMENDATIONS if name in given}
    if advice:
        if task.payload is not None and not isinstance(task.payload, dict):
            raise ToolError(f"{task.id} has a payload that is no object, so it can not take recommendations")
        words["payload"] = {**(task.payload or {}), **advice}
    return words


def _change_words(update: Update) -> None:
    words = _words(update)
    if words:
        update.rota.call(Describe(task=update.task.id, **words))


def _wishes(update: Update) -> dict[str, Any]:
    given, task = update.arguments, update.task
    wishes: dict[str, Any] = {name: given[name] for name in _EDITED if name in given}
    priority = given.get("priority") or priority_in(given.get("ruleRecommendations"))
    if priority is not None and priority != task.priority:
        wishes["priority"] = priority
    if "dependsOn" in given:
        wishes["after"] = [held_by(parent) for parent in dict.fromkeys(given["dependsOn"])]
    return wishes


def _change_wishes(update: Update) -> None:
    wishes = _wishes(update)
    if wishes:
        update.rota.call(Edit(task=update.task.id, **wishes))
    for blocked in update.arguments.get("blocks", ()):
        wait_also(update.rota, blocked, [update.task.id])


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


def _begin(update: Update, held: InHands | None) -> None:
    """It is in progress from now on, with whoever calls."""
    if held is None:
        held = _taken(update)
    else:
        renewed = update.rota.call(Heartbeat(agent=held.agent, beats=[Beat(task=held.task, token=held.token)]))
        if held.task in renewed.lost:
            raise lost_lease(update, held.token)
        update.session.hold(held)
    update.session.begun.add(held.task)


def _complete(update: Update, held: InHands | None) -> None:
    if update.task.state == "review" and text_of_result(update.task.result) == update.details:
        return
    held = held or _taken(update)
    outcome = Done(task=held.task, token=held.token, result=update.details)
    _judged(update, held, update.rota.call(Complete(outcomes=[outcome])))


def _put_back(update: Update, held: InHands | None) -> None:
    task, details = update.task, update.details
    failed = update.says_failed
    if held is None and task.state == "review":
        _reopen(update, details)
    elif held is None and task.state == "dead":
        update.rota.call(Redrive(tasks=[task.id]))
    elif held is None and task.state == "held":
        update.rota.call(Unhold(tasks=[task.id]))
    elif held is None and not failed:
        return
    else:
        held = held or _taken(update)
        if failed:
            outcome = Failed(task=held.task, token=held.token, error=details)
            _judged(update, held, update.rota.call(Fail(outcomes=[outcome])))
        else:
            back = Held(task=held.task, token=held.token)
            _judged(update, held, update.rota.call(GiveBack(tasks=[back], reason=details)))


_CHANGES = {IN_PROGRESS: _begin, DONE: _complete, NOT_STARTED: _put_back}


def _taken(update: Update) -> InHands:
    """The task claimed for whoever calls, whatever state it was in."""
    rota, task = update.rota, update.task
    if task.state == "review":
        _reopen(update, "")
    elif task.state == "dead":
        rota.call(Redrive(tasks=[task.id]))
    elif task.state == "held":
        rota.call(Unhold(tasks=[task.id]))
    elif task.state == "scheduled":
        # Whoever takes it up by name need not wait for its time, nor for the pause after a failed attempt.
        rota.call(Edit(task=task.id, start=None))
    agent = update.session.identity(rota, update.arguments.get("agentId"))
    claim = Claim(agent=agent.name, tasks=[task.id], override=True)
    if not update.session.claim(rota, agent, claim):
        raise ToolError(_not_taken(update))
    return update.session.in_hands[task.id]


def _refuse_to_take(task: TaskView) -> None:
    """Refuse what nobody can take up, whoever it is."""
    if task.state in GONE:
        raise ToolError(f"Task {task.id} was {task.state}: {task.reason}; create it anew")
    if task.state == "asked":
        raise ToolError(f"Task {task.id} waits for the answer to a question: {task.question}")
    if task.state == "blocked":
        raise ToolError(f"Task {task.id} waits for {', '.join(task.after)}; finish those first or change its dependsOn")


def _reopen(update: Update, why: str) -> None:
    """Send an outcome back. One whose attempts are used up begins anew: here people decide how often."""
    rota, task = update.rota, update.task
    rota.call(Reject(task=task.id, reason=why or REOPENED))
    if task_of(rota, update.project, task.id).state == "dead":
        rota.call(Redrive(tasks=[task.id]))


def _not_taken(update: Update) -> str:
    now = task_of(update.rota, update.project, update.task.id)
    if now.state == "running":
        return _others(now)
    if now.state == "scheduled":
        return f"Task {now.id} is tried again at {now.start}, after: {now.reason}"
    return f"Task {now.id} can not be taken up now: {THEIRS[now.state].status} ({now.state})"


def _judged(update: Update, held: InHands, judged: Judged) -> None:
    task = update.task.id
    if task in judged.refused:
        raise lost_lease(update, held.token)
    update.session.let_go(task)
