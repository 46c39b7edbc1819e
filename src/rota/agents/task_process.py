"""One task done by an agent's process, and its answer checked: what a slot needs of a command or a function."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import msgspec

from rota.agents.brief import brief
from rota.agents.checkpoint import VARIABLE, CheckpointFile
from rota.agents.environment import VARIABLES, task_environment
from rota.agents.outcome import Verdict, judge
from rota.agents.placeholders import PlaceholderError, substitute
from rota.agents.process.backoff import Backoff
from rota.agents.process.command import Launch, run_command
from rota.agents.process.ended import Ended
from rota.agents.process.function import FunctionProcess
from rota.agents.process.stop import Stop
from rota.agents.worktree.git import outside_git
from rota.files.fleet import ProcessSettings
from rota.model.branch import Branch

Task = dict[str, Any]
"""A task as its process sees it (see `given`)."""


class Run(NamedTuple):
    """What became of one attempt: the judgement, and what it took (`cpu_s`, `wall_s`, `max_rss_bytes`)."""

    verdict: Verdict
    usage: dict[str, float]
    checkpoint: str | None = None
    """How far a command has come that did not do the task; None = no word of it, or no new one."""
    branch: Branch | None = None
    """What it left in a git repository."""


class TaskProcess(Protocol):
    """What does the tasks of one slot. Used by one thread; `close` it in the end."""

    @property
    def delay_s(self) -> float:
        """Seconds to wait before the next task; above 0 after it broke."""
        ...

    def do(self, task: Task, stop: Stop) -> Run:
        """Do one task and have the answer checked; blocks. Never raises for anything a process does."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...


Tell = Callable[[str | None], None]
"""Told why an agent waits with a task in its hands; None: it does not any more."""


def process_of(settings: ProcessSettings, tell: Tell = lambda _trouble: None) -> TaskProcess:
    """The process that these settings describe; it starts with its first task."""
    if settings.workspace is not None:
        from rota.agents.in_worktree import InWorktree

        return InWorktree(settings, settings.workspace, tell)
    return _Command(settings) if settings.python is None else _Function(settings, settings.python)


class _Command:
    """A new process for each task."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._settings = settings
        self._backoff = Backoff()

    @property
    def delay_s(self) -> float:
        return self._backoff.delay_s

    def do(self, task: Task, stop: Stop) -> Run:
        stdin = msgspec.json.encode(task)
        with CheckpointFile(task.get("checkpoint")) as file:
            ended = launched(self._settings, self._settings.command, task, stdin, stop, {VARIABLE: file.path})
            run = with_checkpoint(judged(self._settings, task, ended, stop), file)
        if run.verdict.kind == "broken":
            self._backoff.failed()
        else:
            self._backoff.succeeded()
        return run

    def close(self) -> None:
        return


class _Function:
    """One process that stays."""

    def __init__(self, settings: ProcessSettings, target: str) -> None:
        self._settings = settings
        self._process = FunctionProcess(
            target,
            env=environment(settings, {}),
            cwd=settings.folder,
            grace_s=settings.grace,
        )
        self._check = Backoff()

    @property
    def delay_s(self) -> float:
        return max(self._process.delay_s, self._check.delay_s)

    def do(self, task: Task, stop: Stop) -> Run:
        settings = self._settings
        ended = self._process.run(
            msgspec.json.encode(task), timeout_s=settings.timeout, stall_s=settings.stall, stop=stop
        )
        run = judged(settings, task, ended, stop)
        if ended.why == "exit" and run.verdict.kind == "broken":
            self._check.failed()
        else:
            self._check.succeeded()
        return run

    def close(self) -> None:
        self._process.close()


def judged(settings: ProcessSettings, task: Task, ended: Ended, stop: Stop) -> Run:
    """The verdict, after the agent's check had its say."""
    verdict = judge(ended)
    if verdict.kind != "done" or not settings.check:
        return Run(verdict, usage_of(ended))
    check = checked(settings, task, verdict.result, stop)
    return Run(judge(ended, check), usage_of(ended, check))


def checked(settings: ProcessSettings, task: Task, result: Any, stop: Stop) -> Ended:
    """A run of the agent's check."""
    stdin = msgspec.json.encode({"task": task, "result": result})
    return launched(settings, settings.check, task, stdin, stop)


def with_checkpoint(run: Run, file: CheckpointFile) -> Run:
    """With what the command left to hand on, when it did not do the task."""
    if run.verdict.kind == "done":
        return run
    text, trouble = file.left()
    if trouble is not None:
        told = replace(run.verdict, error="; ".join(filter(None, (run.verdict.error, trouble))))
        return run._replace(verdict=told)
    return run._replace(checkpoint=text)


def launched(
    settings: ProcessSettings,
    argv: tuple[str, ...],
    task: Task,
    stdin: bytes,
    stop: Stop,
    more: Mapping[str, str] | None = None,
) -> Ended:
    """A run of these arguments for a task, with `more` variables; what they hold of the task is filled in."""
    try:
        filled = substitute(argv, {**task, "python": sys.executable}, lambda: brief(task))
    except PlaceholderError as error:
        return _unfilled(error)
    launch = Launch(
        argv=filled,
        env={**environment(settings, task), **(more or {})},
        stdin=stdin,
        cwd=settings.folder,
        timeout_s=settings.timeout,
        stall_s=settings.stall,
        grace_s=settings.grace,
    )
    return run_command(launch, stop=stop)


def _unfilled(error: PlaceholderError) -> Ended:
    """As if it had ended so: a task that cannot be put into the arguments is a bad task."""
    now = time.monotonic()
    if error.fault == "command":
        return Ended(why="broken", started=now, ended=now, detail=str(error))
    return Ended(why="exit", exit_code=65, started=now, ended=now, detail=str(error))


def environment(settings: ProcessSettings, task: Mapping[str, Any]) -> dict[str, str]:
    """The environment of an agent's processes: ours, the agent's own, and what is told of the task."""
    # Inside a run of another Rota its variables are about another task.
    ours = {name: value for name, value in os.environ.items() if name != VARIABLE and name not in VARIABLES}
    if task.get("worktree") is not None:
        ours = outside_git(ours)
    return {**ours, **settings.env, **task_environment(task)}


def usage_of(*runs: Ended) -> dict[str, float]:
    """What these runs took together."""
    usage = {
        "cpu_s": round(sum(run.usage.cpu_s for run in runs), 6),
        "wall_s": round(sum(run.ended - run.started for run in runs), 6),
    }
    peaks = [run.usage.max_rss_bytes for run in runs if run.usage.max_rss_bytes is not None]
    return {**usage, "max_rss_bytes": float(max(peaks))} if peaks else usage
