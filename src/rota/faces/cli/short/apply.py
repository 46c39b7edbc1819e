"""`rota apply`: what a fleet.toml would change in the database, shown, and done when it is confirmed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rota.faces.cli.amounts import count
from rota.faces.cli.asking import HTTP
from rota.faces.cli.say import Usage, json_line, line, talk
from rota.faces.cli.short.calls import changing
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.options import PLACE, YES
from rota.faces.cli.short.shape import Given, Option, Verb, Word

MARKS = {"create": "+", "change": "~", "reset": "~", "remove": "-", "keep": "="}
SHOWN = 120
"""Characters of a value before and after."""

Change = dict[str, Any]


def apply(given: Given) -> int:
    """Ask what would be changed, show it, have it confirmed, and have exactly that done."""
    place, wish = _wish(given)
    only_shown = bool(given.get("dry_run"))
    with changing(place, makes=not only_shown) as call:
        seen = call("apply", {**wish, "dry_run": True})
        changes = seen["changes"]
        if given.get("json") and (only_shown or not changes):
            json_line(seen)
            return 0
        if not given.get("json"):
            _show(changes)
        if only_shown or not changes:
            return 0
        if not confirmed(given, f"make {count(len(changes), 'change')} in {_said(place)}"):
            return DECLINED
        done = call("apply", {**wish, "seen": seen["digest"]})
    if given.get("json"):
        json_line(done)
    else:
        line(f"{count(len(done['changes']), 'change')} made")
    return 0


def _wish(given: Given) -> tuple[str, dict[str, Any]]:
    """Where to, and what, as plain data."""
    import msgspec

    from rota.agents.apply import wish_of
    from rota.files.find import find_database, find_fleet
    from rota.files.toml import load_fleet

    file = given.get("fleet") or find_fleet(Path.cwd())
    if file is None:
        raise Usage("there is no fleet.toml here or above", "`rota apply FLEET`")
    fleet = load_fleet(str(file))
    for caution in fleet.cautions:
        talk(f"warning: {caution}")
    database = given.get("database")
    if database is None or not database.startswith(HTTP):
        database = find_database(database, fleet, os.environ, Path.cwd()).at
    wish: dict[str, Any] = msgspec.to_builtins(wish_of(fleet, removes=not given.get("only_add")))
    return database, {**wish, "gone": dict(map(_gone, given.get("gone", ())))}


def _gone(text: str) -> tuple[str, str]:
    queue, sign, word = text.partition("=")
    if not sign or not queue:
        raise Usage(f"--gone {text[:60]!r} names no queue", "--gone QUEUE=keep, QUEUE=purge or QUEUE=move:OTHER")
    return queue, word


def _show(changes: list[Change]) -> None:
    for change in changes:
        name = "" if change["name"] == change["sort"] else f" {change['name']}"
        tasks = f" ({count(change['tasks'], 'task')})" if change.get("tasks") else ""
        line(f"{MARKS[change['how']]} {change['sort']}{name}{_note(change['how'])}{tasks}")
        for field, (was, now) in change.get("fields", {}).items():
            line(f"    {field}: {_short(was)} -> {_short(now)}")
    if not changes:
        line("nothing to change")


def _note(how: str) -> str:
    return {"keep": ": stays, and is the file's no more", "reset": ": back to what is usual"}.get(how, "")


def _short(value: Any) -> str:
    import msgspec

    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _said(place: str) -> str:
    """The database without what an address may hold of secrets."""
    if "://" not in place:
        return place
    scheme, _, rest = place.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


APPLY = Verb(
    "apply",
    "Show what fleet.toml would change in the database, and change it",
    apply,
    (Word("fleet", "The fleet.toml; without it, the nearest one from this folder upward.", "FLEET", optional=True),),
    (
        Option("dry_run", "Only show it.", "switch"),
        Option("gone", "What becomes of the tasks of a queue that goes: QUEUE=keep (the queue stays too), QUEUE=purge, "
               "QUEUE=move:OTHER.", many=True),
        Option("only_add", "Remove nothing.", "switch"),
        YES,
        *PLACE,
    ),
    text="Queues, pools, tenants, limits, rules, schedules and agents are compared. What this file named the last time "
    "and names no more is removed; what others made stays. A queue that holds tasks is only removed when --gone says "
    "what becomes of them. All of it is done, or nothing.",
)  # fmt: skip
