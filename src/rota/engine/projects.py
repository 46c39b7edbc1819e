"""Projects: created with their first tasks, finalized, deleted."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from msgspec.structs import replace

from rota.engine.context import Context
from rota.engine.named import known, numbers, project
from rota.engine.requests import answered, remember
from rota.engine.submit import open_project, take_in
from rota.engine.withdraw import cancel_rows
from rota.model import bounds, check, state
from rota.model.commands.fleet import (
    AddToProject,
    CreateProject,
    DeleteProject,
    FinalizeProject,
    Ok,
    ProjectMade,
    RemoveFromProject,
)
from rota.model.commands.submit import Changed, Submitted
from rota.model.errors import RotaError
from rota.model.ids import project_id, task_id
from rota.store.protocol import Rerun
from rota.store.sql import relations

PAGE = 10_000
"""Tasks of a deleted project that are cancelled before the next are read."""


def create(context: Context, command: CreateProject) -> ProjectMade:
    """Create a project with its first tasks; the same request with the same key again answers the first project."""
    before = answered(context, "create_project", command.request, command, ProjectMade)
    if before is not None:
        return before
    spec = command.project
    check.text(spec.title, "project.title", bounds.TITLE, empty=False)
    check.text(spec.plan, "project.plan", bounds.DESCRIPTION)
    check.maybe_key(spec.key, "project.key")
    payload = check.json_text(spec.payload, "project.payload", bounds.PAYLOAD_BYTES)
    if spec.key is not None:
        found = context.transaction.one(relations.PROJECT_BY_KEY, spec.key)
        if found:
            return _made_before(context, command, project_id(found[0][0]))
    number = context.transaction.new_ids(1)[0]
    share = context.book.shares.deal(context.transaction, number)
    # Tasks first: if one is refused there is no project either.
    ids = take_in(context, command.tasks, project=number, project_key=spec.key).ids if command.tasks else []
    row = (number, spec.title, spec.plan, spec.key, context.now, share, payload)
    if not context.transaction.one(relations.ADD_PROJECT, *row):
        # Another node took the key since it was looked for: run again, and answer that one's project.
        raise Rerun(f"project key {spec.key!r} was used at the same moment")
    context.changes.say("create_project", None, project=number, title=spec.title)
    made = ProjectMade(project=project_id(number), ids=ids)
    if spec.key is not None:
        text = msgspec.json.encode(made).decode()
        context.transaction.one(relations.ADD_REQUEST, _request(spec.key), _fingerprint(command), text, context.now)
    remember(context, "create_project", command.request, command, made)
    return made


def _made_before(context: Context, command: CreateProject, named: str) -> ProjectMade:
    """What was answered when the project was made; refused when other tasks are to be created with it now."""
    key = command.project.key or ""
    earlier = context.transaction.one(relations.GET_REQUEST, _request(key))
    if earlier:
        made = msgspec.json.decode(earlier[0][1], type=ProjectMade)
        if made.project == named and earlier[0][0] == _fingerprint(command):
            return made
    if command.tasks:
        message = f"key {key!r} is that of {named}; add tasks to that, or use another key"
        raise RotaError("other_request", message, field="project.key")
    return ProjectMade(project=named)


def _request(key: str) -> str:
    """Under what name the answer is remembered: no submit's idempotency key looks like it."""
    return f"project\n{key}"


def _fingerprint(command: CreateProject) -> str:
    # The project's key alone says that it is the same call: each way to us may have put a request of its own in.
    return sha256(msgspec.json.encode(replace(command, request=None), order="deterministic")).hexdigest()


def add(context: Context, command: AddToProject) -> Submitted:
    """Submit tasks into an open project."""
    before = answered(context, "add_to_project", command.request, command, Submitted)
    if before is not None:
        return before
    check.text(command.project, "project", bounds.KEY, empty=False)
    added = take_in(context, command.tasks, project=open_project(context, command.project, "project"))
    remember(context, "add_to_project", command.request, command, added)
    return added


def finalize(context: Context, command: FinalizeProject) -> Ok:
    """Close a project whose tasks have all ended."""
    number = project(context.transaction, command.project)
    finalized = context.transaction.one(relations.LOCK_PROJECT, number)[0][0]
    if finalized is not None:
        return Ok(changed=False)
    for came_into, count in context.transaction.one(relations.PROJECT_STATES, number):
        if came_into not in state.ENDED:
            raise RotaError(
                "wrong_state", f"{count} tasks of {command.project} are {state.STATES[came_into]}", field="project"
            )
    context.transaction.one(relations.FINALIZE_PROJECT, context.now, number)
    context.changes.say("finalize_project", None, project=number)
    return Ok()


def remove(context: Context, command: RemoveFromProject) -> Changed:
    """Take tasks out of an open project."""
    number = open_project(context, command.project, "project")
    changed = Changed()
    rows = []
    for row in known(context, numbers(command.tasks), changed):
        if row.project == number:
            rows.append(row)
        else:
            changed.refused[task_id(row.id)] = "no_task: it is not in this project"
    context.transaction.each(relations.RUN_CHILDREN, [(row.id,) for row in rows])
    waiting = [row for row in rows if row.state not in state.ENDED]
    cancel_rows(context, waiting, "remove_from_project", "removed from its project", changed)
    context.flush()
    context.transaction.each(relations.LEAVE_ONE_BY_ONE, [(row.id,) for row in rows])
    changed.tasks = [task_id(row.id) for row in rows if task_id(row.id) not in changed.pending]
    return changed


def delete(context: Context, command: DeleteProject) -> Ok:
    """Delete a project: what waits is cancelled, what runs is flagged to its agent, the rest keeps its story."""
    number = project(context.transaction, command.project)
    last = 0
    while tasks := [task for task, _state in context.transaction.one(relations.PROJECT_TASKS, number, last, PAGE)]:
        rows = [row for row in context.lock(tasks).values() if row.state not in state.ENDED]
        cancel_rows(context, rows, "delete_project", "project deleted", Changed())
        context.flush()
        last = tasks[-1]
    context.transaction.one(relations.LEAVE_PROJECT, number)
    context.transaction.one(relations.DROP_PROJECT, number)
    context.changes.say("delete_project", None, project=number)
    return Ok()
