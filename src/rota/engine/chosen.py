"""Claims for chosen tasks: what they are for, and what their agents have of it already."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.context import Chosen, Context
from rota.engine.named import numbers, project
from rota.model import check
from rota.model.commands.work import Claim
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_id
from rota.store.sql.leases import LEASES_OF_AGENT, LeaseRow


def chosen_by(context: Context, command: Claim) -> Chosen | None:
    """What alone the claim is for; None when it is for whatever is best. Refused where there is no such thing."""
    if command.tenant is not None:
        return _of_tenant(context, command, command.tenant)
    if command.project is None and not command.tasks:
        if command.override:
            raise invalid("override", "is for claims of a project's tasks, or of some tasks alone")
        return None
    if command.project is not None and command.tasks:
        raise invalid("tasks", "must be left out where a project is named")
    if command.project is not None:
        return Chosen(project(context.transaction, command.project), frozenset())
    wanted = numbers(command.tasks)
    rows = context.lock(wanted)
    for index, number in enumerate(wanted):
        if number not in rows:
            raise RotaError("no_task", f"there is no {task_id(number)}", field=f"tasks[{index}]")
    return Chosen(None, frozenset(wanted))


def _of_tenant(context: Context, command: Claim, tenant: str) -> Chosen:
    if command.project is not None or command.tasks or command.override:
        raise invalid("tenant", "must be left out where a project or tasks are named")
    # Nobody has tasks of a tenant that is not known yet; once there are some, the claim has its number.
    return Chosen(None, frozenset(), context.book.tenant(context.transaction, check.name(tenant, "tenant")))


def in_hands(context: Context, agents: Sequence[int], chosen: Chosen) -> list[LeaseRow]:
    """The leases these agents have of what was chosen. Of a whole tenant none: more of it is asked for."""
    if chosen.tenant is not None:
        return []
    held = [LeaseRow._make(row) for agent in agents for row in context.transaction.one(LEASES_OF_AGENT, agent)]
    if chosen.project is None:
        return [lease for lease in held if lease.task in chosen.tasks]
    rows = context.lock([lease.task for lease in held])
    return [lease for lease in held if rows[lease.task].project == chosen.project]
