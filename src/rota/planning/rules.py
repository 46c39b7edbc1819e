"""Routing rules applied: the first that matches a task sets what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from rota.model.bounds import KEY, NAME
from rota.model.errors import RotaError
from rota.model.path import Path
from rota.model.rule import ADDED, RULES, Rule, RuleSet, name_of
from rota.model.task import TaskSpec
from rota.model.times import seconds
from rota.planning.rule_cover import contradicts_itself, taken_by
from rota.planning.rule_fields import Facts
from rota.planning.rule_match import All, Test, Unfit, compiled, read_match


class Route(NamedTuple):
    """What a rule did: its place and name, the task as it is now, what was set."""

    at: int
    rule: str
    spec: TaskSpec
    changed: dict[str, Any]


class Rules:
    """Rules read once. Raises `Unfit` for rules that can not be."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._tests: list[Test] = [compiled(read_match(rule.match)) for rule in self.rules]

    def __bool__(self) -> bool:
        return bool(self.rules)

    def route(self, spec: TaskSpec, now: int) -> Route | None:
        """The task after the first rule that matches; None = none does. `now` in microseconds."""
        facts = Facts(spec, now)
        for at, test in enumerate(self._tests):
            if test(facts):
                changed = _changes(spec, self.rules[at].set)
                routed = msgspec.structs.replace(spec, **changed) if changed else spec
                return Route(at, name_of(self.rules[at], at), routed, changed)
        return None


def fault(rules: Sequence[Rule]) -> Unfit | None:
    """The first thing that is wrong with these rules, with its path from the list downward; None = nothing."""
    if len(rules) > RULES:
        return Unfit((), f"has {len(rules):,} rules; the most is {RULES}")
    earlier: list[All] = []
    names: dict[str, int] = {}
    for at, rule in enumerate(rules):
        found = _fault_of_one(at, rule, rules, earlier, names)
        if found is not None:
            return found
    return None


def _fault_of_one(
    at: int, rule: Rule, rules: Sequence[Rule], earlier: list[All], names: dict[str, int]
) -> Unfit | None:
    taken = names.setdefault(name_of(rule, at), at)
    if taken != at:
        return Unfit((at, "name"), f"rule {taken + 1} is called {name_of(rule, at)!r} already; give it another name")
    try:
        match = read_match(rule.match)
        _check_set(rule.set)
    except Unfit as unfit:
        within = unfit.path if unfit.path[:1] == ("set",) else ("match", *unfit.path)
        return Unfit((at, *within), unfit.message, unfit.word, unfit.known)
    told = contradicts_itself(match)
    if told is not None:
        return Unfit((at, "match"), f"can never match: {told}; correct it, or remove the rule")
    taking = taken_by(earlier, match)
    if taking is not None and earlier:
        names_of = " and ".join(repr(name_of(rules[number], number)) for number in taking)
        told = f"never matches: {names_of} before it {'takes' if len(taking) == 1 else 'take'} every such task"
        return Unfit((at, "match"), f"{told}; put it before, or remove it")
    earlier.append(match)
    return None


def _check_set(wanted: RuleSet) -> None:
    for name in ("deadline", "ttl", "estimate"):
        value = getattr(wanted, name)
        try:
            if value is not None and seconds(value, "") == 0 and name != "estimate":
                raise Unfit(("set", name), "must be more than 0 seconds")
        except RotaError as error:
            raise Unfit(("set", name), error.message) from None
    for name in ("queue", "tenant", "role", "pin", "near"):
        _check_name(getattr(wanted, name), ("set", name))
    for name in ("skills", "resources", "regions", "ban", "limits"):
        for key in getattr(wanted, name):
            _check_name(key, ("set", name))
    if wanted.pin is not None and wanted.pin in wanted.ban:
        raise Unfit(("set", "ban"), f"bans {wanted.pin!r}, to whom it pins the task")
    for name in ("affinity", "group"):
        key = getattr(wanted, name)
        if key is not None and (not key.strip() or len(key) > KEY or "\0" in key):
            raise Unfit(("set", name), f"must be text of 1 to {KEY} characters")


def _check_name(name: str | None, path: Path) -> None:
    if name is not None and not (0 < len(name) <= NAME and name.strip() and name.isprintable()):
        raise Unfit(path, f"must be a name of 1 to {NAME} printable characters")


def _changes(spec: TaskSpec, wanted: RuleSet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in wanted.__struct_fields__:
        value = getattr(wanted, name)
        if value is None or value == [] or value == {}:
            continue
        new = _added(getattr(spec, name), value) if name in ADDED else value
        if new != getattr(spec, name):
            found[name] = new
    return found


def _added(old: Any, more: Any) -> Any:
    if isinstance(more, dict):
        return {**old, **{key: max(amount, old.get(key, amount)) for key, amount in more.items()}}
    return [*old, *(one for one in more if one not in old)]
