"""The tasks a command names: found, locked, and judged by their state; and projects, by key or id."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.context import Context
from rota.model import bounds, check, state
from rota.model.commands.submit import Changed
from rota.model.errors import RotaError
from rota.model.ids import project_number, task_id, task_number
from rota.store.protocol import Reader, Row
from rota.store.sql.relations import PROJECT_NAMED
from rota.store.sql.tasks import TaskRow


def numbers(tasks: Sequence[str], *, empty: bool = False) -> list[int]:
    """The numbers of the tasks named; an empty list only where `empty` allows it."""
    if tasks or not empty:
        check.some(tasks, "tasks", bounds.OUTCOMES)
    return [task_number(task, f"tasks[{index}]") for index, task in enumerate(tasks)]


def known(context: Context, chosen: list[int], changed: Changed) -> list[TaskRow]:
    """Lock the tasks that there are, in order of number; the others are refused in `changed`."""
    rows = context.lock(chosen)
    for number in chosen:
        if number not in rows:
            changed.refused[task_id(number)] = "no_task"
    return [rows[number] for number in sorted(rows)]


def project(reader: Reader, text: str, field: str = "project") -> int:
    """The number of the project of this key or id; refused when there is none."""
    return int(project_row(reader, text, field)[0])


def project_row(reader: Reader, text: str, field: str = "project") -> Row:
    """The row of the project of this key, else of this id; refused when there is none."""
    check.text(text, field, bounds.KEY, empty=False)
    try:
        number = project_number(text, field)
    except RotaError:
        number = 0
    found = reader.one(PROJECT_NAMED, text, number)
    if not found:
        raise RotaError("no_project", f"there is no project {text[:60]!r}", field=field)
    return next((row for row in found if row[3] == text), found[0])


def fits(row: TaskRow, states: Sequence[int], changed: Changed) -> bool:
    """Whether the task is in one of these states; if not it is refused in `changed`."""
    if row.state in states:
        return True
    changed.refused[task_id(row.id)] = f"wrong_state: it is {state.STATES[row.state]}"
    return False
