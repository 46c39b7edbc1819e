"""Conditions of rules, read once into tests of one task. Nothing of a rule is ever run as code.

A match is a table of conditions that must all hold: fields with what they must be, and `all`, `any` and `not` with
tables of the same kind. A plain value is compared for equality, a list means one of them, a table names operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, NamedTuple

from rota.model.path import Path
from rota.model.priority import PRIORITIES
from rota.planning.rule_fields import ALL_OPERATORS, HOLDERS, NAMES, OPERATORS, Facts, Sort, field_of

Test = Callable[[Facts], bool]
NESTED = 8
"""How deep `any`, `all` and `not` may be nested."""
CONDITIONS = 200
"""The most conditions of one rule."""


class Unfit(Exception):
    """A match that can not be read: where in it, and why not."""

    def __init__(self, path: Path, message: str, word: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.word = word
        """The name that is not known, where that is wrong."""
        self.known = known
        """What may stand there instead."""


class Atom(NamedTuple):
    """One comparison: a field, how, with what."""

    field: str
    operator: str
    value: Any


class Either(NamedTuple):
    """One of these has to hold."""

    branches: tuple[All, ...]


class Not(NamedTuple):
    """This must not hold."""

    inner: All


class All(NamedTuple):
    """All of these have to hold; without any, always."""

    parts: tuple[Atom | Either | Not, ...]


def read_match(match: Mapping[str, Any]) -> All:
    """The match as conditions; raises `Unfit` where it can not be read."""
    found = _read(match, (), NESTED)
    if _size(found) > CONDITIONS:
        raise Unfit((), f"has more than {CONDITIONS} conditions")
    return found


def compiled(match: All) -> Test:
    """The conditions as one test."""
    tests = tuple(_test(part) for part in match.parts)
    if len(tests) == 1:
        return tests[0]
    return lambda facts: all(test(facts) for test in tests)


def holds(operator: str, value: Any, found: Any) -> bool:
    """Whether what was found compares so with the value. Of sorts that do not compare: no."""
    if found is None:
        return False
    match operator:
        case "=":
            return _same(found, value)
        case "in":
            return any(_same(found, one) for one in value)
        case "<":
            return _is_number(found) and bool(found < value)
        case ">":
            return _is_number(found) and bool(found > value)
        case "prefix":
            return isinstance(found, str) and found.startswith(value)
        case _:
            return _has(found, value)


def _has(found: Any, value: Any) -> bool:
    if isinstance(value, list):
        return all(_has(found, one) for one in value)
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    if isinstance(found, list | tuple | dict):
        return any(_same(one, value) for one in found)
    return False


def _same(one: Any, other: Any) -> bool:
    """Equal, where true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _test(part: Atom | Either | Not) -> Test:
    if isinstance(part, Either):
        branches = tuple(compiled(branch) for branch in part.branches)
        return lambda facts: any(branch(facts) for branch in branches)
    if isinstance(part, Not):
        inner = compiled(part.inner)
        return lambda facts: not inner(facts)
    field = field_of(part.field)
    assert field is not None
    read, operator, value = field.read, part.operator, part.value
    return lambda facts: holds(operator, value, read(facts))


def _read(match: Any, path: Path, depth: int) -> All:
    if not isinstance(match, Mapping):
        raise Unfit(path, "must be a table of conditions, such as { kind = 'review' }")
    if depth == 0:
        raise Unfit(path, f"is nested deeper than {NESTED} levels")
    parts: list[Atom | Either | Not] = []
    for key, value in match.items():
        here = (*path, key)
        if key in ("all", "any"):
            branches = tuple(_read(one, (*here, at), depth - 1) for at, one in enumerate(_tables(value, here)))
            parts += [part for branch in branches for part in branch.parts] if key == "all" else [Either(branches)]
        elif key == "not":
            parts.append(Not(_read(value, here, depth - 1)))
        else:
            parts += _atoms(key, value, here)
    return All(tuple(parts))


def _tables(value: Any, path: Path) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Unfit(path, "must be a list of tables of conditions, one at least")
    return value


def _atoms(name: str, value: Any, path: Path) -> list[Atom]:
    field = field_of(name)
    if field is None:
        known = (*NAMES, "all", "any", "not")
        raise Unfit(path, f"tasks have no field {name[:60]!r}", name, known)
    if isinstance(value, Mapping) and name.split(".")[0] in HOLDERS and not value.keys() & ALL_OPERATORS:
        # `payload.language = "de"` in TOML without quotes: tables in tables.
        return [atom for key, inner in value.items() for atom in _atoms(f"{name}.{key}", inner, (*path, key))]
    asked = value if isinstance(value, Mapping) else {"in" if isinstance(value, list) else "=": value}
    if not isinstance(value, Mapping) and field.sort == "names":
        asked = {"has": value}
    if not asked:
        raise Unfit(path, "compares with nothing; write a value, or an operator with one")
    for operator, wanted in asked.items():
        inside = (*path, operator) if isinstance(value, Mapping) else path
        if operator not in OPERATORS[field.sort]:
            told = f"{name} is compared with {', '.join(OPERATORS[field.sort])}, not with {operator[:20]!r}"
            raise Unfit(inside, told)
        _check_value(name, field.sort, operator, wanted, inside)
    return [Atom(name, operator, wanted) for operator, wanted in asked.items()]


def _check_value(name: str, sort: Sort, operator: str, value: Any, path: Path) -> None:
    if operator == "in" or (operator == "has" and isinstance(value, list)):
        if not isinstance(value, list) or not value:
            raise Unfit(path, "must be a list with one value at least")
        for at, one in enumerate(value):
            _check_one(name, sort, operator, one, (*path, at))
        return
    _check_one(name, sort, operator, value, path)


def _check_one(name: str, sort: Sort, operator: str, value: Any, path: Path) -> None:
    wrong = f"can never be: {name} is"
    if operator in ("<", ">") and not _is_number(value):
        raise Unfit(path, f"must be a number to compare {name} with")
    if (operator == "prefix" or sort == "names") and not isinstance(value, str):
        raise Unfit(path, "must be text")
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not isfinite(value)):
        raise Unfit(path, "must be one value: text, a number, true or false")
    if sort == "text" and not isinstance(value, str):
        raise Unfit(path, f"{wrong} text")
    if sort == "number" and not _is_number(value):
        raise Unfit(
            path, f"{wrong} a number" + (" of seconds" if name in ("deadline", "start", "ttl", "estimate") else "")
        )
    if sort == "truth" and not isinstance(value, bool):
        raise Unfit(path, f"{wrong} true or false")
    if sort == "choice" and value not in PRIORITIES:
        raise Unfit(path, f"{str(value)[:60]!r} is none of {', '.join(PRIORITIES)}", str(value), PRIORITIES)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(match: All) -> int:
    return sum(
        1 if isinstance(part, Atom)
        else _size(part.inner) if isinstance(part, Not)
        else sum(_size(branch) for branch in part.branches)
        for part in match.parts
    )  # fmt: skip
