"""From the file into the database: every project with all its tasks, then each task into its state.

It can be broken off at any point and begun again: projects and tasks come in once, and what is in its state stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.specs import taken_in
from rota.faces.mcp.file_mode.document import Document
from rota.faces.mcp.moving.new import NewProject, NewTask, new_project
from rota.model.agent import AgentSpec
from rota.model.bounds import CLAIM, SUBMIT
from rota.model.commands.fleet import CreateProject, FinalizeProject, ProjectMade, Register, RemoveAgent
from rota.model.commands.read import GetTask
from rota.model.commands.submit import Submit, Submitted, Unhold
from rota.model.commands.work import Claim, Claimed, Complete, Done, Judged
from rota.model.errors import RotaError
from rota.model.task import After, TaskSpec, TaskView

AGENT = "taskqueue-import"
"""Who did the tasks that were done before they came here."""
WAIT_S = 5.0
"""How long to wait for a task of ours to be given, seconds: another node may be planning."""


class Moved(NamedTuple):
    """A project that came in."""

    was: str
    project: str
    tasks: list[tuple[str, str]]
    """The id of each in the file, and here. In the file one may stand twice."""


def take_in(rota: Asking, document: Document, now: int) -> Iterator[Moved]:
    """Each project of the document, as it is in. `now` in microseconds: a deadline that is over is only remembered."""
    rota.call(Register(agent=AgentSpec(name=AGENT, slots=CLAIM), instance=AGENT, replace=True))
    for index, project in enumerate(document["projects"]):
        new = new_project(project, index, document, now)
        made, ids = _created(rota, new)
        done = [(number, task) for number, task in zip(ids, new.tasks, strict=True) if task.done]
        for start in range(0, len(done), CLAIM):
            _finish(rota, dict(done[start : start + CLAIM]))
        if new.completed:
            rota.call(FinalizeProject(project=made))
        was = [task["id"] for task in project["tasks"]]
        yield Moved(project["projectId"], made, list(zip(was, ids, strict=True)))
    rota.call(RemoveAgent(agent=AGENT))


def _created(rota: Asking, new: NewProject) -> tuple[str, list[str]]:
    """The ids of the project and its tasks. A call that was made before is answered the same."""
    specs = [task.spec for task in new.tasks]
    first = [_after(spec, 0, ()) for spec in specs[:SUBMIT]]
    made: ProjectMade = taken_in(rota, CreateProject(project=new.spec, tasks=first))
    ids = [*made.ids]
    for start in range(SUBMIT, len(specs), SUBMIT):
        chunk = [_after(spec, start, ids) for spec in specs[start : start + SUBMIT]]
        for spec in chunk:
            spec.project = made.project
        submitted: Submitted = rota.call(Submit(tasks=chunk, key=f"{new.spec.key} {start}"))
        ids += submitted.ids
    return made.project, ids


def _after(spec: TaskSpec, start: int, ids: Sequence[str]) -> TaskSpec:
    """The task with what it waits for: tasks of its own call by reference, those of earlier calls by id."""
    found: list[str | After] = []
    for one in spec.after:
        assert isinstance(one, After)
        number = int(one.task.removeprefix("#"))
        if number < start:
            found.append(After(task=ids[number], rule=one.rule))
        elif number < start + SUBMIT:
            found.append(one)
    spec.after = found
    return spec


def _finish(rota: Asking, done: Mapping[str, NewTask]) -> None:
    """Take up these tasks and report them done, but for those that were before."""
    views: list[TaskView] = [rota.call(GetTask(task=task)) for task in done]
    open_ = [view for view in views if not view.attempts and (view.state in ("held", "ready") or view.agent == AGENT)]
    held = [view.id for view in open_ if view.state == "held"]
    wanted = {view.id for view in open_ if view.state in ("held", "ready", "running")}
    if held:
        rota.call(Unhold(tasks=held))
    while wanted:
        claim = Claim(agent=AGENT, tasks=sorted(wanted), n=len(wanted), override=True, wait=WAIT_S)
        claimed: Claimed = rota.call(claim)
        if not claimed.tasks:
            message = f"{len(wanted)} tasks that are done could not be taken up, {min(wanted)} among them; import again"
            raise RotaError("wrong_state", message)
        outcomes = [Done(task=one.task, token=one.token, result=done[one.task].details) for one in claimed.tasks]
        judged: Judged = rota.call(Complete(outcomes=outcomes))
        for task, code in judged.refused.items():
            raise RotaError("wrong_state", f"{task} could not be reported done: {code}")
        wanted -= {one.task for one in claimed.tasks}
