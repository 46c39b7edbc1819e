"""The types of requests made in process, where nothing has been decoded yet."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.commands.work import Done
from rota.model.errors import invalid
from rota.model.task import TaskSpec
from rota.operations.decodable import decodable
from rota.operations.misfit import misfit
from rota.operations.table import BY_REQUEST, Operation

_MANY = TaskSpec | Done
"""What comes by the thousand: the engine looks into these itself, and faster."""
_FREE = frozenset({"payload", "result", "checkpoint"})
"""Fields that take any JSON; they are checked where they are written as JSON."""


def operation_of(request: Any) -> Operation:
    """The operation a request belongs to. Wrong types anywhere in it are refused, naming the field."""
    operation = BY_REQUEST.get(type(request))
    if operation is None:
        raise invalid("request", f"{type(request).__name__} is not a request of any operation")
    try:
        msgspec.convert(_plain(request), decodable(operation.request))
    except msgspec.ValidationError as error:
        raise misfit(error, operation.request, operation.name) from None
    except RecursionError:
        raise invalid(operation.name, "is nested too deep") from None
    return operation


def _plain(value: Any) -> Any:
    """Structs as dictionaries, so that msgspec looks into them."""
    if isinstance(value, msgspec.Struct) and not isinstance(value, _MANY):
        found = {name: getattr(value, name) for name in value.__struct_fields__ if name not in _FREE}
        return {name: _plain(part) for name, part in found.items() if part is not msgspec.UNSET}
    if isinstance(value, list | tuple) and value and not isinstance(value[0], _MANY):
        return [_plain(part) for part in value]
    return value
