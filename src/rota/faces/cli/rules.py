"""`rota rules test` and `rota rules list`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from time import time_ns
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from rota.faces.cli.asking import asking
from rota.faces.cli.columns import columns
from rota.faces.cli.options import Database, Json
from rota.faces.cli.say import Usage, json_line, line
from rota.files.find import find_fleet
from rota.files.tasks import open_tasks
from rota.files.toml import load_fleet
from rota.model.commands.route import ListRules, RulePage
from rota.model.rule import Rule, name_of
from rota.planning.rules import Rules

app = App(
    name="rules", help="Try the routing rules of a fleet.toml on a file of tasks, list those in use.", version_flags=[]
)


@app.command(name="test")
def try_out(
    tasks: Annotated[str, Parameter(help="The file of tasks.", allow_leading_hyphen=True)],
    /,
    *,
    fleet: Annotated[
        str | None, Parameter(help="The fleet.toml; without it, the nearest from this folder upward.")
    ] = None,
    json: Json = False,
) -> int:
    """Show for each task of a file which rule matches it and what that sets. Nothing is submitted.

    The same rules in the same order as at submission; the rules that matched no task are named at the end.
    """
    rules = load_fleet(fleet or _nearest()).rules
    found = _routed(tasks, rules)
    if json:
        json_line({"tasks": found, "rules": _counted(rules, found)})
        return 0
    columns(
        ("LINE", "TASK", "RULE", "SETS"),
        [(one["line"], one["title"], one["rule"] or "-", _sets(one["set"])) for one in found],
    )
    unused = [name for name, n in _counted(rules, found).items() if n == 0]
    line()
    line(f"{len(found):,} tasks, {sum(one['rule'] is not None for one in found):,} matched by {len(rules):,} rules")
    if unused:
        line(f"matched none of them: {', '.join(unused)}")
    return 0


@app.command(name="list")
def listing(*, database: Database = None, json: Json = False) -> int:
    """List the rules in use, in their order: the first that matches a task counts."""
    with asking(database) as ask:
        page: RulePage = ask(ListRules())
    if json:
        json_line(page)
        return 0
    rows = [
        (at + 1, name_of(rule, at), msgspec.json.encode(rule.match).decode(), _sets(msgspec.to_builtins(rule.set)))
        for at, rule in enumerate(page.rules)
    ]
    columns(("", "RULE", "MATCH", "SETS"), rows)
    return 0


def _routed(file: str, rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    now, ready = time_ns() // 1_000, Rules(rules)
    rows = []
    with open_tasks(file) as opened:
        for task in opened.tasks():
            route = ready.route(task.spec, now)
            rule, changed = (None, {}) if route is None else (route.rule, route.changed)
            rows.append({"line": task.line, "title": task.spec.title, "rule": rule, "set": changed})
    return rows


def _counted(rules: tuple[Rule, ...], found: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many tasks each rule matched."""
    counts = {name_of(rule, at): 0 for at, rule in enumerate(rules)}
    for one in found:
        if one["rule"] is not None:
            counts[one["rule"]] += 1
    return counts


def _sets(changed: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in changed.items())


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}:{amount}" for key, amount in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _nearest() -> str:
    found = find_fleet(Path.cwd())
    if found is None:
        raise Usage("there is no fleet.toml here or above", "`rota rules test TASKS --fleet FILE`")
    return str(found)
