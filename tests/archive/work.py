"""Tasks brought in and ended, and what is to be seen of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from rota.model.commands.archive import Archive, Archived
from rota.model.commands.read import GetHistory
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done, Fail, Failed
from rota.model.task import TaskSpec
from rota.testing import TestDistributor


def bring(rota: TestDistributor, *specs: TaskSpec) -> list[str]:
    ids: list[str] = rota.call(Submit(tasks=list(specs))).ids
    return ids


def finish(rota: TestDistributor, n: int = 50) -> None:
    """Everything that ann may take now gets done."""
    given = rota.call(Claim(agent="ann", n=n)).tasks
    rota.call(Complete(outcomes=[Done(task=one.task, token=one.token, result={"of": one.title}) for one in given]))


def kill(rota: TestDistributor) -> None:
    """The next task ends among the dead."""
    given = rota.call(Claim(agent="ann")).tasks[0]
    rota.call(Fail(outcomes=[Failed(task=given.task, token=given.token, error="never", retryable=False)]))


def archive(rota: TestDistributor, folder: Path, **more: Any) -> Archived:
    made: Archived = rota.call(Archive(folder=str(folder), older_than=0, **more))
    return made


def story(rota: TestDistributor, task: str) -> Any:
    """Everything that can be seen of a task but its events, which stay when it goes."""
    found = rota.call(GetHistory(task=task))
    return found.task, found.attempts


def lines(file: str | None) -> list[Any]:
    assert file is not None
    with gzip.open(file, "rt") as text:
        return [json.loads(line) for line in text]
