"""References between the tasks of one file: every name once, every named task there, no cycle.

Rota takes at most 10,000 tasks in one submit, and names work inside one submit. A longer file is submitted in
parts, in its order; the ids of earlier parts are known by then, those of later ones are not. Hence the rule:
in a file of more than 10,000 tasks, a task waits only for tasks written above it.
"""

from __future__ import annotations

import re

from rota.files.file_task import FileTask
from rota.files.place import bad, nearest, quoted
from rota.files.task_check import parent_of
from rota.model.bounds import SUBMIT
from rota.model.errors import RotaError
from rota.planning.graph import cycle

_ID = re.compile(r"task-[0-9]+")


def is_id(name: str) -> bool:
    """Whether a name can mean a task that exists already; a task of the file with that name comes first."""
    return _ID.fullmatch(name) is not None


class References:
    """Told of each task of a file in its order, then to `finish`. Keeps names and lines, not tasks."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self.lines: dict[str, int] = {}
        """Each name, with the line of its task."""
        self.wanted: dict[str, int] = {}
        """Names that no task above has, with the first line that waits for them."""
        self.unique: dict[str, int] = {}
        """Each unique key, with the line of its task."""
        self.id_like: int | None = None
        """The first line whose task is named like an id."""
        self.forward: tuple[int, str] | None = None
        """The first line that waits for a task below it, and that task's name."""
        self.parents: dict[int, list[int | str]] = {}
        """Of the first 10,000 tasks, by line: the lines, or names not met yet, of what they wait for."""
        self.sequences: dict[str, int] = {}

    def add(self, task: FileTask) -> None:
        """The next task; a RotaError when its name is taken or cannot be a name."""
        self.count += 1
        ref = task.spec.ref
        waits: list[int | str] = []
        for parent in map(parent_of, task.spec.after):
            if parent == ref:
                raise bad(self.file, "this task waits for itself", line=task.line, path="after", code="cycle")
            if parent not in self.lines:
                self.wanted.setdefault(parent, task.line)
            waits.append(self.lines.get(parent, parent))
        if ref is not None:
            self._name(ref, task.line)
        if task.spec.unique is not None:
            self._claim(task.spec.unique, task.line)
        if self.count <= SUBMIT:
            self._remember(task, waits)
        else:
            self.parents.clear()

    def finish(self) -> None:
        """The file has ended; a RotaError when a named task is missing or its order cannot be kept."""
        for name, line in self.wanted.items():
            if is_id(name):
                continue
            message = f"no task of this file has the ref {quoted(name)}{nearest(name, self.lines)}"
            raise bad(self.file, message, line=line, path="after", code="unknown_reference")
        if self.count > SUBMIT:
            self._refuse_id_like()
            self._refuse_forward()
        else:
            self._refuse_cycle()

    def _name(self, ref: str, line: int) -> None:
        if ref in self.lines:
            message = f"line {self.lines[ref]} has the ref {quoted(ref)} already; choose another name"
            raise bad(self.file, message, line=line, path="ref", code="duplicate")
        if self.id_like is None and is_id(ref):
            self.id_like = line
        self.lines[ref] = line
        waiting = self.wanted.pop(ref, None)
        if waiting is not None and (self.forward is None or waiting < self.forward[0]):
            self.forward = (waiting, ref)

    def _claim(self, unique: str, line: int) -> None:
        if unique in self.unique:
            message = f"line {self.unique[unique]} has the unique key {quoted(unique)} already; remove one of the two"
            raise bad(self.file, message, line=line, path="unique", code="duplicate")
        self.unique[unique] = line

    def _remember(self, task: FileTask, waits: list[int | str]) -> None:
        sequence = task.spec.sequence
        if sequence is not None:
            if sequence in self.sequences:
                waits.append(self.sequences[sequence])
            self.sequences[sequence] = task.line
        if waits:
            self.parents[task.line] = waits

    def _refuse_id_like(self) -> None:
        if self.id_like is not None:
            message = (
                f"in a file of more than {SUBMIT:,} tasks, a name must not look like the id of a task; choose another"
            )
            raise bad(self.file, message, line=self.id_like, path="ref")

    def _refuse_forward(self) -> None:
        if self.forward is None:
            return
        line, ref = self.forward
        message = (
            f"this task waits for {quoted(ref)}, which stands below it on line {self.lines[ref]}; "
            f"in a file of more than {SUBMIT:,} tasks, write a task below those it waits for"
        )
        raise bad(self.file, message, line=line, path="after")

    def _refuse_cycle(self) -> None:
        graph = {
            line: [
                parent if isinstance(parent, int) else self.lines[parent]
                for parent in waits
                if parent not in self.wanted
            ]
            for line, waits in self.parents.items()
        }
        round_trip = cycle(graph)
        if round_trip is not None:
            raise self._cycle(round_trip)

    def _cycle(self, round_trip: list[int]) -> RotaError:
        shown = " -> ".join(f"line {line}" for line in round_trip[:20])
        more = f" -> ... ({len(round_trip) - 1} tasks)" if len(round_trip) > 20 else ""
        message = f"these tasks wait for each other: {shown}{more}"
        return bad(self.file, message, line=round_trip[0], path="after", code="cycle")
