"""What a link can not do, or what the owner refused. Standard library only."""

from __future__ import annotations

from typing import Any

from rota.model.errors import KINDS, RotaError


class LinkError(RotaError):
    """A refusal with its code, message and data: the owner's, or that of the way to it."""

    def __init__(
        self, code: str, message: str, data: dict[str, Any] | None = None, *, field: str | None = None
    ) -> None:
        super().__init__(code if code in KINDS else "unavailable", message, field=field)
        self.data = data or {}


def told(error: dict[str, Any]) -> LinkError:
    """The error as it stands in a frame."""
    return LinkError(
        str(error.get("code")), str(error.get("message")), error.get("data") or {}, field=error.get("field")
    )
