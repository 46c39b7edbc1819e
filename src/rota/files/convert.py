"""Turning plain data from a file into typed values, with errors that name the path and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from rota.files.place import Misfit, Path, nearest, path_text, quoted

T = TypeVar("T")

_MESSAGE = re.compile(r"(?s)(.*?)(?: - at (`key` in )?`\$((?:\.\w+|\[\d+\]|\[\.\.\.\])*)`)?")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[(\.\.\.)\]")
_EXPECTED = re.compile(r"Expected `([^`]+)`(.*?)(?:, got `(\w+)`)?")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "a table",
}


def convert(value: Any, kind: type[T], path: Path = ()) -> T:
    """The value as `kind`, strictly; else a `Misfit`. `path` leads from the document to the value."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise misfit(error, value, kind, path) from None


def misfit(error: msgspec.ValidationError, value: Any, kind: Any, path: Path = ()) -> Misfit:
    """What msgspec found, in a user's words, with what it leaves out: keys, known fields, choices."""
    found = _MESSAGE.fullmatch(str(error))
    text, of_key, steps = found.groups() if found else (str(error), None, None)
    inner = _resolved(steps or "", value, kind, str(error))
    there = _type_at(inspect.type_info(kind), inner)
    if not of_key:
        return _said(text, (*path, *inner), _at(value, inner), there)
    name = _guilty_key(inner, value, kind, str(error)) or ""
    key_type = _bare(there.key_type) if isinstance(there, inspect.DictType) else None
    said = _said(text, (*path, *inner, name), name, key_type)
    return Misfit(said.path, said.message.replace("this must be", "this name must be", 1))


def _said(text: str, path: Path, value: Any, kind: inspect.Type | None) -> Misfit:
    fields = _fields(kind)
    if text.startswith("Object contains unknown field") and isinstance(value, dict):
        strange = next(key for key in value if key not in fields)
        known = nearest(strange, fields) or f"; known are {', '.join(sorted(fields))}"
        return Misfit((*path, strange), f"there is no such field{known}")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", text):
        return Misfit((*path, missing[1]), "this field is needed and missing")
    if text.startswith("Invalid enum value") and isinstance(kind, inspect.LiteralType):
        choices = [str(choice) for choice in kind.values]
        return Misfit(path, f"{quoted(str(value))} is none of {', '.join(choices)}{nearest(str(value), choices)}")
    if isinstance(value, dict) and isinstance(kind, inspect.ListType):
        doubled = path_text(path)
        return Misfit(path, f"this must be a list, not one table; write [[{doubled}]] with two brackets for each")
    return Misfit(path, _plain(text))


def _plain(text: str) -> str:
    """`Expected `int`, got `str`` -> `this must be a whole number, not text`."""
    found = _EXPECTED.fullmatch(text)
    if found is None:
        return text[:1].lower() + text[1:]
    kinds, condition, got = found.groups()
    wanted = [kind for kind in kinds.split(" | ") if kind != "null"]
    if "float" in wanted and "int" in wanted:
        wanted.remove("int")
    expected = " or ".join(_WORDS.get(kind, kind) for kind in wanted)
    return f"this must be {expected}{condition}" + (f", not {_WORDS.get(got, f'a {got}')}" if got else "")


def _resolved(steps: str, value: Any, kind: Any, message: str) -> Path:
    """msgspec's path, with the keys that it writes as `[...]` found by trying."""
    path: Path = ()
    for name, index, unknown in _STEP.findall(steps):
        if unknown:
            key = _guilty_key(path, value, kind, message)
            if key is None:
                return path
            path = (*path, key)
        else:
            path = (*path, name or int(index))
    return path


def _guilty_key(path: Path, value: Any, kind: Any, message: str) -> str | None:
    """The key of the table at `path` that gives this error when it is there alone."""
    table = _at(value, path)
    for key in table if isinstance(table, dict) else ():
        try:
            msgspec.convert(_with(value, path, {key: table[key]}), kind)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return str(key)
    return None


def _with(value: Any, path: Path, part: Any) -> Any:
    """The value with what is at `path` replaced; the original stays as it is."""
    if not path:
        return part
    copy: Any = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], part)
    return copy


def _at(value: Any, path: Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return None
    return value


def _fields(kind: inspect.Type | None) -> Iterable[str]:
    return [field.encode_name for field in kind.fields] if isinstance(kind, inspect.StructType) else []


def _type_at(kind: inspect.Type, path: Path) -> inspect.Type | None:
    """The declared type at a path; of a union, the one alternative that has structure or choices."""
    kind = _bare(kind)
    if not path:
        return kind
    if isinstance(kind, inspect.StructType):
        inner = next((field.type for field in kind.fields if field.encode_name == path[0]), None)
    elif isinstance(kind, inspect.DictType):
        inner = kind.value_type
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        inner = kind.item_type
    else:
        inner = None
    return None if inner is None else _type_at(inner, path[1:])


def _bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not isinstance(kind, inspect.UnionType):
        return kind
    structured = (inspect.StructType, inspect.LiteralType, inspect.DictType, inspect.ListType)
    return next((bare for bare in map(_bare, kind.types) if isinstance(bare, structured)), kind)
