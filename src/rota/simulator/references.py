"""Tasks that name tasks which came earlier: their references become ids, and those named are not forgotten."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from rota.files.place import bad
from rota.files.task_check import parent_of
from rota.model.errors import RotaError
from rota.model.task import After, TaskSpec
from rota.simulator.arrival import Work

_IN_SUBMIT = re.compile(r"tasks\[(\d+)\]\.?(.*)", re.DOTALL)


class References:
    """Names of tasks across arrivals. `wanted` are those that some later task waits for."""

    def __init__(self, file: str, wanted: frozenset[str]) -> None:
        self._file = file
        self._wanted = wanted
        self._ids: dict[str, str] = {}

    def named(self, spec: TaskSpec, *, local: bool) -> TaskSpec:
        """The task with the ids of earlier ones in the place of their names."""
        if local or not spec.after or not self._ids:
            return spec
        return msgspec.structs.replace(spec, after=[self._id(after) for after in spec.after])

    def _id(self, after: str | After) -> str | After:
        known = self._ids.get(parent_of(after))
        if known is None:
            return after
        return msgspec.structs.replace(after, task=known) if isinstance(after, After) else known

    def came(self, spec: TaskSpec, number: str) -> None:
        """The task has this id."""
        if spec.ref is not None and spec.ref in self._wanted:
            self._ids[spec.ref] = number

    def keeps(self, spec: TaskSpec) -> bool:
        """Whether a later task may still name it."""
        return spec.ref is not None and spec.ref in self._wanted

    def located(self, error: RotaError, works: Sequence[Work]) -> RotaError:
        """A refusal by the engine, naming file and line where the task has one."""
        found = _IN_SUBMIT.fullmatch(error.field or "")
        if found is None or int(found[1]) >= len(works):
            return error
        line = works[int(found[1])].line
        message = error.message
        if error.code == "unknown_reference":
            message += "; a task can wait only for tasks that came before it, or at the same moment"
        return bad(self._file, message, line=line or None, path=found[2], code=error.code)
