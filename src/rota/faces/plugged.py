"""The faces that an owner serves over its socket, besides the table of operations."""

from __future__ import annotations

from collections.abc import Mapping

from rota.faces.mcp.face import McpFace
from rota.operations.distributor import Distributor
from rota.owner.face import Face


def plugged(distributor: Distributor) -> Mapping[str, Face]:
    """Each face by the prefix of its operations."""
    return {"mcp": McpFace(distributor)}
