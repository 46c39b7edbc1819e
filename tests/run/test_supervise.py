"""A fleet supervised in this process: cancels, breakages, take-overs, outcomes that are not kept."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from rota.agents import obstacles
from rota.agents.board import Board
from rota.agents.process.stop import Stop
from rota.agents.pulse import Pulse
from rota.agents.slot import Setting, Slot
from rota.agents.supervise import Supervisor
from rota.agents.task_process import Run, TaskProcess, process_of
from rota.agents.work import BatchWork, DatabaseWork, Work
from rota.agents.work_off import Finish, Interruption, work_off
from rota.files.toml import parse_fleet
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Drain, Register, ResumeAgent
from rota.model.commands.read import GetHistory, TaskHistory
from rota.model.commands.submit import Cancel, Submit
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from tests.run.conftest import Folder, tell
from tests.servers.processes import await_end, existing

BATCH = "the batch"


class Shop:
    """A distributor and a supervised fleet in this process."""

    def __init__(self, folder: Folder, fleet: str) -> None:
        self.distributor = Distributor.open(str(folder.path / "work.db"))
        self.supervisor = Supervisor(self.distributor, parse_fleet(fleet, str(folder.path / "fleet.toml")))
        self.supervisor.prepare()
        self.interruption = Interruption(self.supervisor.board)

    def submit(self, *specs: TaskSpec) -> list[str]:
        ids: list[str] = self.distributor.call(Submit(tasks=list(specs), batch=BATCH)).ids
        return ids

    def work_off(self, *, work: Work | None = None, wait: bool = False) -> Finish:
        return work_off(
            self.distributor,
            self.supervisor,
            work or BatchWork(self.distributor, BATCH),
            interruption=self.interruption,
            show=lambda _progress: None,
            wait=wait,
        )

    def history(self, task: str) -> TaskHistory:
        found: TaskHistory = self.distributor.call(GetHistory(task=task))
        return found

    def close(self) -> None:
        self.supervisor.stop()
        self.distributor.close()


@contextmanager
def shop(folder: Folder, fleet: str) -> Iterator[Shop]:
    opened = Shop(folder, fleet)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def in_background(shop: Shop, **settings: Any) -> Iterator[list[Finish]]:
    """`work_off` in a thread; its finish is in the list once the block has ended."""
    found: list[Finish] = []
    thread = threading.Thread(target=lambda: found.append(shop.work_off(**settings)))
    thread.start()
    try:
        yield found
    finally:
        thread.join(60)
        assert not thread.is_alive()


WAITING = """
[[agent]]
name = "one"
command = ["sh", "-c", "echo $$ > started; read -r word < go; echo done"]
"""


def test_a_cancelled_task_is_stopped_and_its_agent_goes_on(folder: Folder) -> None:
    folder.script("work.sh", '[ "$ROTA_TITLE" = quick ] && exit 0\nsleep 1000 &\necho "$$ $!" > started\nwait\n')
    started = folder.pipe("started")
    with shop(folder, '[[agent]]\nname = "one"\ncommand = ["./work.sh"]\n') as at:
        endless, quick = at.submit(TaskSpec(title="endless", priority="high"), TaskSpec(title="quick"))
        at.supervisor.start()
        with in_background(at) as finish:
            pids = [int(word) for word in started.read_text().split()]
            at.distributor.call(Cancel(tasks=[endless], reason="not needed"))
        assert finish[0].how == "done"
        assert finish[0].counts.states == {"cancelled": 1, "done": 1}
        assert await_end(existing(*pids), 5) == []
        assert at.history(endless).task.reason == "not needed"
        assert [one.outcome for one in at.history(endless).attempts] == ["cancelled"]
        assert at.history(quick).task.state == "done"


def test_a_preempted_task_is_stopped_gives_way_and_is_done_later(folder: Folder) -> None:
    folder.script("work.sh", '[ -e again ] && exit 0\n[ "$ROTA_TITLE" = better ] && touch again && exit 0\n'
                  'sleep 1000 &\necho "$$ $!" > started\nwait\n')  # fmt: skip
    started = folder.pipe("started")
    fleet = 'pool.default.preempt = { patience_s = 0 }\n[[agent]]\nname = "one"\ncommand = ["./work.sh"]\n'
    with shop(folder, fleet) as at:
        (low,) = at.submit(TaskSpec(title="low", priority="low"))
        at.supervisor.start()
        with in_background(at) as finish:
            pids = [int(word) for word in started.read_text().split()]
            (better,) = at.submit(TaskSpec(title="better", priority="emergency"))
        assert finish[0].counts.states == {"done": 2}
        assert await_end(existing(*pids), 5) == []
        assert [(one.outcome, one.counted) for one in at.history(low).attempts] == [
            ("preempted", False),
            ("done", True),
        ]
        assert (at.history(better).attempts[0].ended or "") <= at.history(low).attempts[1].started


def test_another_process_takes_an_agent_over(folder: Folder) -> None:
    started = folder.pipe("started")
    folder.pipe("go")
    with shop(folder, WAITING) as at:
        (task,) = at.submit(TaskSpec(title="mine"))
        at.supervisor.start()
        pid = int(started.read_text())
        taken = at.distributor.call(Register(agent=AgentSpec(name="one"), instance="another", replace=True))
        assert taken.given_back == [task]
        # The heartbeat hears of it: the process is ended, and the slot claims no more.
        assert await_end(existing(pid), 10) == []
        at.supervisor.stop()
        (standing,) = at.supervisor.board.standings()
        assert (standing.done, standing.failed) == (0, 0)
        assert [one.outcome for one in at.history(task).attempts] == ["replaced"]


def test_a_drained_agent_gets_nothing_until_it_is_resumed(folder: Folder) -> None:
    with shop(folder, '[[agent]]\nname = "one"\ncommand = ["echo", "hello"]\n') as at:
        at.supervisor.start()
        at.distributor.call(Drain(agent="one", reason="lunch"))
        at.submit(TaskSpec(title="later"))
        stuck = at.work_off()
        assert stuck.how == "stuck"
        assert "draining" in stuck.obstacles[0].reason
        at.distributor.call(ResumeAgent(agent="one"))
        assert at.work_off().counts.states == {"done": 1}


def test_a_function_that_breaks_comes_back_when_it_is_mended(folder: Folder) -> None:
    (folder.path / "work.py").write_text("raise RuntimeError('not yet')\n")
    with shop(folder, '[[agent]]\nname = "one"\npython = "work:do"\n') as at:
        (task,) = at.submit(TaskSpec(title="patience"))
        at.supervisor.start()
        stuck = at.work_off()
        assert stuck.how == "stuck"
        assert "RuntimeError: not yet" in stuck.obstacles[0].reason
        with in_background(at, wait=True) as finish:
            (folder.path / "work.py").write_text("def do(task):\n    return task['attempt']\n")
        assert finish[0].how == "done"
        history = at.history(task)
        assert history.task.attempts == 1
        assert {one.outcome for one in history.attempts[:-1]} == {"given_back"}
        assert history.task.result == len(history.attempts)


def test_what_is_only_ever_sent_back_for_later_is_stuck_in_the_end(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obstacles, "LATER_S", 0.3)
    folder.pipe("go")
    (folder.path / "work.py").write_text(
        "from rota.agents.process.child import TryLater\n"
        "def do(task):\n"
        "    if task['title'] == 'works':\n"
        "        open('go').read()\n"
        "        return 'done'\n"
        "    raise TryLater(0.05, 'the disk is full')\n"
    )
    with shop(folder, '[[agent]]\nname = "one"\nslots = 2\npython = "work:do"\n') as at:
        later, works = at.submit(TaskSpec(title="waits"), TaskSpec(title="works"))
        at.supervisor.start()
        with in_background(at) as finish:
            while at.supervisor.board.later().times < 3 * obstacles.LATER_TIMES:
                at.supervisor.board.wait(1)
            assert not finish, "a task that is in work is waited for"
            tell(folder.path / "go")
        assert finish[0].how == "stuck"
        (obstacle,) = finish[0].obstacles
        assert "for later" in obstacle.reason
        assert "the disk is full" in obstacle.reason
        assert obstacle.examples == ((later, "waits"),)
        assert at.history(works).task.state == "done"
        assert at.history(later).task.attempts == 0


def test_an_answer_that_cannot_be_kept_is_a_failed_attempt(folder: Folder) -> None:
    fleet = '[queue.default]\nmax_attempts = 1\n[[agent]]\nname = "one"\ncommand = ["cat", "answer"]\n'
    (folder.path / "answer").write_text('{"text": "a\\u0000b"}')
    with shop(folder, fleet) as at:
        (task,) = at.submit(TaskSpec(title="odd"))
        at.supervisor.start()
        assert at.work_off().counts.states == {"dead": 1}
        assert "the answer cannot be kept" in (at.history(task).task.reason or "")
        assert "NUL" in (at.history(task).task.reason or "")


def test_usage_and_cost_are_recorded_even_of_what_is_given_back(folder: Folder) -> None:
    started = folder.pipe("started")
    folder.pipe("go")
    cost = "cost = { per_hour = 3600.0, per_task = 10.0, per_1k_tokens = 100.0 }\n"
    with shop(
        folder,
        WAITING.replace("echo done", 'echo \'{\\"usage\\": {\\"input_tokens\\": 20, \\"output_tokens\\": 30}}\'')
        + cost,
    ) as at:
        (task,) = at.submit(TaskSpec(title="dear"))
        at.supervisor.start()
        started.read_text()
        at.supervisor.stop()
    with shop(
        folder,
        WAITING.replace("echo done", 'echo \'{\\"usage\\": {\\"input_tokens\\": 20, \\"output_tokens\\": 30}}\'')
        + cost,
    ) as at:
        at.supervisor.start()
        with in_background(at):
            started.read_text()
            tell(folder.path / "go")
        first, second = at.history(task).attempts
    assert (first.outcome, second.outcome) == ("given_back", "done")
    assert first.cost is not None
    assert first.cost == pytest.approx(first.usage["wall_s"], abs=1e-6)
    assert second.cost == pytest.approx(second.usage["wall_s"] + 10 + 5, abs=1e-6)
    assert second.usage["cpu_s"] >= 0


def test_a_fleet_that_waits_serves_whatever_comes(folder: Folder) -> None:
    with shop(folder, '[[agent]]\nname = "one"\ncommand = ["sh", "-c", "cat > got"]\n') as at:
        got = folder.pipe("got")
        at.supervisor.start()
        with in_background(at, work=DatabaseWork(at.distributor), wait=True) as finish:
            for title in ("first", "second"):
                at.distributor.call(Submit(tasks=[TaskSpec(title=title)]))
                assert f'"title":"{title}"' in got.read_text()
            at.interruption.ask()
        assert finish[0].how == "interrupted"


def test_stopping_a_fleet_that_never_started_is_fine(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with shop(folder, WAITING):
        pass


def test_without_open_files_a_task_goes_back_and_loses_no_attempt(folder: Folder) -> None:
    with shop(folder, '[queue.default]\nmax_attempts = 1\n[[agent]]\nname = "one"\ncommand = ["echo", "hi"]\n') as at:
        at.supervisor.start()
        board = at.supervisor.board
        with no_open_files():
            (task,) = at.submit(TaskSpec(title="patience"))
            while not any(standing.broken for standing in board.standings()):
                assert board.wait(60)
            (standing,) = board.standings()
            assert "Too many open files" in (standing.trouble or "")
        assert at.work_off().counts.states == {"done": 1}
        outcomes = [attempt.outcome for attempt in at.history(task).attempts]
        assert set(outcomes[:-1]) == {"given_back"}
        assert outcomes[-1] == "done"


@contextmanager
def no_open_files() -> Iterator[None]:
    """No file can be opened in this process; those that are open stay so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    filling = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    try:
        with suppress(OSError):
            while True:
                filling.append(os.dup(0))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in filling:
            os.close(descriptor)


class Faulty:
    """A process whose first run meets a fault nobody thought of."""

    delay_s = 0.0

    def __init__(self, real: TaskProcess, faults: list[str]) -> None:
        self._real = real
        self._faults = faults

    def do(self, task: dict[str, Any], stop: Stop) -> Run:
        if self._faults:
            raise ZeroDivisionError(self._faults.pop())
        return self._real.do(task, stop)

    def close(self) -> None:
        self._real.close()


def test_a_slot_goes_on_after_a_fault_nobody_thought_of(folder: Folder) -> None:
    fleet = '[queue.default]\nterm = 2\n[[agent]]\nname = "one"\ncommand = ["echo", "hi"]\n'
    with shop(folder, fleet) as at:
        (task,) = at.submit(TaskSpec(title="odd"))
        (agent,) = at.supervisor.fleet.agents
        assert agent.process is not None
        process = process_of(agent.process)
        at.distributor.call(Register(agent=agent.spec, instance="here", local=True))
        board = Board()
        board.enter("one", 1)
        pulse = Pulse(at.distributor, "here")
        pulse.start()
        slot = Slot(Setting(at.distributor, "here", board, pulse), agent.spec, 0, lambda: Faulty(process, faults))
        faults = ["the fault"]
        slot.start()
        while not any("the fault" in (standing.trouble or "") for standing in board.standings()):
            assert board.wait(60)
        while not any(standing.done for standing in board.standings()):
            assert board.wait(60)
        slot.stop()
        assert slot.join(60)
        pulse.stop()
        assert at.history(task).task.state == "done"
