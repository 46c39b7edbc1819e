"""What a file of the same name brought in before with other content: whoever changed it may not want all of it anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from rota.model.commands.read import BatchView, GetBatch, ListTasks, TaskPage
from rota.model.errors import RotaError

LOOKED_AT = 200
"""So many of the newest tasks are looked at: it must cost next to nothing."""
_LABEL = re.compile(r"(.*) ([0-9a-f]{12})(?: #\d+)?", re.DOTALL)


class EarlierBatch(NamedTuple):
    """Another batch of a file of that name."""

    label: str
    tasks: int

    def text(self, tasks: int) -> str:
        """The warning; `tasks`: how many came in now."""
        before = f"a file named {_parts(self.label)[0]} with other content was submitted before"
        return f"{before} ({self.tasks:,} tasks, batch {self.label!r}); all {tasks:,} of this one are new"


def earlier_batch(call: Callable[[Any], Any], label: str) -> EarlierBatch | None:
    """The newest such batch before this one is submitted, where it is among the newest tasks; None = none was seen."""
    name, mark = _parts(label)
    try:
        page: TaskPage = call(ListTasks(limit=LOOKED_AT))
        found = next((task.batch for task in page.tasks if task.batch and _other(task.batch, name, mark)), None)
        if found is None:
            return None
        view: BatchView = call(GetBatch(batch=found))
    except RotaError:
        # Whoever may not look can submit all the same.
        return None
    return EarlierBatch(found, view.tasks)


def _other(batch: str, name: str, mark: str) -> bool:
    other_name, other_mark = _parts(batch)
    return other_name == name and other_mark not in ("", mark)


def _parts(label: str) -> tuple[str, str]:
    """The file's name and the mark of its place and content."""
    found = _LABEL.fullmatch(label)
    return (found[1], found[2]) if found else (label, "")
