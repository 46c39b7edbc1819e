"""`rota edit`: changing a task."""

from __future__ import annotations

from typing import Any

from rota.faces.cli.say import Usage
from rota.faces.cli.short.calls import changing
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.several import told
from rota.faces.cli.short.shape import Given, Option, Verb, picked
from rota.faces.cli.short.spec import ASKS, CLEARED, SAYS, parents
from rota.faces.cli.short.task import ID

TITLE = Option("title", "What it is called.")
_WORDS = ("title", *(option.field for option in SAYS))
_NEEDS = tuple(option.field for option in ASKS)


def edit(given: Given) -> int:
    """Change what it asks for, then what it says."""
    words = picked(given, _WORDS)
    needs = picked(given, _NEEDS)
    if not words and not needs:
        raise Usage("nothing is to be changed", "`rota edit --help` says what can be")
    if "after" in needs:
        needs["after"] = [] if needs["after"] == ["none"] else parents(needs["after"])
    about: dict[str, Any] = {"task": given["task"]}
    version = picked(given, ("version",))
    with changing(given.get("database")) as call:
        if needs:
            call("edit", {**about, **version, **needs})
            # It has another version now.
            version = {}
        if words:
            call("describe", {**about, **version, **words})
    told(given, [given["task"]], [], {})
    return 0


EDIT = Verb(
    "edit",
    "Change a task: what is left out stays as it is",
    edit,
    (ID,),
    (
        TITLE,
        *SAYS,
        *(option._replace(default=None, clears=option.field in CLEARED) for option in ASKS),
        Option("version", "Refused if the task was changed since it had this version.", "integer"),
        *PLACE,
    ),
    text="Title, description and payload may be changed in any state, the rest while nobody has the task. An agent "
    "that has it sees new words only when it is given the task again. `--after none` lets it wait for nothing.",
)
