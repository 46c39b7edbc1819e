"""The tasks of a file as one batch: submitted once, found again by its label when the run goes on another day."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

from rota.agents.earlier_batch import EarlierBatch, earlier_batch
from rota.files.place import shown
from rota.files.tasks import Part, TaskFile
from rota.model.bounds import SUBMIT
from rota.model.commands.fleet import CreateProject, DeleteProject
from rota.model.commands.read import BatchView, GetBatch, GetProject
from rota.model.commands.submit import Submit, Submitted
from rota.model.errors import RotaError, invalid
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from rota.model.times import SECOND, rfc3339
from rota.operations.distributor import now_us

LABEL_NAME = 80
"""How much of the file's name its label keeps."""
KEYS_KEPT_S = 80_000.0
"""Shorter than the day for which idempotency keys are remembered, seconds."""

Change = Callable[[TaskSpec], TaskSpec]
Told = Callable[[int, int], None]
"""How many tasks of how many are submitted."""


class Calls(Protocol):
    """Whoever takes requests: a distributor in this process, or a client of one."""

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer."""
        ...


class Batch(NamedTuple):
    """The tasks of a file in the database. `fresh`: they were submitted just now. `earlier`: another content before."""

    label: str
    tasks: int
    fresh: bool
    earlier: EarlierBatch | None = None


def submit_file(
    distributor: Calls,
    file: TaskFile,
    *,
    again: bool = False,
    change: Change = lambda spec: spec,
    told: Told = lambda _done, _all: None,
) -> Batch:
    """Submit the tasks of a file, unless they were submitted before; with `again` once more under a new label.

    The label comes from the file's path and content, so a changed file is a new batch. `change` makes the task to
    submit from that of the file. Projects that the tasks name are created, with that name as key and title. `told`
    hears after each part how far it has come.
    """
    label, there = _latest(distributor, _label(file))
    if again and there.tasks:
        label, there = _next(label), BatchView(batch="", tasks=0, states={}, groups=[])
    # A file of one part is one submit: if one of its tasks is there, all are.
    if there.tasks and (there.tasks >= file.count or file.count <= SUBMIT):
        return Batch(label, there.tasks, fresh=False)
    if there.submitted is not None and there.submitted < rfc3339(now_us() - round(KEYS_KEPT_S * SECOND)):
        raise invalid(
            shown(file.file),
            f"only {there.tasks:,} of its {file.count:,} tasks were submitted, and too long ago to go on safely; "
            "submit all of them anew with --again",
        )
    earlier = None if there.tasks or again or file.file == "-" else earlier_batch(distributor.call, label)
    made = _create_projects(distributor, file, change)
    try:
        _submit_parts(distributor, file, label, change, told)
    except RotaError:
        if not distributor.call(GetBatch(batch=label)).tasks:
            for project in made:
                distributor.call(DeleteProject(project=project))
        raise
    return Batch(label, distributor.call(GetBatch(batch=label)).tasks, fresh=not there.tasks, earlier=earlier)


def _submit_parts(distributor: Calls, file: TaskFile, label: str, change: Change, told: Told) -> None:
    done = 0
    for part in file.parts():
        command = Submit(tasks=[change(spec) for spec in part.specs], key=f"{part.key}:{label}"[-300:], batch=label)
        part.answered(_submitted(distributor, part, command).ids)
        done += len(part.specs)
        told(done, file.count)


def _submitted(distributor: Calls, part: Part, command: Submit) -> Submitted:
    try:
        answer: Submitted = distributor.call(command)
    except RotaError as error:
        raise part.located(error) from None
    return answer


def _create_projects(distributor: Calls, file: TaskFile, change: Change) -> list[str]:
    """Create the projects that are not there yet; their ids."""
    wanted = {change(task.spec).project for task in file.tasks()} - {None}
    made = []
    for key in sorted(name for name in wanted if name is not None and not _exists(distributor, name)):
        answer = distributor.call(CreateProject(project=ProjectSpec(title=key, key=key)))
        made.append(str(answer.project))
    return made


def _exists(distributor: Calls, project: str) -> bool:
    try:
        distributor.call(GetProject(project=project))
    except RotaError as error:
        # A name that is neither a known key nor of the form of an id is refused as invalid.
        if error.code == "no_project" and project.startswith("proj-"):
            raise
        return False
    return True


def _label(file: TaskFile) -> str:
    where = "-" if file.file == "-" else os.path.realpath(file.file)
    mark = sha256(f"{where}\0{file.digest}".encode(errors="surrogateescape")).hexdigest()[:12]
    name = "".join(c for c in shown(PurePath(file.file).name or file.file) if c.isprintable())
    return f"{name[-LABEL_NAME:]} {mark}"


def _latest(distributor: Calls, label: str) -> tuple[str, BatchView]:
    """The last generation of this batch, or the first when there is none."""
    found: BatchView = distributor.call(GetBatch(batch=label))
    while found.tasks:
        following: BatchView = distributor.call(GetBatch(batch=_next(label)))
        if not following.tasks:
            break
        label, found = following.batch, following
    return label, found


def _next(label: str) -> str:
    """`tasks.jsonl 0f3c` -> `tasks.jsonl 0f3c #2` -> `tasks.jsonl 0f3c #3`."""
    stem, mark, number = label.rpartition(" #")
    return f"{stem} #{int(number) + 1}" if mark and number.isdigit() else f"{label} #2"
