"""What is wrong with a JSON text that could not be decoded: where, at which field, and what to do about it.

The decoder is fast and says little: of some faults neither the place nor the kind.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from math import isinf
from typing import NamedTuple

from rota.model.bounds import DEPTH, INT64
from rota.model.path import Path

FREE = frozenset({"payload", "result", "checkpoint"})
"""Fields that take any JSON: what lies deeper is not named when something is nested too deep."""
_NAMED = 4
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_FRACTION = re.compile(r"[.eE]")
_DEEP = f"this is nested deeper than {DEPTH} levels; flatten it"
_LOOKED_AT = 8_000_000
"""Characters of the longest text that is looked into: it takes a while."""
_DIGITS = 4_000
"""No whole number of more digits is looked at more closely."""


class Fault(NamedTuple):
    """A fault of a JSON text. `at` counts characters from 0; `path` is empty where no field can be named."""

    at: int
    path: Path
    message: str


def fault_of(text: str) -> Fault | None:
    """What is wrong with the text; None when nothing is found, or when it is too long to look for it."""
    if len(text) > _LOOKED_AT:
        return None
    return _too_deep(text) or _not_json(text) or _half_character(text) or _too_great(text)


def path_at(text: str, at: int) -> Path:
    """The way to the value, or to the key, that stands at a character of a text which is JSON up to there."""
    path: Path = ()
    for start, _token, stack in _walk(text):
        if start > at:
            break
        path = _path(stack)
    return path


def _too_deep(text: str) -> Fault | None:
    # Far more cheaply than by looking at every token.
    if text.count("[") + text.count("{") <= DEPTH:
        return None
    for start, _token, stack in _walk(text):
        if len(stack) <= DEPTH:
            continue
        path = _path(stack[: DEPTH + 1])
        free = next((i for i, part in enumerate(path) if part in FREE), None)
        known = 0 if free is None else free + 1
        if len(stack) > known + DEPTH:
            return Fault(start, path[: known or _NAMED], _DEEP)
    return None


def _not_json(text: str) -> Fault | None:
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as found:
        end = len(text.rstrip())
        if found.pos >= end:
            return Fault(end, (), "this JSON ends too early")
        return Fault(found.pos, (), f"this is not JSON: {found.msg[:1].lower()}{found.msg[1:]}")
    except RecursionError:
        return Fault(0, (), _DEEP)
    return None


def _half_character(text: str) -> Fault | None:
    """An escape that is half of a surrogate pair without its other half."""
    at = _half_escape(text)
    if at is None:
        return None
    return Fault(at, path_at(text, at), "this escape is half of a character (a lone surrogate)")


def _half_escape(text: str) -> int | None:
    opened: re.Match[str] | None = None
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1] or "0", 16)
        follows = opened is not None and opened.end() == escape.start()
        if opened is not None and not (follows and 0xDC00 <= code <= 0xDFFF):
            return opened.start()
        if opened is None and 0xDC00 <= code <= 0xDFFF:
            return escape.start()
        opened = escape if opened is None and 0xD800 <= code <= 0xDBFF else None
    return None if opened is None else opened.start()


def _too_great(text: str) -> Fault | None:
    """A number that no number of 64 bits can stand for."""
    for start, token, stack in _walk(text):
        if token[0] not in "-0123456789":
            continue
        if _FRACTION.search(token):
            if isinf(float(token)):
                shown = token if len(token) <= 40 else f"{token[:40]}..."
                return Fault(start, _path(stack), f"{shown} is beyond {sys.float_info.max}; send it as text")
        elif len(token) > _DIGITS:
            said = f"a number of {len(token):,} digits is beyond {INT64}; send it as text"
            return Fault(start, _path(stack), said)
    return None


class _Level:
    """An object or array that is open: the key or index of what stands there now."""

    __slots__ = ("is_list", "part", "wants_key")

    def __init__(self, is_list: bool) -> None:
        self.is_list = is_list
        self.part: str | int | None = 0 if is_list else None
        self.wants_key = not is_list


def _walk(text: str) -> Iterator[tuple[int, str, list[_Level]]]:
    """Each token with where it starts and what is open there. The list is the walk's own: it changes."""
    stack: list[_Level] = []
    for found in _TOKEN.finditer(text):
        token = found[0]
        top = stack[-1] if stack else None
        if top is not None and top.wants_key and token[0] == '"':
            top.part, top.wants_key = _key(token), False
        elif token == "," and top is not None:
            if isinstance(top.part, int) and top.is_list:
                top.part += 1
            else:
                top.wants_key = True
        elif token in "[{":
            stack.append(_Level(token == "["))
        elif token in "]}" and stack:
            stack.pop()
        yield found.start(), token, stack


def _path(stack: list[_Level]) -> Path:
    return tuple(level.part for level in stack if level.part is not None)


def _key(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token.strip('"')
