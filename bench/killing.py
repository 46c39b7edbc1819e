"""The cell in which an agent's process dies: killed with -9 amid 300 tasks of 20 ms, a new one 0.5 s later.

What was done is read from a log that the tasks themselves write, so no library is asked about its own truth.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.progress import say
from bench.subject import AgentProcess, Subject

TASKS = 300
TASK_SECONDS = 0.020
KILL_AT = 100  # tasks done
PAUSE = 0.5  # seconds from the kill to the new process
_START_LIMIT = 30.0  # seconds until the first process must have come to KILL_AT


class Killed(msgspec.Struct, frozen=True):
    seconds: float | None  # from the kill until all were done; None: not within the limit
    undone: int
    twice: int  # tasks that were done more than once
    done_before: int  # the kill
    running_before: int

    def story(self, limit: float) -> str:
        story = f"at the kill {self.done_before} done, {self.running_before} running; done twice {self.twice}"
        return story if self.seconds is not None else f"{story}; not all done within {limit:.0f} s"


def start_agent_process(module: str, where: str, log: Path, limit: float = 300.0) -> "subprocess.Popen[bytes]":
    """Runs `module.run_agent(where, log)` in a new process, which ends itself after `limit` seconds."""
    arguments = [sys.executable, "-m", "bench.child", "agent", module, where, str(log), str(limit)]
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, cwd=Path(__file__).parent.parent)


def do_task(payload: str, log: Path) -> None:
    """The task: 20 ms of waiting between two lines in the log."""
    note(log, "begun", payload)
    time.sleep(TASK_SECONDS)
    note(log, "done", payload)


async def do_task_async(payload: str, log: Path) -> None:
    """The same for an event loop."""
    note(log, "begun", payload)
    await asyncio.sleep(TASK_SECONDS)
    note(log, "done", payload)


def note(log: Path, what: str, payload: str) -> None:
    """One line with the task's number; a write this short to a file opened for appending is never torn."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"{what} {payload.split(' ', 1)[0]}\n".encode())
    finally:
        os.close(descriptor)


def kill_and_restart(subject: Subject, payloads: list[str], log: Path, limit: float) -> Killed:
    """Kills the first process amid a task, starts a second, waits `limit` seconds from the kill at most."""
    log.touch()
    subject.submit_batches([payloads])
    agents: list[AgentProcess] = []
    try:
        agents.append(subject.start_agent(log))
        if not _wait(lambda: _in_the_middle(_read(log)), _START_LIMIT):
            raise TimeoutError(f"the first process did {len(_read(log).done)} tasks in {_START_LIMIT:.0f} s")
        agents[0].kill()
        killed = time.monotonic()
        agents[0].wait()
        before = _read(log)
        say(f"  killed with {len(before.done)} done, {len(before.running)} running; up to {limit:.0f} s more")
        time.sleep(max(0.0, killed + PAUSE - time.monotonic()))
        agents.append(subject.start_agent(log))
        finished = _wait(lambda: len(_read(log).done) == len(payloads), killed + limit - time.monotonic())
        seconds = time.monotonic() - killed
        after = _read(log)
        return Killed(
            seconds=seconds if finished else None,
            undone=len(payloads) - len(after.done),
            twice=sum(times > 1 for times in after.done.values()),
            done_before=len(before.done),
            running_before=len(before.running),
        )
    finally:
        for agent in agents:
            agent.kill()
            agent.wait()


class _Log(msgspec.Struct, frozen=True):
    done: Counter[str]  # number of a task → how often
    running: set[str]


def _read(log: Path) -> _Log:
    lines = [line.split(" ") for line in log.read_text().splitlines()]
    done = Counter(number for what, number in lines if what == "done")
    return _Log(done, {number for what, number in lines if what == "begun"} - set(done))


def _in_the_middle(log: _Log) -> bool:
    """A kill between two tasks would prove nothing."""
    return len(log.done) >= KILL_AT and bool(log.running)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.005)
    return met
