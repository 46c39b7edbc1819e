"""The fields of a task that rules can look at, and what may be asked of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.model.times import SECOND, moment, seconds

Sort = Literal["text", "choice", "number", "truth", "names", "any"]
OPERATORS: dict[Sort, tuple[str, ...]] = {
    "text": ("=", "in", "prefix", "has"),
    "choice": ("=", "in"),
    "number": ("=", "in", "<", ">"),
    "truth": ("=",),
    "names": ("has",),
    "any": ("=", "in", "<", ">", "has", "prefix"),
}
"""By the sort of a field: how it may be compared. `has` of a text is a part of it, of a list or table its members."""


class Facts(NamedTuple):
    """A task as submitted, and the moment, microseconds."""

    spec: TaskSpec
    now: int


Read = Callable[[Facts], Any]


class Field(NamedTuple):
    """One field: its sort and how it is read; None = the task has none."""

    sort: Sort
    read: Read


_SORTS: dict[str, Sort] = {
    **dict.fromkeys(("title", "description", "kind", "queue", "project", "tenant", "role", "pin", "near"), "text"),
    **dict.fromkeys(("affinity", "group", "sequence", "unique", "ref"), "text"),
    **dict.fromkeys(("max_cost", "max_attempts"), "number"),
    **dict.fromkeys(("deadline", "start", "ttl", "estimate"), "number"),
    **dict.fromkeys(("regions", "ban", "limits", "skills", "resources"), "names"),
    "priority": "choice",
    "approval": "truth",
    "held": "truth",
    "payload": "any",
}
_SPANS = ("ttl", "estimate")
_MOMENTS = ("deadline", "start")
ALL_OPERATORS = frozenset(operator for listed in OPERATORS.values() for operator in listed)
HOLDERS = frozenset({"payload", "skills", "resources"})
"""Fields in which there are others."""
NAMES = tuple(_SORTS)
"""All fields; of `payload`, `skills` and `resources` also what is in them: `payload.language`, `skills.python`."""


def field_of(path: str) -> Field | None:
    """The field of this name; None = there is none."""
    name, *inner = path.split(".")
    sort = _SORTS.get(name)
    if sort is None or not all(inner):
        return None
    if inner:
        if name == "payload":
            return Field("any", partial(_inside, inner))
        if name in ("skills", "resources"):
            return Field("number", partial(_amount, name, ".".join(inner)))
        return None
    if name in _SPANS:
        return Field(sort, partial(_span, name))
    if name in _MOMENTS:
        return Field(sort, partial(_from_now, name))
    return Field(sort, partial(_plain, name))


def _plain(name: str, facts: Facts) -> Any:
    return getattr(facts.spec, name)


def _span(name: str, facts: Facts) -> float | None:
    value = getattr(facts.spec, name)
    return None if value is None else _or_none(lambda: seconds(value, name))


def _from_now(name: str, facts: Facts) -> float | None:
    """Seconds from now."""
    value = getattr(facts.spec, name)
    return None if value is None else _or_none(lambda: (moment(value, facts.now, name) - facts.now) / SECOND)


def _or_none(read: Callable[[], float]) -> float | None:
    try:
        return read()
    except RotaError:
        return None  # refused where the task itself is checked


def _amount(name: str, key: str, facts: Facts) -> Any:
    found: dict[str, Any] = getattr(facts.spec, name)
    return found.get(key)


def _inside(path: list[str], facts: Facts) -> Any:
    value = facts.spec.payload
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
