"""What sessions had in their hands that ended together with the owner: its successor gives it back at once."""

from __future__ import annotations

from contextlib import suppress

from rota.faces.mcp.proxy.held_file import left_behind
from rota.faces.mcp.session import Session
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.owner.address import Address


def give_back_left(distributor: Distributor, address: Address) -> None:
    """Before anybody is served. What is not valid any more was given to others already."""
    for held in left_behind(address):
        session = Session("left behind")
        session.take_on(held)
        for _task, agent, _token in held:
            session.registered(agent)
        with suppress(RotaError):
            session.end(distributor)
