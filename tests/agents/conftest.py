"""Commands and functions under test: real processes, told when to go on by pipes and named pipes."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import psutil
import pytest

from rota.agents.process.command import Launch, run_command
from rota.agents.process.ended import Ended
from rota.agents.process.function import FunctionProcess
from rota.agents.process.stop import Stop, StopReason
from tests.servers.processes import await_end, existing

SOURCE = Path(__file__).parents[2] / "src"

Run = Callable[..., Ended]
Functions = Callable[..., FunctionProcess]


@pytest.fixture
def run() -> Run:
    """Runs a command with our environment: run("sh", "-c", ..., stdin=...)."""

    def run_it(*argv: str, stop: Stop | None = None, on_output: Any = None, **settings: Any) -> Ended:
        settings = {"env": dict(os.environ), "grace_s": 5.0, **settings}
        return run_command(Launch(argv=argv, **settings), stop=stop, on_output=on_output)

    return run_it


class StopWhenHeard:
    """Sets a Stop, from another thread, once the process has written a word."""

    def __init__(self, word: str, reason: StopReason) -> None:
        self.stop = Stop()
        self._word = word.encode()
        self._heard = b""
        self._go = threading.Event()
        self._thread = threading.Thread(target=self._set, args=(reason,))
        self._thread.start()

    def listen(self, _stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self._heard += data
        if self._word in self._heard:
            self._go.set()

    def _set(self, reason: StopReason) -> None:
        if self._go.wait(60):
            self.stop.set(reason)

    def close(self) -> None:
        self._go.set()
        self._thread.join()
        self.stop.close()


@pytest.fixture
def stop_when_heard() -> Iterator[Callable[..., StopWhenHeard]]:
    made: list[StopWhenHeard] = []

    def make(word: str = "ready", reason: StopReason = "cancel") -> StopWhenHeard:
        made.append(StopWhenHeard(word, reason))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def functions(tmp_path: Path) -> Iterator[Functions]:
    """A FunctionProcess for code: functions("def f(task): ...") calls `f` of it."""
    made: list[FunctionProcess] = []

    def make(code: str = "", target: str = "work:f", **settings: Any) -> FunctionProcess:
        (tmp_path / "work.py").write_text(textwrap.dedent(code))
        settings = {"env": dict(os.environ), "cwd": tmp_path, "grace_s": 5.0, **settings}
        made.append(FunctionProcess(target, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def named_pipe(tmp_path: Path) -> Callable[[str], Path]:
    """A named pipe, by which a process and its test wait for each other."""

    def make(name: str) -> Path:
        path = tmp_path / name
        os.mkfifo(path)
        return path

    return make


def are_gone(*pids: int, seconds: float = 0.0) -> bool:
    """Whether none of these processes lives (a zombie does not), at once or within so many seconds."""
    return not await_end(existing(*pids), seconds)


def python(code: str) -> tuple[str, ...]:
    """The command that runs some Python code."""
    return (sys.executable, "-c", textwrap.dedent(code))


def open_descriptors() -> int:
    return psutil.Process().num_fds()
