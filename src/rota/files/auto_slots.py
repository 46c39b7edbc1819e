"""How many slots an agent of fleet.toml has: a number, or what is found out between two."""

from __future__ import annotations

from rota.files.place import Misfit, Path
from rota.files.tables import AgentTable

MOST = 16
"""The most slots that are tried when the file says nothing else."""


def slots_of(table: AgentTable, path: Path) -> tuple[int, int | None]:
    """The agent's slots; where they are found out also the least."""
    if table.slots != "auto":
        for field in ("min_slots", "max_slots"):
            if getattr(table, field) is not None:
                raise Misfit((*path, field), 'this is only used with slots = "auto"; add that, or leave this out')
        return table.slots, None
    least, most = table.min_slots or 1, table.max_slots or MOST
    if least > most:
        field = "min_slots" if table.min_slots is not None else "max_slots"
        raise Misfit((*path, field), f"the least, {least}, is more than the most, {most}; correct one of them")
    return most, least
