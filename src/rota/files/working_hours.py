"""When agents of fleet.toml work, and for whom they keep slots."""

from __future__ import annotations

from collections.abc import Sequence

from rota.files.auto_slots import slots_of
from rota.files.place import Misfit, Path, quoted
from rota.files.tables import AgentTable, ReserveTable
from rota.model.agent import Reserve
from rota.planning.hours import window_of, zone_of
from rota.planning.reserve import too_many


def hours_of(hours: Sequence[str], path: Path) -> tuple[str, ...]:
    """Weekly windows, checked."""
    for at, text in enumerate(hours):
        try:
            window_of(text)
        except ValueError as error:
            raise Misfit((*path, at), str(error)) from None
    return tuple(hours)


def zone_of_agent(name: str, table: AgentTable, path: Path) -> str:
    """The time zone of an agent's windows, checked."""
    if name != "UTC" and not table.hours and not any(one.hours for one in table.reserve):
        raise Misfit((*path, "time_zone"), "this is only used with hours; add them, or leave this out")
    try:
        zone_of(name)
    except ValueError as error:
        raise Misfit((*path, "time_zone"), str(error)) from None
    return name


def reserves_of(table: AgentTable, path: Path) -> tuple[Reserve, ...]:
    """What an agent keeps slots for, checked: no more than it has."""
    kept = tuple(_reserve(one, (*path, "reserve", at)) for at, one in enumerate(table.reserve))
    for at, one in enumerate(kept):
        slots, _least = slots_of(table, path)
        if one.slots > slots:
            message = f"this is more than the {slots} slots the agent has; reserve fewer"
            raise Misfit((*path, "reserve", at, "slots"), message)
    _check_sum(kept, table, path)
    return kept


def _check_sum(kept: Sequence[Reserve], table: AgentTable, path: Path) -> None:
    slots, _least = slots_of(table, path)
    clash = too_many(kept, slots)
    if clash is None:
        return
    told = " and ".join(f"{kept[at].slots} for {quoted(kept[at].tenant or '')}" for at in clash)
    message = f"{told} at the same time are more than the {slots} slots the agent has, and what one keeps the others"
    raise Misfit((*path, "reserve", clash[-1], "slots"), f"{message} can not use; reserve fewer")


def _reserve(table: ReserveTable, path: Path) -> Reserve:
    if table.priority is None and table.tenant is None:
        raise Misfit(path, "this says for whom the slots are kept neither by priority nor by tenant; add one")
    if table.priority == "low" and table.tenant is None:
        raise Misfit((*path, "priority"), "every task has this priority or a better one; name a better one")
    hours = hours_of(table.hours, (*path, "hours"))
    return Reserve(slots=table.slots, priority=table.priority, tenant=table.tenant, hours=hours)
