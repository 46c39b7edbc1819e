"""A database with a few tasks in it, and a runtime directory of each module's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import PauseQueue, Register, SetQueue
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done, Fail, Failed
from rota.model.queue import QueuePolicy
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.owner.owners import owners
from tests.servers.processes import await_end


@pytest.fixture(scope="module", autouse=True)
def runtime() -> Iterator[Path]:
    """The runtime directory: a short path, as a socket's must be. Whatever owner is left in it is ended."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
        left = owners(folder)
        for process in left:
            process.kill()
        assert await_end(left, 10.0) == []
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """task-1 done, task-2 dead, task-3 running, task-4 to task-13 ready, task-14 in a paused queue. Only to be read."""
    path = tmp_path_factory.mktemp("cli") / "rota.db"
    with TestDistributor(str(path)) as kit:
        kit.call(Register(agent=AgentSpec(name="ann", slots=5, skills={"py": 2})))
        kit.call(SetQueue(queue="later", policy=QueuePolicy()))
        kit.call(Submit(tasks=[TaskSpec(title=title, priority="high", kind="k") for title in ("one", "two", "three")]))
        one, two, _three = kit.call(Claim(agent="ann", n=3)).tasks
        kit.call(Complete(outcomes=[Done(task=one.task, token=one.token, result={"a": [1]})]))
        kit.call(Fail(outcomes=[Failed(task=two.task, token=two.token, error="it\x1b[31m broke", retryable=False)]))
        kit.call(Submit(tasks=[TaskSpec(title=f"ready {number}") for number in range(10)]))
        kit.call(Submit(tasks=[TaskSpec(title="parked", queue="later")]))
        kit.call(PauseQueue(queue="later", reason="inventory"))
    return path
