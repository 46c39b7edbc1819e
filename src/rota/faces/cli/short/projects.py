"""`rota projects`, with `show`, `create`, `finalize`, `remove-tasks`, `delete`."""

from __future__ import annotations

from rota.faces.cli.amounts import count
from rota.faces.cli.columns import facts
from rota.faces.cli.say import json_line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.deed import PLACED, changed, deed
from rota.faces.cli.short.listing import Item, Listing, listed
from rota.faces.cli.short.lists import second
from rota.faces.cli.short.options import PLACE, WATCH, YES, page
from rota.faces.cli.short.several import several
from rota.faces.cli.short.shape import Given, Noun, Option, Verb, Word, picked
from rota.faces.cli.short.task import readable

NAME = Word("project", "Its id or key.", "PROJECT")
_SPEC = ("title", "plan", "key", "payload")


def show(given: Given) -> int:
    """One project with its tasks counted."""
    with reading(given.get("database")) as call:
        found = call("get_project", {"project": given["project"]})
    if given.get("json"):
        json_line(found)
    else:
        facts((name, readable(value)) for name, value in found.items())
    return 0


def create(given: Given) -> int:
    """Create it; a key that is there already answers that project."""
    spec = picked(given, _SPEC)
    return deed(
        picked(given, PLACED), "create_project", lambda answer: str(answer["project"]), makes=True, project=spec
    )


def finalize(given: Given) -> int:
    """Close it."""
    name = given["project"]
    return deed(given, "finalize_project", changed(f"{name} is finalized", f"{name} was finalized before"))


def remove_tasks(given: Given) -> int:
    """Take tasks out of it."""
    if not confirmed(given, f"take {count(len(given['tasks']), 'task')} out of {given['project']}"):
        return DECLINED
    return several(given, "remove_from_project", given["tasks"], project=given["project"])


def delete(given: Given) -> int:
    """Delete it; unfinished tasks are cancelled."""
    name = given["project"]
    with reading(given.get("database")) as ask:
        states = ask("get_project", {"project": name}).get("tasks", {})
    ended = sum(states.get(state, 0) for state in ("done", "dead", "cancelled", "expired"))
    unfinished = sum(states.values()) - ended
    if not confirmed(given, f"delete {name} and cancel {count(unfinished, 'unfinished task')} of it"):
        return DECLINED
    return deed(given, "delete_project", lambda _answer: f"{name} is deleted")


def _project(project: Item) -> tuple[object, ...]:
    tasks = ", ".join(
        f"{n:,} {state}" for state, n in sorted(project.get("tasks", {}).items(), key=lambda one: -one[1])
    )
    return (project["id"], project["state"], project.get("key"), second(project["created"]), tasks, project["title"])


LISTING = Listing("list_projects", "projects", "id", ("PROJECT", "STATE", "KEY", "CREATED", "TASKS", "TITLE"), _project)
PROJECTS = Noun(
    "projects",
    "List projects; create, finalize or delete one",
    Verb(
        "projects",
        "List projects, oldest first, with their tasks by state",
        lambda given: listed({"limit": 100, **given}, LISTING),
        options=(*page(100), WATCH, *PLACE),
    ),
    (
        Verb("show", "Show one project with its plan", show, (NAME,), PLACE),
        Verb(
            "create",
            "Create a project and print its id",
            create,
            (Word("title", "What it is called.", "TITLE"),),
            (
                Option("plan", "How its goal is to be reached."),
                Option("key", "A name to find it by; the same key again answers the same project."),
                Option("payload", "Whatever is to be kept with it: JSON, or a text.", "json"),
                *PLACE,
            ),
        ),
        Verb("finalize", "Close a project whose tasks have all ended; it takes no more", finalize, (NAME,), PLACE),
        Verb(
            "remove-tasks",
            "Take tasks out of a project: unfinished ones are cancelled",
            remove_tasks,
            (NAME, Word("tasks", "Their ids.", "TASK", many=True)),
            (YES, *PLACE),
        ),
        Verb(
            "delete",
            "Delete a project: unfinished tasks are cancelled, finished ones keep their story",
            delete,
            (NAME,),
            (YES, *PLACE),
            text="It says how many are unfinished and asks first.",
        ),
    ),
)
