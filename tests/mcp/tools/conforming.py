"""As much of JSON Schema as the tools' schemas use; a word it does not know is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
_TOLD = {"description", "contentEncoding"}


def conforms(value: Any, schema: Mapping[str, Any], where: str = "$") -> list[str]:
    """What is wrong with the value."""
    wrong: list[str] = []
    for word, wanted in schema.items():
        if word in _TOLD:
            continue
        wrong += _CHECKS[word](value, wanted, schema, where)
    return wrong


def _type(value: Any, wanted: str, _schema: Any, where: str) -> list[str]:
    if isinstance(value, bool) and wanted in ("number", "integer"):
        return [f"{where}: a boolean is no {wanted}"]
    return [] if isinstance(value, _TYPES[wanted]) else [f"{where}: {value!r} is no {wanted}"]


def _properties(value: Any, wanted: Mapping[str, Any], _schema: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [no for key, inner in wanted.items() if key in value for no in conforms(value[key], inner, f"{where}.{key}")]


def _required(value: Any, wanted: list[str], _schema: Any, where: str) -> list[str]:
    return [f"{where}: {key} is missing" for key in wanted if isinstance(value, dict) and key not in value]


def _additional(value: Any, wanted: Any, schema: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    rest = [key for key in value if key not in schema.get("properties", {})]
    if isinstance(wanted, bool):
        return [] if wanted else [f"{where}: {key} is unknown" for key in rest]
    return [no for key in rest for no in conforms(value[key], wanted, f"{where}.{key}")]


def _items(value: Any, wanted: Any, schema: Any, where: str) -> list[str]:
    if not isinstance(value, list) or wanted is False:
        return []
    first = len(schema.get("prefixItems", ()))
    return [no for at, one in enumerate(value[first:]) for no in conforms(one, wanted, f"{where}[{at}]")]


def _any_of(value: Any, wanted: list[Any], _schema: Any, where: str) -> list[str]:
    found = [conforms(value, option, where) for option in wanted]
    return [] if [] in found else [f"{where}: fits none of {len(wanted)}: {found}"]


def _enum(value: Any, wanted: list[Any], _schema: Any, where: str) -> list[str]:
    return [] if value in wanted else [f"{where}: {value!r} is none of {wanted}"]


def _number(fits: Any) -> Any:
    def check(value: Any, wanted: Any, _schema: Any, where: str) -> list[str]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return [f"{where}: {value} is out of bounds"] if is_number and not fits(value, wanted) else []

    return check


def _length(kind: Any, fits: Any) -> Any:
    def check(value: Any, wanted: Any, _schema: Any, where: str) -> list[str]:
        return [f"{where}: has length {len(value)}"] if isinstance(value, kind) and not fits(len(value), wanted) else []

    return check


def _pattern(value: Any, wanted: str, _schema: Any, where: str) -> list[str]:
    return [] if not isinstance(value, str) or re.search(wanted, value) else [f"{where}: {value!r} fits not {wanted}"]


_CHECKS: dict[str, Any] = {
    "type": _type,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "anyOf": _any_of,
    "enum": _enum,
    "minimum": _number(lambda value, least: value >= least),
    "maximum": _number(lambda value, most: value <= most),
    "exclusiveMinimum": _number(lambda value, least: value > least),
    "minLength": _length(str, lambda n, least: n >= least),
    "maxLength": _length(str, lambda n, most: n <= most),
    "minItems": _length(list, lambda n, least: n >= least),
    "maxItems": _length(list, lambda n, most: n <= most),
    "pattern": _pattern,
}
