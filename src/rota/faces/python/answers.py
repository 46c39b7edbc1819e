"""Answers as the structs they are documented as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rota.faces.python.calls import Called
from rota.model.errors import KINDS, RotaError


def answer_of(called: Called, read: Callable[[], Any]) -> Any:
    """What `read` makes of an answer; one that can not be read comes from another version of Rota."""
    try:
        return read()
    except msgspec.MsgspecError as error:
        message = f"the answer to {called.operation} can not be read by this version: {error}"
        raise RotaError("other_version", message) from None


def refusal(code: str, message: str, field: str | None, data: dict[str, Any]) -> RotaError:
    """The refusal that somebody else told: as it was raised there. A code of a newer version is `unavailable`."""
    error = RotaError(code if code in KINDS else "unavailable", message, field=field)
    error.data = data
    return error
