"""`rota owner`: owns a database for others."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.asking import database_of
from rota.faces.cli.say import talk
from rota.faces.plugged import plugged
from rota.owner.address import address_of
from rota.owner.background import IDLE_S
from rota.owner.live import live


def owner(
    database: Annotated[str | None, Parameter(help="A SQLite file or a postgresql:// address.")] = None,
    /,
    *,
    idle: Annotated[float, Parameter(help="Leave after so many seconds in which nobody needs it.")] = IDLE_S,
) -> int:
    """Own a database and let others use it, until nobody needs it any more.

    Commands and agents that need an owner start one by themselves, in the
    background; this is the same for those who want to watch it. `rota run`
    takes over from it.
    """
    address = address_of(database_of(database))
    live(address, idle, plugged, lambda: talk(f"listening at {address.socket}"), talk)
    return 0
