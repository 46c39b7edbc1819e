"""A tool's arguments as its struct; what is wrong is refused in words that say how to repair the call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from rota.faces.mcp.tool import Tool
from rota.model.errors import RotaError, invalid
from rota.operations.decodable import decodable
from rota.operations.misfit import misfit

_STEP = re.compile(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")


def taken(tool: Tool, arguments: Any) -> Any:
    """The struct; a null for what may be left out is as if it were left out."""
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise invalid("arguments", f"must be a JSON object, such as {_shown(tool.example)}")
    given = {key: value for key, value in arguments.items() if value is not None}
    try:
        return msgspec.convert(given, decodable(tool.takes))
    except msgspec.ValidationError as error:
        raise _repairable(tool, error) from None
    except RecursionError:
        raise invalid("arguments", "are nested too deep; flatten them") from None


def _repairable(tool: Tool, error: msgspec.ValidationError) -> RotaError:
    text, _, where = str(error).partition(" - at `$")
    fields = _fields_at(tool.input_schema, where.rstrip("`"))
    found = _UNKNOWN.fullmatch(text)
    if found is not None:
        near = get_close_matches(_snake(found[1]), fields, 1)
        told = f"did you mean {near[0]!r}? There" if near else "there"
        return invalid(_field(where, found[1]), f"there is no such argument; {told} are: {', '.join(fields)}")
    found = _MISSING.fullmatch(text)
    if found is not None:
        return invalid(_field(where, found[1]), f"is missing. An example: {_shown(tool.example)}")
    return misfit(error, tool.takes, "arguments")


def _fields_at(schema: Mapping[str, Any], where: str) -> list[str]:
    """The names of the fields that there are at this place of the arguments."""
    for name, number in _STEP.findall(where):
        options = [schema, *schema.get("anyOf", ())]
        if number:
            schema = next((one["items"] for one in options if isinstance(one.get("items"), dict)), {})
        else:
            schema = next((one["properties"][name] for one in options if name in one.get("properties", {})), {})
    options = [schema, *schema.get("anyOf", ())]
    return [name for one in options for name in one.get("properties", {})]


def _field(where: str, name: str) -> str:
    inside = where.strip(".`")
    return f"{inside}.{name}" if inside else name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _shown(example: Mapping[str, Any]) -> str:
    return msgspec.json.encode(example).decode()
