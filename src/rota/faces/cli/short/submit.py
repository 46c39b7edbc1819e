"""`rota submit`: all tasks of a file."""

from __future__ import annotations

from rota.faces.cli.progress import Progress
from rota.faces.cli.say import json_line, line, talk
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.shape import Given, Option, Verb, Word


def submit(given: Given) -> int:
    """Submit what was not submitted before, part by part, and print the label of its batch."""
    # Lazily: files of tasks take more to read than a short command may.
    from rota.agents.batch import submit_file
    from rota.faces.cli.asking import place_of
    from rota.faces.python.connect import connect
    from rota.files.tasks import nothing_in, open_tasks

    progress = Progress("tasks")
    with open_tasks(given["file"], given.get("format")) as file, connect(place_of(given.get("database"))) as client:
        nothing = nothing_in(file)
        try:
            batch = submit_file(client, file, again=given.get("again", False), told=progress)
        finally:
            progress.close()
    if batch.earlier is not None:
        talk(f"warning: {batch.earlier.text(batch.tasks)}")
    if given.get("json"):
        json_line({"batch": batch.label, "tasks": batch.tasks, "fresh": batch.fresh})
        return 0
    if nothing is not None:
        talk(f"warning: {nothing}")
    elif batch.fresh:
        talk(f"{batch.tasks:,} tasks submitted")
    else:
        talk(f"all {batch.tasks:,} tasks were submitted before; --again submits them anew")
    line(batch.label)
    return 0


SUBMIT = Verb(
    "submit",
    "Submit all tasks of a file, and print the label of their batch",
    submit,
    (
        Word(
            "file",
            "The tasks: .jsonl, .csv, .md (checkboxes) or .txt (a title a line); - is standard input.",
            "FILE",
            kind="path",
        ),
    ),
    (
        Option(
            "format",
            "What the file is, when its name does not say it; standard input is jsonl without it.",
            choices=("jsonl", "csv", "markdown", "text"),
        ),
        Option("again", "Submit them anew, though they were submitted before.", "switch"),
        *PLACE,
    ),
    text="""The file is checked from its first line to its last before anything is submitted. Up to 10,000 tasks come in
all or none, longer files in parts of that size. Submitted again, nothing comes in twice, and what was cut off goes on:
the label is made of the file's place and content. A file that was changed since is a new batch: all its tasks come in.

`rota tasks --batch LABEL` lists them, `rota cancel --batch LABEL` cancels them.""",
)
