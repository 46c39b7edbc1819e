"""One life of the process of a function: started, asked, ended."""

from __future__ import annotations

import os
import selectors
import sysconfig
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rota.agents.process.command import STDERR_BYTES, STOPPED, OnOutput
from rota.agents.process.ending import end_group
from rota.agents.process.frames import BrokenFrame, Frame, FrameReader, encode_task
from rota.agents.process.group import Exit, ProcessGroup, Streams
from rota.agents.process.patience import Patience
from rota.agents.process.pipes import Feeder, Reader, Tail, open_pipe, open_selector, turn
from rota.agents.process.stop import Stop

Lost = Literal["timeout", "stalled", "cancelled", "shutdown", "preempted", "crashed"]
"""Why there was no answer."""


@dataclass(slots=True)
class Exchange:
    """One message of the child awaited: what is heard meanwhile."""

    patience: Patience
    stop: Stop | None
    on_output: OnOutput | None
    reader: FrameReader
    stderr: Tail = field(default_factory=lambda: Tail(STDERR_BYTES))
    frame: Frame | None = None
    broken: str = ""
    """What was wrong with the frame."""

    def take_stderr(self, data: bytes) -> None:
        self.stderr.add(data)
        self.patience.heard()
        if self.on_output is not None:
            self.on_output("stderr", data)

    def take_answer(self, data: bytes) -> None:
        self.patience.heard()
        if self.frame is not None or self.broken:
            self.broken = self.broken or "there is more than one frame"
            return
        try:
            self.frame = self.reader.feed(data)
        except BrokenFrame as error:
            self.broken = str(error)


class FunctionChild:
    """A running `rota.agents.process.child`, used by one thread at a time. StartFailure if it cannot be started."""

    def __init__(self, target: str, *, python: str, env: Mapping[str, str], cwd: str | os.PathLike[str] | None) -> None:
        self._exited = False
        self._exchange: Exchange | None = None
        with ExitStack() as ours, ExitStack() as theirs:
            selector = ours.enter_context(open_selector())
            stdin = open_pipe(theirs, theirs)
            tasks = open_pipe(theirs, ours)
            answers = open_pipe(ours, theirs)
            stderr = open_pipe(ours, theirs)
            self._group = ProcessGroup(
                (python, "-u", "-m", "rota.agents.process.child", target, str(tasks[0]), str(answers[1])),
                env=_with_rota(env),
                cwd=cwd,
                streams=Streams(stdin[0], stderr[1], stderr[1]),
                pass_fds=(tasks[0], answers[1]),
            )
            ours.pop_all()
        self._selector = selector
        self._tasks = tasks[1]
        self._answers = Reader(selector, answers[0], lambda data: self._during(lambda now: now.take_answer(data)))
        self._stderr = Reader(selector, stderr[0], lambda data: self._during(lambda now: now.take_stderr(data)))
        selector.register(self._group, selectors.EVENT_READ, self._note_exit)

    @property
    def pid(self) -> int:
        return self._group.pid

    def is_alive(self) -> bool:
        """Whether the process has not ended, as far as can be told now."""
        if not self._exited:
            turn(self._selector, 0)
        return not self._exited and self._answers.open

    def ask(self, task: bytes | None, exchange: Exchange) -> Frame | Lost:
        """Hands over a task, if any, and waits for one message. After anything but a frame: `end` it."""
        feeder = None
        try:
            self._exchange = exchange
            if task is not None:
                feeder = Feeder(self._selector, self._tasks, encode_task(task), keep_open=True)
            if exchange.stop is not None:
                self._selector.register(exchange.stop, selectors.EVENT_READ, lambda: None)
            return self._wait(exchange)
        finally:
            if feeder is not None:
                feeder.close()
            if exchange.stop is not None:
                self._selector.unregister(exchange.stop)

    def _wait(self, exchange: Exchange) -> Frame | Lost:
        while True:
            if exchange.frame is not None and not exchange.broken:
                self._stderr.drain()  # what it printed was written before the frame
                self._exchange = None
                return exchange.frame
            if exchange.broken or self._exited or not self._answers.open:
                return self._last_frame(exchange)
            if exchange.stop is not None and exchange.stop.reason is not None:
                return STOPPED[exchange.stop.reason]
            if lost := exchange.patience.lost():
                return lost
            turn(self._selector, exchange.patience.left_s())

    def _last_frame(self, exchange: Exchange) -> Frame | Lost:
        """It is gone, or confused; a frame sent just before its end counts."""
        self._answers.drain()
        self._stderr.drain()
        return exchange.frame if exchange.frame is not None and not exchange.broken else "crashed"

    def end(self, grace_s: float, *, ask_first: bool = False) -> Exit:
        """Ends it and all it started. `ask_first`: it may end by itself before, within the grace."""
        self._group.memory.look()
        os.close(self._tasks)
        if ask_first:
            patience = Patience(grace_s, None)
            while not self._exited and (left := patience.left_s()):
                turn(self._selector, left)
        end_group(self._group, self._selector, grace_s)
        self._answers.close()
        self._stderr.drain()
        self._stderr.close()
        exit_ = self._group.close()
        self._selector.close()
        self._exchange = None
        return exit_

    def _during(self, what: Callable[[Exchange], None]) -> None:
        """What is written while nobody asks is dropped."""
        if self._exchange is not None:
            what(self._exchange)

    def _note_exit(self) -> None:
        self._exited = True
        self._selector.unregister(self._group)


def _with_rota(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with our own package importable, last on the path, unless it is installed anyway."""
    root = str(Path(__file__).resolve().parents[3])
    if root in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return dict(env)
    return {**env, "PYTHONPATH": os.pathsep.join(filter(None, [env.get("PYTHONPATH"), root]))}
