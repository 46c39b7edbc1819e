"""Runs one command for one task, from start to the end of the last process it left behind."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from rota.agents.process.ended import Ended, Why
from rota.agents.process.ending import end_group
from rota.agents.process.group import Exit, ProcessGroup, Streams
from rota.agents.process.patience import Patience
from rota.agents.process.pipes import Feeder, Head, Reader, Selector, Tail, open_pipe, open_selector, turn
from rota.agents.process.start_failure import StartFailure
from rota.agents.process.stop import Stop, StopReason

STDERR_BYTES = 65_536
SETTLE_S = 0.2
"""After the command's own end: time for a `tee` behind it to hand on the last lines before it is ended."""
LEFTOVER_GRACE_S = 1.0
"""The longest grace for what a command left behind that ended by itself: nobody waits for that work."""

OnOutput = Callable[[Literal["stdout", "stderr"], bytes], None]
"""Called in the running thread with each piece as it arrives. If it raises, the run is ended first."""

STOPPED: dict[StopReason, Literal["cancelled", "shutdown", "preempted"]] = {
    "cancel": "cancelled",
    "shutdown": "shutdown",
    "preempt": "preempted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A command to run. Times are seconds; None = no limit."""

    argv: tuple[str, ...]
    """Program and arguments, placeholders already filled in; no shell is involved."""
    env: Mapping[str, str]
    """The whole environment, not additions to ours. `ROTA_RUN` is added (see `keeper`)."""
    stdin: bytes = b""
    cwd: str | os.PathLike[str] | None = None
    timeout_s: float | None = None
    stall_s: float | None = None
    """No output, on neither stream, for that long: it is ended as stalled."""
    grace_s: float = 10.0
    """Between SIGTERM and SIGKILL."""
    max_output: int = 1 << 20
    """Bytes of stdout that are kept, the first ones; the rest is read and dropped."""


def run_command(launch: Launch, *, stop: Stop | None = None, on_output: OnOutput | None = None) -> Ended:
    """Runs a command in a process group of its own and blocks until all of it is gone.

    Returns as soon as the command itself has ended, whoever still holds its pipes; what it left behind is
    ended first. Never raises for anything the command does: what could not be started is told by `why` and
    `detail`.
    """
    started = time.monotonic()
    if stop is not None and stop.reason is not None:
        return Ended(why=STOPPED[stop.reason], started=started, ended=started)
    try:
        with open_selector() as selector:
            return _Run(launch, selector, on_output).to_its_end(stop)
    except StartFailure as failure:
        return Ended(why=failure.why, detail=failure.detail, started=started, ended=time.monotonic())


class _Run:
    def __init__(self, launch: Launch, selector: Selector, on_output: OnOutput | None) -> None:
        self._launch = launch
        self._selector = selector
        self._on_output = on_output
        self._stdout = Head(launch.max_output)
        self._stderr = Tail(STDERR_BYTES)
        self._stopped: StopReason | None = None
        self._exited = False
        self._started = time.monotonic()
        with ExitStack() as ours, ExitStack() as theirs:
            stdin = open_pipe(theirs, ours)
            stdout = open_pipe(ours, theirs)
            stderr = open_pipe(ours, theirs)
            streams = Streams(stdin[0], stdout[1], stderr[1])
            self._group = ProcessGroup(launch.argv, env=launch.env, cwd=launch.cwd, streams=streams)
            ours.pop_all()
        self._patience = Patience(launch.timeout_s, launch.stall_s)
        self._feeder = Feeder(selector, stdin[1], launch.stdin)
        self._readers = (
            Reader(selector, stdout[0], self._take_stdout),
            Reader(selector, stderr[0], self._take_stderr),
        )

    def to_its_end(self, stop: Stop | None) -> Ended:
        try:
            self._selector.register(self._group, selectors.EVENT_READ, self._note_exit)
            if stop is not None:
                self._selector.register(stop, selectors.EVENT_READ, lambda: self._note_stop(stop))
            why = self._watch()
            self._group.memory.look()
            clean = self._end(why)
        except BaseException:
            # An error of the callback, or KeyboardInterrupt: nothing may be left running, nor asked again.
            self._on_output = None
            self._feeder.close()
            end_group(self._group, self._selector, 0.0)
            self._let_go()
            raise
        return self._report(why, clean)

    def _watch(self) -> Why:
        while True:
            if self._exited:
                return "exit"
            if self._stopped:
                return STOPPED[self._stopped]
            if lost := self._patience.lost():
                return lost
            turn(self._selector, _least(self._patience.left_s(), self._group.memory.left_s()))
            self._group.memory.look_if_due()

    def _end(self, why: Why) -> bool:
        """Ends what is left; whether all of it is gone."""
        self._feeder.close()
        if why != "exit":
            return end_group(self._group, self._selector, self._launch.grace_s)
        settled = time.monotonic() + SETTLE_S
        while any(reader.open for reader in self._readers) and (left := settled - time.monotonic()) > 0:
            turn(self._selector, left)
        return end_group(self._group, self._selector, min(self._launch.grace_s, LEFTOVER_GRACE_S))

    def _report(self, why: Why, clean: bool) -> Ended:
        for reader in self._readers:
            reader.drain()
        exit_ = self._let_go()
        detail = self._patience.story(why) if why in ("timeout", "stalled") else ""
        if why == "exit" and exit_.code is None and exit_.signal is None:
            why, detail = "broken", "its exit status was collected by something else in this process"
        return Ended(
            why=why,
            started=self._started,
            ended=time.monotonic(),
            exit_code=exit_.code,
            signal=exit_.signal,
            stdout=self._stdout.value(),
            stdout_truncated=self._stdout.truncated,
            stderr_tail=self._stderr.text(),
            usage=exit_.usage,
            detail=detail,
            left_behind=not clean,
        )

    def _let_go(self) -> Exit:
        for reader in self._readers:
            reader.close()
        return self._group.close()

    def _note_exit(self) -> None:
        self._exited = True
        self._selector.unregister(self._group)

    def _note_stop(self, stop: Stop) -> None:
        self._stopped = stop.reason
        self._selector.unregister(stop)

    def _take_stdout(self, data: bytes) -> None:
        self._stdout.add(data)
        self._heard("stdout", data)

    def _take_stderr(self, data: bytes) -> None:
        self._stderr.add(data)
        self._heard("stderr", data)

    def _heard(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self._patience.heard()
        self._group.memory.look()
        if self._on_output is not None:
            self._on_output(stream, data)


def _least(*times: float | None) -> float | None:
    return min((time_ for time_ in times if time_ is not None), default=None)
