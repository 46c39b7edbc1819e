"""What does not fit a request's type, in a caller's words: the field, what it must be, and which choices there are."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

from rota.model.errors import RotaError, invalid
from rota.model.path import Path, path_text
from rota.model.priority import BANDS

_MESSAGE = re.compile(r"(?s)(.*?)(?: - at (?:`key` in )?`\$((?:\.\w+|\[\d+\]|\[\.\.\.\])*)`)?")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[(\.\.\.)\]")
_EXPECTED = re.compile(r"Expected `([^`]+)`(.*?)(?:, got `(\w+)`)?")
_UNKNOWN = re.compile(r"(?s)Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_CHOICE = re.compile(r"(?s)Invalid enum value (.*)")
_SHOWN = 60
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def misfit(error: msgspec.ValidationError, kind: Any, whole: str) -> RotaError:
    """The refusal that names the field; `whole` is named when none is. `kind` is the type that was wanted."""
    found = _MESSAGE.fullmatch(str(error))
    text, steps = (found[1], found[2] or "") if found else (str(error), "")
    path: Path = tuple(int(index) if index else name or "..." for name, index, _any in _STEP.findall(steps))
    there = _type_at(_known(kind), path)
    if strange := _UNKNOWN.fullmatch(text):
        return invalid(path_text((*path, strange[1])), _no_such(strange[1], there))
    if missing := _MISSING.fullmatch(text):
        return invalid(path_text((*path, missing[1])), "is needed and missing")
    return invalid(path_text(path).replace("['...']", "[...]") or whole, _said(text, there))


def _no_such(name: str, there: inspect.Type | None) -> str:
    fields = [field.encode_name for field in there.fields] if isinstance(there, inspect.StructType) else []
    if not fields:
        return "there is no such field; leave it out"
    return f"there is no such field; {_near(name, fields) or 'there are: ' + ', '.join(fields)}"


def _said(text: str, there: inspect.Type | None) -> str:
    wrong = _CHOICE.fullmatch(text)
    if wrong and isinstance(there, inspect.LiteralType):
        choices = _choices(there)
        near = _near(wrong[1].strip("'"), choices)
        return f"{wrong[1][:_SHOWN]} is none of {', '.join(choices)}" + (f"; {near}" if near else "")
    found = _EXPECTED.fullmatch(text)
    if found is None:
        return text[:1].lower() + text[1:]
    kinds, condition, got = found.groups()
    fraction = got == "float" and "int" in kinds
    but = "" if got is None else f", not {'one with a fraction' if fraction else _WORDS.get(got, got)}"
    if isinstance(there, inspect.LiteralType):
        return f"must be one of {', '.join(_choices(there))}{but}"
    wanted = [kind for kind in kinds.split(" | ") if kind != "null"] or ["null"]
    if "float" in wanted and "int" in wanted:
        wanted.remove("int")
    expected = " or ".join(_WORDS.get(kind, kind) for kind in wanted)
    return f"must be {expected}{condition}{but}"


def _choices(kind: inspect.LiteralType) -> list[str]:
    """By name; priorities in their own order."""
    choices = [str(choice) for choice in kind.values]
    return list(BANDS) if set(choices) == set(BANDS) else choices


def _near(word: str, known: list[str]) -> str:
    found = get_close_matches(word[:_SHOWN], known, n=1)
    return f"did you mean {found[0]!r}?" if found else ""


@lru_cache(maxsize=256)
def _known(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _type_at(kind: inspect.Type, path: Path) -> inspect.Type | None:
    """The declared type at a path; of a union, the one alternative that has structure or choices."""
    kind = _bare(kind)
    if not path:
        return kind
    inner: inspect.Type | None = None
    if isinstance(kind, inspect.StructType):
        inner = next((field.type for field in kind.fields if field.encode_name == path[0]), None)
    elif isinstance(kind, inspect.DictType):
        inner = kind.value_type
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        inner = kind.item_type
    return None if inner is None else _type_at(inner, path[1:])


def _bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not isinstance(kind, inspect.UnionType):
        return kind
    structured = (inspect.StructType, inspect.LiteralType, inspect.DictType, inspect.ListType, inspect.VarTupleType)
    return next((bare for bare in map(_bare, kind.types) if isinstance(bare, structured)), kind)
