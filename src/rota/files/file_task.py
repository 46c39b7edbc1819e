"""One task of a file, and the line it stands on."""

from __future__ import annotations

from typing import Any, NamedTuple

from rota.files.convert import convert
from rota.files.place import Misfit, bad
from rota.files.task_check import check_task
from rota.model.task import TaskSpec


class FileTask(NamedTuple):
    """A task as read from a file, and the line from 1 where it begins."""

    line: int
    spec: TaskSpec


def task_of(value: dict[str, Any], file: str, line: int) -> FileTask:
    """The task that these fields make; a RotaError naming file, line and field when they make none."""
    try:
        spec = convert(value, TaskSpec)
    except Misfit as error:
        raise error.at(file, line) from None
    except RecursionError:
        raise bad(file, "this is nested too deep; flatten it", line=line, path="payload") from None
    check_task(spec, file, line)
    return FileTask(line, spec)
