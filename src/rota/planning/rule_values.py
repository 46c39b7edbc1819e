"""What the fields of a task can be at all: a condition beyond that never holds, or always does.

Sources: the bounds that a submit checks. A field of a payload can be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any, NamedTuple

from rota.model.bounds import ATTEMPTS, KEY, LEVEL, NAME, SPAN_S, TITLE
from rota.model.priority import PRIORITIES
from rota.planning.rule_match import Atom, holds


class Span(NamedTuple):
    """Numbers from `low` to `high`, both included; whole ones where `whole` says so."""

    low: float = -inf
    high: float = inf
    whole: bool = False


_SPANS = {
    "max_cost": Span(0.0),
    "max_attempts": Span(1, ATTEMPTS, whole=True),
    "ttl": Span(0.0, SPAN_S),
    "estimate": Span(0.0, SPAN_S),
    # A deadline or a start that is over is still read before the submit is refused, so it has no least here.
    "deadline": Span(),
    "start": Span(),
}
_LONGEST = {
    "title": TITLE,
    **dict.fromkeys(("kind", "queue", "tenant", "role", "pin", "near"), NAME),
    **dict.fromkeys(("affinity", "group", "sequence", "unique", "ref"), KEY),
}
_NAMES = frozenset({"regions", "ban", "limits", "skills", "resources"})
_ALWAYS_THERE = frozenset({"title", "description", "kind", "queue", "tenant", "priority", "held"})
"""Fields that every task has."""


def agree(wanted: Sequence[Atom], unwanted: Sequence[Atom]) -> bool:
    """Whether a value of their one field can be, for which all the wanted hold and none of the unwanted does.

    Certain where it says no.
    """
    field = wanted[0].field
    if not all(_can_hold(field, atom) for atom in wanted):
        return False
    values = _values(wanted)
    if values is not None:
        return any(_fits(field, value, wanted, unwanted) for value in values)
    return _room(field, wanted)


def always(atom: Atom) -> bool:
    """Whether it holds for every task."""
    if atom.field not in _ALWAYS_THERE:
        return False
    if atom.operator in ("prefix", "has"):
        return bool(atom.value == "")
    return atom.field == "priority" and atom.operator == "in" and set(PRIORITIES) <= set(atom.value)


def _values(wanted: Iterable[Atom]) -> list[Any] | None:
    """The only values that it can have; None = they can not be counted up."""
    for atom in wanted:
        if atom.operator in ("=", "in"):
            return list(atom.value) if atom.operator == "in" else [atom.value]
    return list(PRIORITIES) if any(atom.field == "priority" for atom in wanted) else None


def _fits(field: str, value: Any, wanted: Iterable[Atom], unwanted: Iterable[Atom]) -> bool:
    return (
        _can_be(field, value)
        and all(holds(atom.operator, atom.value, value) for atom in wanted)
        and not any(holds(atom.operator, atom.value, value) for atom in unwanted)
    )


def _can_be(field: str, value: Any) -> bool:
    span = _span_of(field)
    if span is not None:
        return span.low <= value <= span.high and not (span.whole and value != int(value))
    longest = _LONGEST.get(field)
    return longest is None or 1 <= len(value) <= longest


def _can_hold(field: str, atom: Atom) -> bool:
    """Whether text that is looked for in the field is not longer than the field can be."""
    asked = atom.value if isinstance(atom.value, list) else [atom.value]
    if atom.operator == "prefix":
        return len(atom.value) <= _LONGEST.get(field, len(atom.value))
    if atom.operator == "has" and field in _NAMES:
        return all(1 <= len(one) <= NAME for one in asked)
    return True


def _span_of(field: str) -> Span | None:
    name, dot, _key = field.partition(".")
    if dot and name in ("skills", "resources"):
        return Span(1, LEVEL, whole=True) if name == "skills" else Span(0.0)
    return _SPANS.get(field)


def _room(field: str, wanted: Iterable[Atom]) -> bool:
    """Whether there is a number between what is asked for and what can be."""
    span = _span_of(field) or Span()
    above = max((float(atom.value) for atom in wanted if atom.operator == ">"), default=-inf)
    below = min((float(atom.value) for atom in wanted if atom.operator == "<"), default=inf)
    if not span.whole:
        return above < below and above < span.high and span.low < below
    return any(above < number < below for number in range(int(span.low), int(span.high) + 1))
