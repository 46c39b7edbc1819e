"""What can be held against one task of a file before any of them is submitted."""

from __future__ import annotations

from rota.files.place import bad
from rota.model import bounds, check
from rota.model.errors import RotaError, invalid
from rota.model.task import After, TaskSpec
from rota.model.times import moment, seconds

_TASK = "task."
_ANY_TIME = 2**62
"""A moment that no date lies ten years ahead of: how far ahead one may lie is judged when it is submitted."""


def check_task(task: TaskSpec, file: str, line: int) -> None:
    """Refuse, naming the line, what a submit would refuse whatever the moment and the database."""
    try:
        check.spec(task, "task")
        check.json_text(task.payload, f"{_TASK}payload", bounds.PAYLOAD_BYTES)
        check.name(task.queue, f"{_TASK}queue")
        check.maybe_key(task.project, f"{_TASK}project")
        for at, after in enumerate(task.after):
            check.text(parent_of(after), f"{_TASK}after[{at}]", bounds.KEY, empty=False)
        _check_times(task)
    except RotaError as error:
        path = (error.field or "").removeprefix(_TASK)
        raise bad(file, error.message, line=line, path=path, code=error.code) from None


def parent_of(after: str | After) -> str:
    """The task that a dependency names."""
    return after.task if isinstance(after, After) else after


def _check_times(task: TaskSpec) -> None:
    for name in ("deadline", "start", "ttl", "estimate"):
        value = getattr(task, name)
        if value is None:
            continue
        field = f"{_TASK}{name}"
        if isinstance(value, int) and value > bounds.SPAN_S:
            raise invalid(field, "is longer than ten years")  # also what is too large to become a float
        if name in ("deadline", "start"):
            moment(value, _ANY_TIME, field)
        else:
            seconds(value, field)
