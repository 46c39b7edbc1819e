"""JSON Schemas of structs as clients understand them best: one object, nothing to look up elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

_LEFT_OUT = frozenset({"title", "default"})
_NAMES = frozenset({"properties", "$defs"})
"""Tables whose keys are names of fields, not words of JSON Schema."""


@cache
def schema_of(struct: type[msgspec.Struct], *, nulls: bool = True) -> dict[str, Any]:
    """The schema of a struct, draft 2020-12. References are written out; structs must not contain themselves.
    It is the same object each time: not to be changed.

    Without `nulls` what may be left out is not said to be null too: shorter, and some clients know no such unions.
    """
    whole = msgspec.json.schema(struct)
    known: Mapping[str, Any] = whole.get("$defs", {})
    found: dict[str, Any] = _plain(known[struct.__name__], known)
    if not nulls:
        found = _without_nulls(found)
    found.setdefault("properties", {})
    return found


def _without_nulls(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_nulls(one) for one in part]
    if not isinstance(part, dict):
        return part
    part = {key: _without_nulls(value) for key, value in part.items()}
    if "anyOf" not in part:
        return part
    options = [one for one in part.pop("anyOf") if one != {"type": "null"}]
    if {"type": "number"} in options:
        options = [one for one in options if one != {"type": "integer"}]
    return {**part, **options[0]} if len(options) == 1 else {**part, "anyOf": options}


def _plain(part: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_plain(one, known) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = known[str(part["$ref"]).rpartition("/")[2]]
        return {**_plain(target, known), **{key: value for key, value in part.items() if key == "description"}}
    plain = {}
    for key, value in part.items():
        if key in _NAMES:
            plain[key] = {name: _plain(inner, known) for name, inner in value.items()}
        elif key not in _LEFT_OUT and not (key == "description" and "properties" in part):
            plain[key] = _plain(value, known)
    return plain
