"""`rota add`: one task, or one a line of the standard input."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

from rota.faces.cli.progress import Progress
from rota.faces.cli.say import json_line, line, talk
from rota.faces.cli.short.calls import Call, changing
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.shape import Given, Option, Verb, Word, picked
from rota.faces.cli.short.spec import ASKS, ONCE, SAYS, parents
from rota.faces.cli.short.standard_input import lines
from rota.model.errors import RotaError

AT_ONCE = 1_000
"""Tasks of one submit."""
FIELDS = frozenset(option.field for option in (*SAYS, *ASKS, *ONCE))


def add(given: Given) -> int:
    """Submit it and print its id; an id a line when there are many."""
    ids: list[str] = []
    existing: list[str] = []
    try:
        with changing(given.get("database"), makes=True) as call:
            _submit(call, given, ids, existing)
    except RotaError as error:
        if given["title"] != "-" and error.field is not None:
            error.field = error.field.removeprefix("tasks[0].")
        # What was acknowledged before is said all the same.
        if given.get("json") and ids:
            json_line({"ids": ids, "existing": existing})
        raise
    if given.get("json"):
        json_line({"ids": ids, "existing": existing})
    elif existing:
        talk(f"unfinished already, by its unique key: {', '.join(existing[:20])}")
    return 0


def _submit(call: Call, given: Given, ids: list[str], existing: list[str]) -> None:
    common = picked(given, FIELDS)
    if "after" in common:
        common["after"] = parents(common["after"])
    titles = iter([given["title"]]) if given["title"] != "-" else lines()
    progress = Progress("tasks")
    try:
        while some := list(islice(titles, AT_ONCE)):
            tasks = [{"title": title, **common} for title in some]
            answer = call("submit", {"tasks": tasks, **picked(given, ("batch",)), **_key(given, len(ids))})
            _say(answer["ids"], given)
            ids += answer["ids"]
            existing += answer.get("existing", [])
            progress(len(ids), 0)
    finally:
        progress.close()


def _say(ids: list[str], given: Given) -> None:
    """What was acknowledged is said at once: the rest may be refused."""
    if not given.get("json"):
        for task in ids:
            line(task)
        sys.stdout.flush()


def _key(given: Given, at: int) -> dict[str, Any]:
    """The key of this part: the same lines in the same order come in once."""
    if "key" not in given:
        return {}
    return {"key": given["key"] if at == 0 else f"{given['key']}:{at}"}


ADD = Verb(
    "add",
    "Add a task and print its id",
    add,
    (Word("title", "What it is called; - reads titles from the standard input, one a line.", "TITLE"),),
    (
        *SAYS,
        *ASKS,
        *ONCE,
        Option("batch", "A label, to list or cancel tasks together."),
        Option("key", "The same key again adds nothing and prints the same ids."),
        *PLACE,
    ),
    text="""The task goes to the database that all sessions of this repository share.

    rota add "Fix the login" --priority high --skill python=3 --deadline 2h
    git grep -l TODO | rota add - --kind cleanup""",
)
