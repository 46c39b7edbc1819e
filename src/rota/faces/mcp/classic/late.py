"""Reports that come late or again: of a task that a session has no more, or that an owner never answered."""

from __future__ import annotations

from typing import Any, NamedTuple

from rota.faces.mcp.asking import AskingAtOnce
from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.states import DONE, IN_PROGRESS, NOT_STARTED
from rota.faces.mcp.session import Session
from rota.model.commands.work import Beat, Complete, Done, Fail, Failed, GiveBack, Heartbeat, Held, Judged, Renewed
from rota.model.errors import RotaError
from rota.model.project import ProjectView
from rota.model.task import TaskView

FAILED = "FAILED"
"""Details that begin so, while the task goes back to "not started", report a failed attempt."""


class Update(NamedTuple):
    """One call, with what it is about."""

    rota: AskingAtOnce
    session: Session
    project: ProjectView
    task: TaskView
    arguments: Arguments

    @property
    def details(self) -> str:
        """What was said with it."""
        return str(self.arguments.get("completedDetails", ""))

    @property
    def says_failed(self) -> bool:
        """Whether it reports a failed attempt, when the task goes back to "not started"."""
        return self.details.upper().startswith(FAILED)


def said_before(update: Update) -> bool:
    """Whether the end of the attempt was reported in these words already: an owner that ended could not answer it.

    The token is in these hands still, though the task is not: the engine knows what came with that token.
    """
    given, task, rota = update.arguments, update.task, update.rota
    known = update.session.in_hands.get(task.id)
    token = given.get("leaseToken", known.token if known else None)
    status = given.get("status")
    if token is None or status not in (DONE, NOT_STARTED) or (task.state == "running" and _is_current(update, token)):
        return False
    if status == DONE:
        report: Any = Complete(outcomes=[Done(task=task.id, token=token, result=update.details)])
    elif update.says_failed:
        report = Fail(outcomes=[Failed(task=task.id, token=token, error=update.details)])
    else:
        report = GiveBack(tasks=[Held(task=task.id, token=token)], reason=update.details)
    try:
        judged: Judged = rota.call(report)
    except RotaError as error:
        if error.code != "invalid":
            raise
        return False
    if task.id not in judged.states:
        return False
    if known is not None and known.token == token:
        update.session.let_go(task.id)
    return True


def _is_current(update: Update, token: str) -> bool:
    """Whether the running task is leased under this token; then the lease is renewed.

    What this session's agent has it has by the token it was given last: no turn is spent on asking.
    """
    known = update.session.in_hands.get(update.task.id)
    if known is not None and (known.token, known.agent) == (token, update.task.agent):
        return True
    beat = Beat(task=update.task.id, token=token)
    try:
        renewed: Renewed = update.rota.call(Heartbeat(agent=str(update.task.agent), beats=[beat]))
    except RotaError as error:
        if error.code != "invalid":
            raise
        return False  # no token at all
    return update.task.id not in renewed.lost


def refuse_late(update: Update) -> None:
    """Refuse what comes with a lease that has ended, or from a session that had the task and lost it.

    Such a session may take up anew what nobody has finished, and send back what its agent finished.
    """
    given, task, session = update.arguments, update.task, update.session
    token, status = given.get("leaseToken"), given.get("status")
    if token is not None:
        if task.state != "running" or not _is_current(update, token):
            raise lost_lease(update, token)
        return
    if task.state != "running":
        session.lose(task.id)
    lost = session.lost.get(task.id)
    if lost is None or status is None or task.state == "running":
        return
    anew = status == IN_PROGRESS and task.state != "review"
    sent_back = status == NOT_STARTED and not update.says_failed and task.agent == lost.agent
    if not anew and not sent_back:
        raise lost_lease(update, lost.token)


def lost_lease(update: Update, token: str) -> ToolError:
    """The refusal; the session forgets the lease, if it was its own."""
    task = update.task.id
    known = update.session.in_hands.get(task)
    if known is not None and known.token == token:
        update.session.lose(task)
    return ToolError(f"The lease of {task} is lost: it was given to somebody else or has ended; drop the work")
