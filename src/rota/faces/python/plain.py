"""Requests as plain data, ready to be written as JSON on any transport: the same is refused on each, naming the field.

What has its default is left out.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

from rota.model import bounds, check
from rota.model.errors import invalid

_FREE = frozenset({"payload", "result", "checkpoint"})
"""Fields that take any JSON."""
_MOST = bounds.RESULT_BYTES
"""More bytes than any of them takes: how many its own field takes is said by whoever takes it."""


def plain(request: msgspec.Struct, operation: str) -> dict[str, Any]:
    """The request's fields. Refused is what JSON can not carry."""
    try:
        return _fields(request, "")
    except RecursionError:
        raise invalid(operation, "is nested too deep") from None


def _fields(value: msgspec.Struct, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, default in zip(value.__struct_fields__, _defaults(value), strict=True):
        part = getattr(value, name)
        if part is default or (type(part) is type(default) and part == default):
            continue
        where = f"{path}.{name}" if path else name
        found[name] = _free(part, where) if name in _FREE else _part(part, where)
    return found


def _defaults(value: msgspec.Struct) -> tuple[Any, ...]:
    known = _DEFAULTS.get(type(value))
    if known is None:
        fields = msgspec.structs.fields(type(value))
        known = tuple(
            field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
            for field in fields
        )
        _DEFAULTS[type(value)] = known
    return known


_DEFAULTS: dict[type, tuple[Any, ...]] = {}


def _free(value: Any, path: str) -> Any:
    check.json_text(value, path, _MOST)
    return msgspec.to_builtins(value)


def _part(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _text(value, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -bounds.INT64 - 1 <= value <= bounds.INT64:
            raise invalid(path, f"is beyond {bounds.INT64}")
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise invalid(path, "is NaN or an infinity, which JSON can not carry")
        return value
    if isinstance(value, msgspec.Struct):
        return _fields(value, path)
    if isinstance(value, list | tuple):
        return [_part(one, f"{path}[{at}]") for at, one in enumerate(value)]
    if isinstance(value, dict):
        return {_key(key, path): _part(one, f"{path}.{key}") for key, one in value.items()}
    raise invalid(path, f"can not be written as JSON: it holds a {type(value).__name__}")


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise invalid(path, f"has a key that is no text but {type(key).__name__}")
    return _text(key, path)


def _text(value: str, path: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(path, "holds a lone surrogate, which is not Unicode text; remove it") from None
    return value
