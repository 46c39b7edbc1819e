"""Verbs on several tasks: each is judged by itself, what could not be done is named with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rota.faces.cli.progress import Progress
from rota.faces.cli.say import json_line, line, one_line, talk
from rota.faces.cli.short.calls import changing
from rota.faces.cli.short.shape import Given
from rota.model.errors import KINDS, RotaError

SHOWN = 20
AT_ONCE = 1_000
"""Tasks of one call."""


def several(given: Given, operation: str, tasks: Sequence[str], **more: Any) -> int:
    """Do it to these tasks, in as many calls as that takes, and say what became of each; the exit code."""
    done: list[str] = []
    pending: list[str] = []
    refused: dict[str, str] = {}
    progress = Progress("tasks")
    try:
        with changing(given.get("database")) as call, _said_in_any_case(given, done, pending, refused):
            for at in range(0, len(tasks), AT_ONCE):
                progress(at, len(tasks))
                answer = call(operation, {"tasks": list(tasks[at : at + AT_ONCE]), **more})
                done += answer.get("tasks", [])
                pending += answer.get("pending", [])
                refused.update(answer.get("refused", {}))
    finally:
        progress.close()
    told(given, done, pending, refused)
    return exit_code(refused)


@contextmanager
def _said_in_any_case(given: Given, done: list[str], pending: list[str], refused: dict[str, str]) -> Iterator[None]:
    """When a later part is refused, what was done before is said all the same."""
    try:
        yield
    except RotaError:
        if done or pending or refused:
            told(given, done, pending, refused)
        raise


def told(given: Given, done: list[str], pending: list[str], refused: dict[str, str]) -> None:
    """Say it: ids that it was done to on the standard output, the others on the standard error."""
    if given.get("json"):
        json_line({"tasks": done, "pending": pending, "refused": refused})
        return
    for task in [*done, *pending]:
        line(task)
    if pending:
        talk(f"in agents' hands, who were told and have 30 s: {', '.join(pending[:SHOWN])}")
    say_refused(refused)


def say_refused(refused: dict[str, str]) -> None:
    """Each with its reason, as far as anybody reads them."""
    for task, reason in list(refused.items())[:SHOWN]:
        talk(one_line(f"rota: {task}: {reason}"))
    if len(refused) > SHOWN:
        talk(f"rota: and {len(refused) - SHOWN:,} more; --json names them all")


def exit_code(refused: dict[str, str]) -> int:
    """Of the first refusal; 0 when there was none."""
    for reason in refused.values():
        kind = KINDS.get(reason.partition(":")[0])
        return 1 if kind is None else kind.exit_code
    return 0
