"""`rota init`: a fleet.toml to begin with."""

from __future__ import annotations

import os

from rota.faces.cli.say import json_line, line, talk
from rota.faces.cli.short.options import JSON
from rota.faces.cli.short.shape import Given, Verb, Word
from rota.model.errors import RotaError, invalid

FLEET, TASKS = "fleet.toml", "tasks.md"

FLEET_TEXT = """\
# Who does the work, and how. Everything is said in docs/fleet.md; `rota check tasks.md` looks it through.
# A line that begins with # says what else there is: take the # away to use it.

# Where it is kept. Without it: .rota/rota.db beside this file.
# database = "work.db"                    # or "postgresql://user@host/rota"

[queue.default]
max_attempts = 3                          # failed attempts after which a task is dead
# backoff = { base = "2s", cap = "5m" }   # how long a failed task waits
# approval = true                         # a person approves each outcome before it counts

[[agent]]
name = "worker"
count = 2                                 # so many of them: worker-1, worker-2
slots = 1                                 # tasks that each does at once
# The task comes as JSON on the standard input, and its fields in the place of {title}, {description}, {brief}.
# What is written to the standard output is the result. 0: done, 75: again later, 65: never, else: it failed.
command = ["echo", "did: {title}"]
# check = ["python3", "check.py"]         # must pass before a result counts
timeout = "10m"
# skills = { python = 3 }                 # tasks may ask for skills, and how well
# cost = { per_hour = 2.5 }

# An agent that is a coding agent:
# [[agent]]
# name = "claude"
# slots = 4
# command = ["claude", "-p", "{brief}"]
# timeout = "30m"

# At most so many tasks at once for all that name it in their `limits`:
# [[limit]]
# key = "database"
# capacity = 1
"""
TASKS_TEXT = """\
# What there is to do

A task is an open checkbox; what is indented below it says more.

- [ ] Say hello
- [ ] Say goodbye
"""


def init(given: Given) -> int:
    """Write what is not there yet; nothing that exists is touched."""
    folder = given.get("folder", ".")
    fleet = os.path.join(folder, FLEET)
    if os.path.lexists(fleet):
        raise RotaError("duplicate", f"{fleet} exists; it stays as it is", field="folder")
    _make(folder)
    _write(fleet, FLEET_TEXT)
    written = [fleet]
    tasks = os.path.join(folder, TASKS)
    if not os.path.lexists(tasks):
        _write(tasks, TASKS_TEXT)
        written.append(tasks)
    if given.get("json"):
        json_line({"files": written})
        return 0
    for file in written:
        line(file)
    talk(f"next: `rota check {fleet} {tasks}`, then `rota run {fleet} {tasks}`")
    return 0


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise invalid("folder", f"{folder} can not be made: {error.strerror}") from None


def _write(path: str, text: str) -> None:
    try:
        # Refused when somebody else has made it meanwhile.
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise invalid("folder", f"{path} can not be written: {error.strerror}") from None


INIT = Verb(
    "init",
    "Write a fleet.toml to begin with, and a list of tasks",
    init,
    (Word("folder", "Where, made if it is not there; without it, here.", "FOLDER", optional=True, kind="path"),),
    (JSON,),
    text="A fleet.toml that exists is never touched, nor is a tasks.md.",
)
