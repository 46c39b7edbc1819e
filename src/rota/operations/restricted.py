"""What somebody asks, narrowed to what is its own: a key of a tenant sees that tenant alone, one of an agent speaks
for that agent alone, and one that may not say so makes nothing urgent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.engine.keys import SpendUrgent
from rota.model.commands import fleet as f
from rota.model.commands import submit as s
from rota.model.commands import work as w
from rota.model.commands.schedules import SetSchedule
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.operations.narrow import Narrowed
from rota.operations.own_requests import OF_TENANT, Asker
from rota.operations.principal import Principal
from rota.operations.table import Operation

URGENT = ("emergency", "critical")
"""Priorities that not every key may give."""


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
        asker = Asker(distributor, principal.tenant)
        if principal.agent is None:
            _check_prefix(asker, request)
        narrow = OF_TENANT.get(operation.request)
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


def _check_prefix(asker: Asker, request: Any) -> None:
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
    SetSchedule: lambda request: int(_is_urgent(request.schedule.task)),
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
