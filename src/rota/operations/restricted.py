"""What somebody asks, narrowed to what is its own: a key of a tenant sees that tenant alone, one of an agent speaks
for that agent alone, and one that may not say so makes nothing urgent.

What is not said here to be safe for a tenant is refused to its keys. Names that all tenants share are kept apart by a
prefix, `TENANT/`: of agents and projects it is a part of the name, of other keys callers do not see it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from msgspec.structs import replace

from rota.engine.keys import SpendUrgent
from rota.model.commands import fleet as f
from rota.model.commands import read as r
from rota.model.commands import submit as s
from rota.model.commands import work as w
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_number
from rota.model.project import ProjectView
from rota.model.task import After, TaskSpec
from rota.operations.distributor import Distributor
from rota.operations.own_tasks import own_numbers
from rota.operations.principal import Principal
from rota.operations.table import Operation

URGENT = ("emergency", "critical")
"""Priorities that not every key may give."""
LOOKS = 200
"""Pages of projects that are looked through for one page of a tenant's own."""
ANYBODY = "default"
"""The tenant of tasks that name none."""


def _as_it_is(answer: Any) -> Any:
    return answer


class Narrowed(NamedTuple):
    """What is to be asked instead, and what becomes of the answer."""

    request: Any
    mend: Callable[[Any], Any] = _as_it_is

    @property
    def is_as_it_is(self) -> bool:
        """Nothing becomes of the answer."""
        return self.mend is _as_it_is


def prefix_of(tenant: str) -> str:
    """What names begin with that are the tenant's own."""
    return f"{quote(tenant, safe='')}/"


class _Asker(NamedTuple):
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
        return None if key is None else self.prefix + key


def needs_narrowing(principal: Principal, operation: Operation) -> bool:
    """Whether its requests of this kind have to be looked into at all."""
    if principal.tenant is not None or principal.agent is not None:
        return True
    return principal.urgent is not None and operation.request in _SPECS


def narrowed(distributor: Distributor, principal: Principal, operation: Operation, request: Any) -> Narrowed:
    """The request as this principal may make it; refused when it may not. May read the database."""
    if principal.agent is not None:
        _check_agent(principal.agent, request)
    found = Narrowed(request)
    if principal.tenant is not None:
        asker = _Asker(distributor, principal.tenant)
        if principal.agent is None:
            _check_prefix(asker, request)
        narrow = _OF_TENANT.get(operation.request)
        if narrow is None:
            message = f"{operation.name} is about all tenants; ask with a key of none"
            raise RotaError("not_allowed", message, field="tenant")
        found = narrow(asker, request)
    _spend(distributor, principal, request)
    return found


# --- agents


def agents_of(request: Any) -> tuple[str, ...]:
    """The agents that a request speaks for."""
    if isinstance(request, w.Claim):
        return tuple(request.agents) if request.agent is None else (request.agent, *request.agents)
    if isinstance(request, f.Register):
        return (request.agent.name,)
    if isinstance(request, w.Heartbeat | f.SetHealth):
        return (request.agent,)
    return ()


def _check_agent(own: str, request: Any) -> None:
    for name in agents_of(request):
        if name != own:
            raise RotaError("not_allowed", f"this key speaks for the agent {own!r} alone", field="agent")


def _check_prefix(asker: _Asker, request: Any) -> None:
    for name in agents_of(request):
        if not name.startswith(asker.prefix):
            message = f"agents of this key have names that begin with {asker.prefix!r}"
            raise RotaError("not_allowed", message, field="agent")


# --- what is urgent

_SPECS: dict[type, Callable[[Any], int]] = {
    s.Submit: lambda request: sum(map(_is_urgent, request.tasks)),
    f.CreateProject: lambda request: sum(map(_is_urgent, request.tasks)),
    f.AddToProject: lambda request: sum(map(_is_urgent, request.tasks)),
    s.Edit: lambda request: int(request.priority in URGENT),
}
"""How many tasks a request makes urgent."""


def _is_urgent(spec: TaskSpec) -> bool:
    return spec.priority in URGENT or any(stage.change.priority in URGENT for stage in spec.stages)


def _spend(distributor: Distributor, principal: Principal, request: Any) -> None:
    count = _SPECS.get(type(request))
    tasks = 0 if count is None or principal.urgent is None else count(request)
    if not tasks or principal.key is None:
        return
    if not principal.urgent:
        raise RotaError("not_allowed", "to say emergency or critical needs the scope urgent", field="priority")
    distributor.put(SpendUrgent(principal.key, tasks)).result()


# --- what is a tenant's own


def _submit(asker: _Asker, request: s.Submit) -> Narrowed:
    return Narrowed(replace(request, tasks=_specs(asker, request.tasks), key=asker.key(request.key)))


def _create(asker: _Asker, request: f.CreateProject) -> Narrowed:
    key = request.project.key or secrets.token_hex(8)
    if request.project.key is None and request.request is not None:
        # The same request again must be the same project.
        key = f"request {request.request}"
    project = replace(request.project, key=key if key.startswith(asker.prefix) else asker.prefix + key)
    tasks = _specs(asker, request.tasks)
    return Narrowed(replace(request, project=project, tasks=tasks, request=asker.key(request.request)))


def _add(asker: _Asker, request: f.AddToProject) -> Narrowed:
    asker.check_project(request.project)
    tasks = _specs(asker, request.tasks)
    return Narrowed(replace(request, tasks=tasks, request=asker.key(request.request)))


def _specs(asker: _Asker, specs: Sequence[TaskSpec]) -> list[TaskSpec]:
    refs = {spec.ref for spec in specs}
    _check_parents(asker, {name for spec in specs for name in map(_parent, spec.after) if name not in refs})
    for project in {spec.project for spec in specs if spec.project is not None}:
        asker.check_project(project)
    return [_spec(asker, spec, at) for at, spec in enumerate(specs)]


def _spec(asker: _Asker, spec: TaskSpec, at: int) -> TaskSpec:
    if spec.tenant not in (ANYBODY, asker.tenant):
        raise RotaError("not_allowed", f"this key is of the tenant {asker.tenant!r}", field=f"tasks[{at}].tenant")
    return replace(
        spec,
        tenant=asker.tenant,
        unique=asker.key(spec.unique),
        sequence=asker.key(spec.sequence),
        group=asker.key(spec.group),
        affinity=asker.key(spec.affinity),
    )


def _parent(after: str | After) -> str:
    return after if isinstance(after, str) else after.task


def _check_parents(asker: _Asker, parents: Iterable[str]) -> None:
    named = set(parents)
    own = own_numbers(asker.distributor, asker.tenant, named)
    for name in sorted(named):
        try:
            known = task_number(name) in own
        except RotaError:
            known = False
        if not known:
            raise RotaError("unknown_reference", f"there is no task {name[:60]!r}", field="after")


def _one(asker: _Asker, request: Any) -> Narrowed:
    asker.check_task(request.task)
    return Narrowed(request)


def _edit(asker: _Asker, request: s.Edit) -> Narrowed:
    asker.check_task(request.task)
    if isinstance(request.after, list):
        _check_parents(asker, map(_parent, request.after))
    if isinstance(request.group, str):
        request = replace(request, group=asker.key(request.group))
    return Narrowed(request)


def _several(asker: _Asker, request: Any) -> Narrowed:
    if getattr(request, "batch", None) is not None:
        raise RotaError("not_allowed", "a batch may hold tasks of others; name the tasks", field="batch")
    own = asker.own(request.tasks)
    foreign = [task for task in request.tasks if not own(task)]
    if foreign and len(foreign) == len(request.tasks):
        raise RotaError("no_task", f"there is no {foreign[0]}", field="tasks")
    return Narrowed(
        replace(request, tasks=[task for task in request.tasks if own(task)]), _refusing(foreign, "no_task")
    )


def _of_lists(name: str) -> Callable[[_Asker, Any], Narrowed]:
    """Requests with a list of tasks in hands: those that are foreign are lost, as if nobody had them."""

    def narrow(asker: _Asker, request: Any) -> Narrowed:
        held = getattr(request, name)
        own = asker.own([one.task for one in held])
        foreign = [one.task for one in held if not own(one.task)]
        if foreign and len(foreign) == len(held):
            raise RotaError("lease_lost", f"{foreign[0]} is not in this agent's hands any more", field=name)
        kept = [one for one in held if own(one.task)]
        return Narrowed(replace(request, **{name: kept}), _refusing(foreign, "lease_lost"))

    return narrow


def _refusing(tasks: list[str], code: str) -> Callable[[Any], Any]:
    def mend(answer: Any) -> Any:
        if isinstance(answer, w.Renewed):
            answer.lost.extend(tasks)
        elif tasks:
            answer.refused.update(dict.fromkeys(tasks, code))
        return answer

    return mend


def _claim(asker: _Asker, request: w.Claim) -> Narrowed:
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


def _register(_asker: _Asker, request: f.Register) -> Narrowed:
    return Narrowed(replace(request, local=False))


def _as_asked(_asker: _Asker, request: Any) -> Narrowed:
    return Narrowed(request)


def _list_tasks(asker: _Asker, request: r.ListTasks) -> Narrowed:
    if request.tenant not in (None, asker.tenant):
        raise RotaError("not_allowed", f"this key is of the tenant {asker.tenant!r}", field="tenant")
    if request.project is not None:
        asker.check_project(request.project)
    return Narrowed(replace(request, tenant=asker.tenant, unique=asker.key(request.unique)))


def _agent(asker: _Asker, request: Any) -> Narrowed:
    if not request.agent.startswith(asker.prefix):
        raise RotaError("no_agent", f"there is no agent named {request.agent[:100]!r}", field="agent")
    return Narrowed(request)


def _project(asker: _Asker, request: Any) -> Narrowed:
    asker.check_project(request.project)
    return Narrowed(request)


def _list_projects(asker: _Asker, request: r.ListProjects) -> Narrowed:
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


_OF_TENANT: dict[type, Callable[[_Asker, Any], Narrowed]] = {
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
    w.Fail: _of_lists("outcomes"),
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
    r.GetHistory: _one,
    r.GetAgent: _agent,
    r.GetProject: _project,
    r.ListProjects: _list_projects,
}
"""How a request of a tenant's key is narrowed. What is not here is about all tenants."""
