"""Options that many short commands share."""

from __future__ import annotations

from rota.faces.cli.short.shape import Option
from rota.model.priority import PRIORITIES
from rota.model.state import STATES

DATABASE = Option(
    "database",
    "A SQLite file, a postgresql:// address, or the http:// address of a service (ROTA_KEY holds its key). Without "
    "it: that of fleet.toml, else of ROTA_DATABASE, else the one that all sessions of this repository share.",
    "path",
    ("--database", "-d"),
)
JSON = Option("json", "As JSON on the standard output; errors as JSON too.", "switch")
WATCH = Option("watch", "Go on and show what changes; with --json one object a line. Ctrl-C ends it.", "switch",
               ("--watch", "-w"))  # fmt: skip
CURSOR = Option("cursor", "Go on after a page: what that page gave as its cursor.")
ALL = Option("all", "Every page; with --json one object a line.", "switch")
YES = Option("yes", "Do not ask first.", "switch", ("--yes", "-y"))
REASON = Option("reason", "Why; it is kept with the history.", flags=("--reason", "-r"))

QUEUE = Option("queue", "Of this queue.", flags=("--queue", "-q"))
PROJECT = Option("project", "Of this project, by id or key.", flags=("--project", "-p"))
KIND = Option("kind", "Of this kind.", flags=("--kind", "-k"))
STATE = Option("state", "In this state.", flags=("--state", "-s"), choices=STATES)
FILTERS = (
    STATE,
    QUEUE,
    PROJECT,
    Option("tenant", "Of this tenant."),
    Option("priority", "Of this priority.", choices=PRIORITIES),
    KIND,
    Option("batch", "With this batch label."),
    Option("agent", "What this agent has now."),
    Option("unique", "With this unique key."),
)
"""Which tasks, by any of these together."""

PLACE = (DATABASE, JSON)
"""What every command takes that asks a database."""


def page(limit: int) -> tuple[Option, ...]:
    """The options of a list that comes in pages, of so many rows when nothing is said."""
    size = Option("limit", "How many at most on this page, up to 1000.", "integer", ("--limit", "-n"), default=limit)
    return (size, CURSOR, ALL)
