"""What is said of the fields of requests and answers: the text after each in the struct's own source."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable
from functools import cache
from inspect import cleandoc
from typing import Any, get_args

import msgspec


@cache
def field_notes(struct: type) -> dict[str, str]:
    """By field, what stands below it. Empty where the source is not at hand."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(struct)))
    except (OSError, SyntaxError):
        return {}
    found = tree.body[0]
    if not isinstance(found, ast.ClassDef):
        return {}
    notes: dict[str, str] = {}
    for field, after in zip(found.body, found.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(after):
            notes[field.target.id] = " ".join(cleandoc(ast.literal_eval(after.value)).split())  # type: ignore[attr-defined]
    return notes


def structs_in(kinds: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """All structs that these types are made of."""
    found: set[type[msgspec.Struct]] = set()
    rest = list(kinds)
    while rest:
        kind = rest.pop()
        rest.extend(get_args(kind))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in found:
            found.add(kind)
            rest.extend(field.type for field in msgspec.structs.fields(kind))
    return found


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
