"""Which tasks a verb is about: those named, those read from the standard input, or those that filters pick."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from rota.faces.cli.say import Usage
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.listing import pages
from rota.faces.cli.short.lists import ALL_TASKS
from rota.faces.cli.short.options import FILTERS
from rota.faces.cli.short.shape import Given, Word, picked
from rota.faces.cli.short.standard_input import lines

TASKS = Word(
    "tasks",
    "Their ids; - reads them from the standard input, one a line, also as JSON.",
    "TASK",
    many=True,
    optional=True,
)
PAGE = 1_000
_FIELDS = tuple(option.field for option in FILTERS)


def by_filter(given: Given) -> bool:
    """Whether the tasks are not named one by one."""
    return "tasks" not in given


def chosen(given: Given, states: Collection[str]) -> list[str]:
    """The ids. Filters pick those in one of `states`, unless they say which state themselves."""
    filters = picked(given, _FIELDS)
    if "tasks" in given:
        if filters:
            raise Usage("tasks are named, and filters too", "use one of the two")
        return list(dict.fromkeys(_named(given["tasks"])))
    if not filters:
        raise Usage("no task is named", "name tasks, - for the standard input, or a filter such as --queue")
    with reading(given.get("database")) as call:
        found = [
            task["id"]
            for items in pages(call, ALL_TASKS, {**filters, "limit": PAGE})
            for task in items
            if "state" in filters or task["state"] in states
        ]
    return found[::-1]


def _named(words: list[str]) -> Iterator[str]:
    for word in words:
        if word != "-":
            yield word
        else:
            yield from map(_id, lines())


def _id(text: str) -> str:
    """A line with an id, or with an object that has one, as `--json --all` writes them."""
    if not text.startswith("{"):
        return text.split()[0]
    try:
        value = json.loads(text)
    except ValueError:
        value = {}
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return str(value["id"])
    raise Usage(f"a line of the standard input names no task: {text[:60]!r}", "write ids, one a line")
