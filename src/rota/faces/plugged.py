"""The faces that an owner serves over its socket, besides the table of operations."""

from __future__ import annotations

from collections.abc import Mapping

from rota.faces.mcp.face import McpFace
from rota.faces.mcp.left_behind import give_back_left
from rota.faces.mcp.proxy.held_file import remove
from rota.operations.distributor import Distributor
from rota.owner.address import address_of
from rota.owner.face import Face
from rota.owner.link_error import LinkError


def plugged(distributor: Distributor) -> Mapping[str, Face]:
    """Each face by the prefix of its operations."""
    if distributor.store.nodes_share:
        # Which owner another one follows is known of a file alone.
        return {"mcp": McpFace(distributor)}
    try:
        address = address_of(distributor.store.name)
    except LinkError:
        return {"mcp": McpFace(distributor)}  # no folder for a socket, so nobody comes
    give_back_left(distributor, address)
    return {"mcp": McpFace(distributor, gone=lambda session: remove(address, session))}
