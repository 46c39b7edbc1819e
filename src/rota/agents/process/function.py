"""`python = "module:function"` agents: one long-lived process per slot, asked once per task."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rota.agents.process.backoff import Backoff
from rota.agents.process.command import STOPPED, OnOutput
from rota.agents.process.ended import Ended, Usage, Why
from rota.agents.process.frames import Frame, FrameReader
from rota.agents.process.function_process import Exchange, FunctionChild, Lost
from rota.agents.process.group import Exit
from rota.agents.process.patience import Patience
from rota.agents.process.start_failure import StartFailure
from rota.agents.process.stop import Stop


class FunctionProcess:
    """The process of one slot. Used by one thread at a time; `close` it in the end.

    It starts with the first task, and anew when it has ended. Before each `run`, wait `delay_s` seconds
    (`Stop.wait` does it interruptibly): it is above 0 after the process broke.
    """

    def __init__(
        self,
        target: str,
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str] | None = None,
        python: str = sys.executable,
        grace_s: float = 10.0,
        start_timeout_s: float = 60.0,
        max_output: int = 1 << 20,
        backoff: Backoff | None = None,
    ) -> None:
        """`target` is `module:function`, found from `cwd` and by `PYTHONPATH`; `env`: all the variables.

        `start_timeout_s`: how long importing the module may take. `max_output`: bytes kept of a result.
        """
        self._target = target
        self._env = env
        self._cwd = cwd
        self._python = python
        self._grace_s = grace_s
        self._start_timeout_s = start_timeout_s
        self._max_output = max_output
        self._backoff = backoff or Backoff()
        self._child: FunctionChild | None = None
        self._cpu_s = 0.0

    @property
    def delay_s(self) -> float:
        """Seconds to wait before the next run; 0 while all is well."""
        return self._backoff.delay_s

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return None if self._child is None else self._child.pid

    def run(
        self,
        task: bytes,
        *,
        timeout_s: float | None = None,
        stall_s: float | None = None,
        stop: Stop | None = None,
        on_output: OnOutput | None = None,
    ) -> Ended:
        """Has the function do one task (JSON). Starting the process does not count as time of the task.

        In the answer `exit_code` is 0, 1 (it raised), 65 (BadTask) or 75 (TryLater), `stdout` the result as
        JSON, `detail` the error. On timeout, stall and stop the process is ended; the next run starts another
        at once.
        """
        started = time.monotonic()
        if stop is not None and stop.reason is not None:
            return Ended(why=STOPPED[stop.reason], started=started, ended=started)
        if (failed := self._start_unless_alive(stop, started)) is not None:
            return failed
        exchange = Exchange(Patience(timeout_s, stall_s), stop, on_output, FrameReader(self._max_output))
        answer = self._ask(task, exchange)
        if isinstance(answer, Frame):
            self._backoff.succeeded()
            return self._answered(answer, exchange, started)
        if answer == "crashed":
            self._backoff.failed()
        return self._lost(answer, exchange, started)

    def close(self) -> None:
        """Ends the process; it may finish by itself within the time of grace."""
        if self._child is not None:
            child, self._child = self._child, None
            child.end(self._grace_s, ask_first=True)

    def _ask(self, task: bytes | None, exchange: Exchange) -> Frame | Lost:
        assert self._child is not None
        try:
            return self._child.ask(task, exchange)
        except BaseException:
            # An error of the callback, or KeyboardInterrupt.
            exchange.on_output = None
            self._end(0.0)
            raise

    def _end(self, grace_s: float) -> Exit:
        assert self._child is not None
        child, self._child = self._child, None
        return child.end(grace_s)

    def _start_unless_alive(self, stop: Stop | None, started: float) -> Ended | None:
        """None if the process is ready, else why it is not."""
        if self._child is not None:
            if self._child.is_alive():
                return None
            # It died while it had nothing to do: no task is to blame.
            self._backoff.failed()
            self._end(0.0)
        try:
            self._child = FunctionChild(self._target, python=self._python, env=self._env, cwd=self._cwd)
        except StartFailure as failure:
            self._backoff.failed()
            return Ended(why=failure.why, detail=failure.detail, started=started, ended=time.monotonic())
        return self._await_ready(stop, started)

    def _await_ready(self, stop: Stop | None, started: float) -> Ended | None:
        exchange = Exchange(Patience(self._start_timeout_s, None), stop, None, FrameReader(0))
        answer = self._ask(None, exchange)
        if isinstance(answer, Frame) and answer.header.get("ready") is True:
            self._cpu_s = _number(answer.header, "cpu_s") or 0.0
            return None
        exit_ = self._end(self._grace_s)
        if answer == "cancelled" or answer == "shutdown" or answer == "preempted":
            return Ended(why=answer, started=started, ended=time.monotonic())
        self._backoff.failed()
        why, detail = self._unusable(answer, exit_)
        return Ended(
            why=why,
            detail=detail,
            exit_code=exit_.code,
            signal=exit_.signal,
            stderr_tail=exchange.stderr.text(),
            started=started,
            ended=time.monotonic(),
        )

    def _unusable(self, answer: Frame | Lost, exit_: Exit) -> tuple[Why, str]:
        if isinstance(answer, Frame):
            why: Why = "not_found" if answer.header.get("unusable") == "not_found" else "broken"
            return why, str(answer.header.get("detail", "the process of the function cannot be used"))
        if answer == "timeout":
            return "broken", f"importing {self._target!r} took longer than {self._start_timeout_s:g} s"
        return "broken", f"the process for {self._target!r} ended while it was starting ({_how(exit_)})"

    def _answered(self, frame: Frame, exchange: Exchange, started: float) -> Ended:
        cpu_s = _number(frame.header, "cpu_s") or 0.0
        spent = max(0.0, cpu_s - self._cpu_s)
        self._cpu_s = max(cpu_s, self._cpu_s)
        most = _number(frame.header, "max_rss")
        code = frame.header.get("exit")
        return Ended(
            why="exit",
            exit_code=code if isinstance(code, int) else 1,
            stdout=frame.body,
            stdout_truncated=frame.truncated,
            stderr_tail=exchange.stderr.text(),
            usage=Usage(spent, None if most is None else int(most)),
            detail=str(frame.header.get("error", "")),
            retry_after_s=_number(frame.header, "retry_after_s"),
            started=started,
            ended=time.monotonic(),
        )

    def _lost(self, why: Lost, exchange: Exchange, started: float) -> Ended:
        # From here on an error of the callback could only keep us from ending it.
        exchange.on_output = None
        exit_ = self._end(self._grace_s)
        detail = ""
        if why in ("timeout", "stalled"):
            detail = exchange.patience.story(why)
        elif why == "crashed":
            detail = f"the agent's process died in the middle of the task ({exchange.broken or _how(exit_)})"
        return Ended(
            why=why,
            exit_code=exit_.code,
            signal=exit_.signal,
            stderr_tail=exchange.stderr.text(),
            usage=Usage(max(0.0, exit_.usage.cpu_s - self._cpu_s), exit_.usage.max_rss_bytes),
            detail=detail,
            started=started,
            ended=time.monotonic(),
        )

    def __del__(self) -> None:
        with suppress(Exception):
            if self._child is not None:
                self._end(0.0)


def _number(header: Mapping[str, Any], name: str) -> float | None:
    value = header.get(name)
    return float(value) if isinstance(value, int | float) else None


def _how(exit_: Exit) -> str:
    if exit_.signal is not None:
        return f"signal {exit_.signal}"
    return "its exit status is not known" if exit_.code is None else f"exit code {exit_.code}"
