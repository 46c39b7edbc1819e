"""How requests of a tenant's key are narrowed to what is the tenant's own.

What is not said here to be safe for a tenant is refused to its keys. Names that all tenants share are kept apart by a
prefix, `TENANT/`: of agents and projects it is a part of the name, of other keys callers do not see it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from rota.model import bounds, check
from rota.model.commands import fleet as f
from rota.model.commands import read as r
from rota.model.commands import submit as s
from rota.model.commands import work as w
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_number
from rota.model.project import ProjectView
from rota.model.task import After, TaskSpec
from rota.model.touches import place_under
from rota.operations.distributor import Distributor
from rota.operations.narrow import Narrowed
from rota.operations.own_events import own_data, own_page
from rota.operations.own_names import prefix_of
from rota.operations.own_tasks import own_numbers

LOOKS = 200
"""Pages of projects that are looked through for one page of a tenant's own."""
ANYBODY = "default"
"""The tenant of tasks that name none."""


class Asker(NamedTuple):
    """Whoever asks with a key of a tenant."""

    distributor: Distributor
    tenant: str

    @property
    def prefix(self) -> str:
        return prefix_of(self.tenant)

    def own(self, tasks: Iterable[str]) -> Callable[[str], bool]:
        """Whether one of these tasks is the tenant's."""
        found = own_numbers(self.distributor, self.tenant, tasks)
        return lambda task: task_number(task) in found

    def check_task(self, task: str) -> None:
        if not self.own([task])(task):
            raise RotaError("no_task", f"there is no {task}", field="task")

    def check_project(self, name: str) -> None:
        """A project is the tenant's when its key begins with the tenant's prefix."""
        view: ProjectView = self.distributor.call(r.GetProject(project=name, counts=False))
        if not self.has(view):
            raise RotaError("no_project", f"there is no project {name[:60]!r}", field="project")

    def has(self, view: ProjectView) -> bool:
        return view.key is not None and view.key.startswith(self.prefix)

    def key(self, key: str | None) -> str | None:
        """A key that no other tenant's can be."""
        # An empty one stays empty: it is refused, as it is without a tenant.
        return self.prefix + key if key else key


def _submit(asker: Asker, request: s.Submit) -> Narrowed:
    return Narrowed(replace(request, tasks=_specs(asker, request.tasks), key=asker.key(request.key)))


def _create(asker: Asker, request: f.CreateProject) -> Narrowed:
    key = request.project.key or secrets.token_hex(8)
    if request.project.key is None and request.request is not None:
        # The same request again must be the same project.
        key = f"request {request.request}"
    project = replace(request.project, key=key if key.startswith(asker.prefix) else asker.prefix + key)
    tasks = _specs(asker, request.tasks)
    return Narrowed(replace(request, project=project, tasks=tasks, request=asker.key(request.request)))


def _add(asker: Asker, request: f.AddToProject) -> Narrowed:
    asker.check_project(request.project)
    tasks = _specs(asker, request.tasks)
    return Narrowed(replace(request, tasks=tasks, request=asker.key(request.request)))


def _specs(asker: Asker, specs: Sequence[TaskSpec]) -> list[TaskSpec]:
    refs = {spec.ref for spec in specs}
    _check_parents(asker, {name for spec in specs for name in map(_parent, spec.after) if name not in refs})
    for project in {spec.project for spec in specs if spec.project is not None}:
        asker.check_project(project)
    return [_spec(asker, spec, at) for at, spec in enumerate(specs)]


def _spec(asker: Asker, spec: TaskSpec, at: int) -> TaskSpec:
    if spec.tenant not in (ANYBODY, asker.tenant):
        raise RotaError("not_allowed", f"this key is of the tenant {asker.tenant!r}", field=f"tasks[{at}].tenant")
    for name in spec.limits:
        _check_limit(asker, name, f"tasks[{at}].limits")
    return replace(
        spec,
        tenant=asker.tenant,
        unique=asker.key(spec.unique),
        sequence=asker.key(spec.sequence),
        group=asker.key(spec.group),
        affinity=asker.key(spec.affinity),
        touches=[place_under(asker.prefix, one) for one in spec.touches],
    )


def _check_limit(asker: Asker, name: str, field: str) -> None:
    """What one tenant's tasks use of a limit, tasks of all others miss."""
    if not name.startswith(asker.prefix):
        raise RotaError("not_allowed", f"this key names limits that begin with {asker.prefix!r} alone", field=field)


def _parent(after: str | After) -> str:
    return after if isinstance(after, str) else after.task


def _check_parents(asker: Asker, parents: Iterable[str]) -> None:
    named = set(parents)
    own = own_numbers(asker.distributor, asker.tenant, named)
    for name in sorted(named):
        try:
            known = task_number(name) in own
        except RotaError:
            known = False
        if not known:
            raise RotaError("unknown_reference", f"there is no task {name[:60]!r}", field="after")


def _one(asker: Asker, request: Any) -> Narrowed:
    asker.check_task(request.task)
    return Narrowed(request)


def _history(asker: Asker, request: r.GetHistory) -> Narrowed:
    def mend(found: r.TaskHistory) -> r.TaskHistory:
        return replace(found, events=[replace(event, data=own_data(event)) for event in found.events])

    asker.check_task(request.task)
    return Narrowed(request, mend)


def _edit(asker: Asker, request: s.Edit) -> Narrowed:
    asker.check_task(request.task)
    if isinstance(request.after, list):
        _check_parents(asker, map(_parent, request.after))
    for name in request.limits or ():
        _check_limit(asker, name, "limits")
    if isinstance(request.group, str):
        request = replace(request, group=asker.key(request.group))
    return Narrowed(request)


def _several(asker: Asker, request: Any) -> Narrowed:
    if getattr(request, "batch", None) is not None:
        raise RotaError("not_allowed", "a batch may hold tasks of others; name the tasks", field="batch")
    own = asker.own(request.tasks)
    foreign = [task for task in request.tasks if not own(task)]
    if foreign and len(foreign) == len(request.tasks):
        raise RotaError("no_task", f"there is no {foreign[0]}", field="tasks")
    return Narrowed(
        replace(request, tasks=[task for task in request.tasks if own(task)]), _refusing(foreign, "no_task")
    )


def _of_lists(name: str) -> Callable[[Asker, Any], Narrowed]:
    """Requests with a list of tasks in hands: those that are foreign are lost, as if nobody had them."""

    def narrow(asker: Asker, request: Any) -> Narrowed:
        held = getattr(request, name)
        own = asker.own([one.task for one in held])
        foreign = [one.task for one in held if not own(one.task)]
        if foreign and len(foreign) == len(held):
            raise RotaError("lease_lost", f"{foreign[0]} is not in this agent's hands any more", field=name)
        kept = [one for one in held if own(one.task)]
        return Narrowed(replace(request, **{name: kept}), _refusing(foreign, "lease_lost"))

    return narrow


def _fail(asker: Asker, request: w.Fail) -> Narrowed:
    """A limit that is parked stops all who are charged to it, of whatever tenant."""
    for at, outcome in enumerate(request.outcomes):
        if outcome.limit is not None and not outcome.limit.startswith(asker.prefix):
            message = (
                f"this key parks limits that begin with {asker.prefix!r} alone; with retry_at alone the task waits"
            )
            raise RotaError("not_allowed", message, field=f"outcomes[{at}].limit")
    return _of_lists("outcomes")(asker, request)


def _refusing(tasks: list[str], code: str) -> Callable[[Any], Any]:
    def mend(answer: Any) -> Any:
        if isinstance(answer, w.Renewed):
            answer.lost.extend(tasks)
        elif tasks:
            answer.refused.update(dict.fromkeys(tasks, code))
        return answer

    return mend


def _claim(asker: Asker, request: w.Claim) -> Narrowed:
    if request.tenant not in (None, asker.tenant):
        raise RotaError("not_allowed", f"this key is of the tenant {asker.tenant!r}", field="tenant")
    if request.project is not None:
        # A project of the tenant may hold tasks that others put there.
        raise invalid("project", "keys of a tenant claim of all its tasks; name some in 'tasks', or leave it out")
    if not request.tasks:
        return Narrowed(replace(request, tenant=asker.tenant))
    own = asker.own(request.tasks)
    for at, task in enumerate(request.tasks):
        if not own(task):
            raise RotaError("no_task", f"there is no {task}", field=f"tasks[{at}]")
    return Narrowed(request)


def _register(_asker: Asker, request: f.Register) -> Narrowed:
    return Narrowed(replace(request, local=False))


def _as_asked(_asker: Asker, request: Any) -> Narrowed:
    return Narrowed(request)


def _list_tasks(asker: Asker, request: r.ListTasks) -> Narrowed:
    if request.tenant not in (None, asker.tenant):
        raise RotaError("not_allowed", f"this key is of the tenant {asker.tenant!r}", field="tenant")
    if request.project is not None:
        asker.check_project(request.project)
    return Narrowed(replace(request, tenant=asker.tenant, unique=asker.key(request.unique)))


def _agent(asker: Asker, request: Any) -> Narrowed:
    if not request.agent.startswith(asker.prefix):
        raise RotaError("no_agent", f"there is no agent named {request.agent[:100]!r}", field="agent")
    return Narrowed(request)


def _project(asker: Asker, request: Any) -> Narrowed:
    asker.check_project(request.project)
    return Narrowed(request)


def _list_projects(asker: Asker, request: r.ListProjects) -> Narrowed:
    """Whole pages of its own: how many others there are between them is nobody's business."""
    found: list[ProjectView] = []
    cursor = request.cursor
    for _ in range(LOOKS):
        rest = replace(request, cursor=cursor, limit=request.limit - len(found))
        page: r.ProjectPage = asker.distributor.call(rest)
        found += filter(asker.has, page.projects)
        cursor = page.cursor
        if cursor is None or len(found) >= request.limit:
            break
    return Narrowed(replace(request, limit=1), lambda _page: r.ProjectPage(projects=found, cursor=cursor))


def _list_events(asker: Asker, request: r.ListEvents) -> Narrowed:
    check.number(request.limit, "limit", 1, bounds.PAGE)
    page = own_page(asker.distributor, asker.tenant, request)
    return Narrowed(replace(request, limit=1), lambda _page: page)


OF_TENANT: dict[type, Callable[[Asker, Any], Narrowed]] = {
    s.Submit: _submit,
    s.Describe: _one,
    s.Edit: _edit,
    s.Cancel: _several,
    s.Hold: _several,
    s.Unhold: _several,
    s.Redrive: _several,
    w.Claim: _claim,
    w.Confirm: _of_lists("offers"),
    w.Heartbeat: _of_lists("beats"),
    w.Complete: _of_lists("outcomes"),
    w.Fail: _fail,
    w.GiveBack: _of_lists("tasks"),
    w.Ask: _one,
    w.Answer: _one,
    w.Approve: _several,
    w.Reject: _one,
    f.Register: _register,
    f.SetHealth: _as_asked,
    f.CreateProject: _create,
    f.AddToProject: _add,
    f.FinalizeProject: _project,
    r.GetTask: _one,
    r.ListTasks: _list_tasks,
    r.GetHistory: _history,
    r.GetAgent: _agent,
    r.GetProject: _project,
    r.ListProjects: _list_projects,
    r.ListEvents: _list_events,
}
"""How a request of a tenant's key is narrowed. What is not here is about all tenants."""
