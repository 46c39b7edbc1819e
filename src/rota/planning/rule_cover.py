"""Rules that can never match: because they contradict themselves, or because an earlier one takes all they would.

What is found here is certain; not everything that is so is found. A rule that several earlier ones share between them
is not.
"""

from __future__ import annotations

from itertools import combinations

from rota.planning.rule_match import All, Atom, Either, Not, holds

_MOST_WAYS = 64
"""Alternatives looked at; what has more is taken to be fine."""


def contradicts_itself(match: All) -> tuple[Atom, Atom] | None:
    """Two conditions that never hold together, in every way the match can hold; None = there are none such."""
    found = None
    for way in _ways(match):
        found = next((pair for pair in combinations(_atoms(way), 2) if _exclude(*pair)), None)
        if found is None:
            return None
    return found


def covers(earlier: All, later: All) -> bool:
    """Whether every task that fits the later match surely fits the earlier one."""
    return all(_implied(earlier, way) for way in _ways(later))


def _ways(match: All) -> list[All]:
    """The match without alternatives: it holds if one of these does. With too many of them: as it is."""
    found, left = list[All](), [match]
    while left:
        way = left.pop()
        choice = next((part for part in way.parts if isinstance(part, Either)), None)
        if choice is None:
            found.append(way)
            continue
        rest = tuple(part for part in way.parts if part is not choice)
        left += [All((*rest, *branch.parts)) for branch in choice.branches]
        if len(found) + len(left) > _MOST_WAYS:
            return [match]
    return found


def _atoms(match: All) -> list[Atom]:
    return [part for part in match.parts if isinstance(part, Atom)]


def _implied(wanted: All, given: All) -> bool:
    return all(_implied_part(part, given) for part in wanted.parts)


def _implied_part(part: Atom | Either | Not, given: All) -> bool:
    if part in given.parts:
        return True
    if isinstance(part, Either):
        return any(_implied(branch, given) for branch in part.branches)
    if isinstance(part, Not):
        # Enough for plain cases: something that is given excludes it.
        return any(
            isinstance(inner, Atom) and any(_exclude(inner, atom) for atom in _atoms(given))
            for inner in part.inner.parts
        )
    return any(_implies(atom, part) for atom in _atoms(given))


def _implies(given: Atom, wanted: Atom) -> bool:
    """Whether a task for which `given` holds always fits `wanted`."""
    if given.field != wanted.field:
        return False
    if given.operator in ("=", "in"):
        values = given.value if given.operator == "in" else [given.value]
        return all(holds(wanted.operator, wanted.value, value) for value in values)
    if given.operator != wanted.operator:
        return False
    match given.operator:
        case "<":
            return bool(given.value <= wanted.value)
        case ">":
            return bool(given.value >= wanted.value)
        case "prefix":
            return str(given.value).startswith(wanted.value)
        case _:
            has = given.value if isinstance(given.value, list) else [given.value]
            asked = wanted.value if isinstance(wanted.value, list) else [wanted.value]
            return all(one in has for one in asked)


def _exclude(one: Atom, other: Atom) -> bool:
    """Whether both never hold for one task."""
    if one.field != other.field:
        return False
    for given, wanted in ((one, other), (other, one)):
        if given.operator in ("=", "in"):
            values = given.value if given.operator == "in" else [given.value]
            return not any(holds(wanted.operator, wanted.value, value) for value in values)
    operators = {one.operator, other.operator}
    if operators == {"<", ">"}:
        low, high = (one.value, other.value) if one.operator == ">" else (other.value, one.value)
        return bool(low >= high)
    if operators == {"prefix"}:
        return not (one.value.startswith(other.value) or other.value.startswith(one.value))
    return False
