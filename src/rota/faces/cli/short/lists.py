"""`rota tasks`, `rota dead`."""

from __future__ import annotations

from rota.faces.cli.short.listing import Item, Listing, listed
from rota.faces.cli.short.options import FILTERS, KIND, PLACE, PROJECT, QUEUE, WATCH, page
from rota.faces.cli.short.shape import Verb

Row = tuple[object, ...]


def _task(task: Item) -> Row:
    tries = f"{task.get('attempts', 0)}/{task.get('max_attempts', 0)}"
    return (
        task["id"], task["state"], task["priority"], task["queue"], task["kind"], task.get("agent"), tries,
        task["title"],
    )  # fmt: skip


def _dead(task: Item) -> Row:
    tries, ended = task.get("attempts", 0), second(task.get("finished"))
    return (task["id"], task["queue"], task["title"], tries, ended, task.get("reason"))


def second(at: str | None) -> str | None:
    """A moment without its fraction."""
    return None if at is None else f"{at.partition('.')[0]}Z"


ALL_TASKS = Listing(
    "list_tasks", "tasks", "id", ("TASK", "STATE", "PRIORITY", "QUEUE", "KIND", "AGENT", "TRIES", "TITLE"), _task
)
DEAD_TASKS = Listing(
    "list_tasks", "tasks", "id", ("TASK", "QUEUE", "TITLE", "TRIES", "ENDED", "REASON"), _dead, (("state", "dead"),)
)

TASKS = Verb(
    "tasks",
    "List tasks, newest first, by any of these filters together",
    lambda given: listed({"limit": 100, **given}, ALL_TASKS),
    options=(*FILTERS, *page(100), WATCH, *PLACE),
    text="With --watch the page stays in view: each of its tasks is shown again when it has changed.",
)
DEAD = Verb(
    "dead",
    "List dead tasks with their reasons, newest first",
    lambda given: listed({"limit": 100, **given}, DEAD_TASKS),
    options=(QUEUE, PROJECT, KIND, *page(100), WATCH, *PLACE),
    text="`rota redrive` gives them a new life.",
)
