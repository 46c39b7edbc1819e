"""Rules that can never match: because they contradict themselves, or because an earlier one takes all they would.

What is found here is certain; not everything that is so is found. Of a range of numbers that several earlier rules
share between them nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from rota.planning.rule_match import All, Atom, Either, Not, holds
from rota.planning.rule_values import agree, always

_MOST_WAYS = 64
"""Alternatives looked at; what has more is taken to be fine."""


def contradicts_itself(match: All) -> str | None:
    """Why the match can never hold, whichever of its ways is taken; None = it may."""
    found = None
    for way in _ways(match):
        found = _clash(way)
        if found is None:
            return None
    return found


def covers(earlier: All, later: All) -> bool:
    """Whether every task that fits the later match surely fits the earlier one."""
    return taken_by([earlier], later) is not None


def taken_by(earlier: Sequence[All], later: All) -> list[int] | None:
    """Which of the earlier matches, by place, surely take between them every task that fits the later; None = none."""
    found = set[int]()
    for way in _one_by_one(_ways(later)):
        taker = next((at for at, match in enumerate(earlier) if _implied(match, way)), None)
        if taker is None:
            return None
        found.add(taker)
    return sorted(found)


def _clash(way: All) -> str | None:
    """Two or more conditions of a way that never hold together."""
    atoms = _atoms(way)
    for one, other in combinations(atoms, 2):
        if _exclude(one, other):
            return f"{_told(one)} and {_told(other)} do not go together"
    for field in dict.fromkeys(atom.field for atom in atoms):
        wanted = [atom for atom in atoms if atom.field == field]
        unwanted = [atom for atom in _unwanted(way) if atom.field == field]
        if not agree(wanted, []):
            return f"{' and '.join(map(_told, wanted))} can never be"
        if not agree(wanted, unwanted):
            return f"{' and '.join(map(_told, wanted))} is all excluded by `not`"
    for part in way.parts:
        rest = All(tuple(other for other in way.parts if other is not part))
        if isinstance(part, Not) and _implied(part.inner, rest):
            return "its `not` excludes all that the rest asks for"
    return None


def _unwanted(way: All) -> list[Atom]:
    """What must not hold, one by one; of several conditions of one `not` each may hold by itself."""
    alone = [part.inner.parts[0] for part in way.parts if isinstance(part, Not) and len(part.inner.parts) == 1]
    return [part for part in alone if isinstance(part, Atom)]


def _told(atom: Atom) -> str:
    return f"{atom.field} {atom.operator} {atom.value!r}"


def _one_by_one(ways: list[All]) -> list[All]:
    """The ways with each value of an `in` by itself; as they are where that makes too many."""
    found, left = list[All](), list(ways)
    while left:
        way = left.pop()
        many = next((part for part in _atoms(way) if part.operator == "in"), None)
        if many is None:
            found.append(way)
            continue
        rest = tuple(part for part in way.parts if part is not many)
        left += [All((*rest, Atom(many.field, "=", value))) for value in many.value]
        if len(found) + len(left) > _MOST_WAYS:
            return ways
    return found


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
    if part in given.parts or (isinstance(part, Atom) and always(part)):
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
