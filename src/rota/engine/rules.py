"""Routing rules: kept together in one place of the database, applied to every submit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rota.engine.book import RULES
from rota.engine.context import Context
from rota.model import check
from rota.model.commands.fleet import Ok
from rota.model.commands.route import SetRules
from rota.model.errors import RotaError, invalid
from rota.model.event import moves_of
from rota.model.ids import task_id
from rota.model.path import path_text
from rota.model.task import TaskSpec
from rota.planning.rules import Route, fault
from rota.store.sql.fleet import SET_META

ONE_BY_ONE = 100
"""Up to so many tasks that rules changed in one submit have an event each; of more there is one for each rule."""


def set_rules(context: Context, command: SetRules) -> Ok:
    """Replace all rules."""
    check_rules(context, command)
    if list(context.book.rules.rules) == command.rules:
        return Ok(changed=False)
    context.transaction.one(SET_META, RULES, msgspec.json.encode(command.rules).decode())
    context.book.changed(context.transaction)
    rules = msgspec.to_builtins(command.rules)
    context.changes.say("set_rules", None, rules=rules, fleet=context.book.version)
    return Ok()


def check_rules(context: Context, command: SetRules) -> None:
    """Refuse rules that can not be, that never match, or that lead into a queue that is not there."""
    for at, rule in enumerate(command.rules):
        check.json_text(rule.match, f"rules[{at}].match", 65_536)
    found = fault(command.rules)
    if found is not None and not found.path:
        raise RotaError("too_large", found.message, field="rules")
    if found is not None:
        raise invalid(path_text(("rules", *found.path)), found.message)
    for at, rule in enumerate(command.rules):
        if rule.set.queue is not None:
            context.book.queue(rule.set.queue, f"rules[{at}].set.queue")


class Routed:
    """The tasks of one submit after the rules."""

    def __init__(self, context: Context, specs: Sequence[TaskSpec]) -> None:
        self._context = context
        self._routes: dict[int, Route] = {}
        self.specs = specs
        rules = context.book.rules
        if not rules:
            return
        found = [rules.route(spec, context.now) for spec in specs]
        self._routes = {index: route for index, route in enumerate(found) if route is not None}
        self.specs = [spec if route is None else route.spec for spec, route in zip(specs, found, strict=True)]
        for index in self._routes:
            check.requirements(self.specs[index], f"tasks[{index}]")

    def tell(self, numbers: Mapping[int, int]) -> None:
        """Say which rule did what; `numbers` are those of the new tasks by index."""
        new = {numbers[index]: route for index, route in self._routes.items() if index in numbers}
        if len(new) <= ONE_BY_ONE:
            for number, route in new.items():
                self._context.changes.say("rule", number, rule=route.rule, set=route.changed)
            return
        by_rule: dict[int, list[int]] = {}
        for number, route in new.items():
            by_rule.setdefault(route.at, []).append(number)
        for at, tasks in sorted(by_rule.items()):
            self._context.changes.say("rule", None, **self._summary(at, tasks))

    def _summary(self, at: int, tasks: list[int]) -> dict[str, Any]:
        rule = self._context.book.rules.rules[at]
        name = next(route.rule for route in self._routes.values() if route.at == at)
        ranges = [[task_id(move.first), task_id(move.last)] for move in moves_of(tasks, 0)]
        return {"rule": name, "set": msgspec.to_builtins(rule.set), "tasks": ranges}
