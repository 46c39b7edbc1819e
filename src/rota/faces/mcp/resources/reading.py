"""`resources/list`, `resources/templates/list` and `resources/read`."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.faces.mcp.resources.address import Address, address_of
from rota.faces.mcp.resources.catalogue import JSON, KINDS, listed, templates
from rota.model.errors import RotaError, invalid
from rota.operations.distributor import Distributor


def list_resources(distributor: Distributor) -> dict[str, Any]:
    """What is there now."""
    return {"resources": listed(distributor)}


def list_templates() -> dict[str, Any]:
    """How single things are addressed."""
    return {"resourceTemplates": templates()}


def read_resource(distributor: Distributor, uri: object) -> dict[str, Any]:
    """One resource as JSON text. A `RotaError` when there is none at that address."""
    address = address_of(uri)
    text = read_text(distributor, address)
    return {"contents": [{"uri": str(uri), "mimeType": JSON, "text": text}]}


def read_text(distributor: Distributor, address: Address) -> str:
    """What the resource says now."""
    kind = KINDS.get(address.kind)
    if kind is None:
        raise invalid("uri", f"there is no {address.kind[:60]!r}; there are {', '.join(KINDS)}")
    if (kind.named is None) == bool(address.name):
        expected = f"rota://{kind.kind}" + ("" if kind.named is None else f"/{{{kind.named}}}")
        raise RotaError("invalid", f"must be of the form {expected}", field="uri")
    return msgspec.json.encode(kind.read(distributor, address.name)).decode()
