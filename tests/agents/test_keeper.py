"""Nothing outlives its owner: real owners, really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from rota.agents.process import keeper_process
from rota.agents.process.keeper import keeper
from tests.agents.conftest import SOURCE, Run, StopWhenHeard, are_gone, python

HAS_PROC = os.path.exists("/proc/self/environ")

OWNER = """
import os, sys, threading
from rota.agents.process.command import Launch, run_command
from rota.agents.process.function import FunctionProcess
from rota.agents.process.keeper import keeper
from rota.agents.process.stop import Stop

UNMARKED = "exec env -u ROTA_RUN sleep 1000"  # only its group gives it away

def say(number):
    os.write(1, f"{number}\\n".encode())  # whole lines, whichever thread writes

def told(_stream, data):
    os.write(1, data)

def command(script):
    return run_command(Launch(argv=("sh", "-c", script), env=dict(os.environ)), on_output=told)

def in_thread(script):
    threading.Thread(target=command, args=(script,)).start()
"""


class Owner:
    """A process that runs some code after OWNER; its output is read line by line."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER + textwrap.dedent(code)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            text=True,
        )

    def numbers(self, count: int) -> list[int]:
        """The next so many lines, each a process id."""
        lines: IO[str] | None = self.process.stdout
        assert lines is not None
        return [int(lines.readline()) for _ in range(count)]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


@pytest.fixture
def owner() -> Iterator[Callable[[str], Owner]]:
    made: list[Owner] = []

    def start(code: str) -> Owner:
        made.append(Owner(code))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_killed_owner_takes_its_commands_along(owner: Callable[[str], Owner]) -> None:
    one = owner("for _ in range(3): in_thread('echo $$; sleep 1000 & echo $!; ' + UNMARKED)")
    pids = one.numbers(6)
    assert not are_gone(*pids)
    one.kill()
    assert are_gone(*pids, seconds=20)


@pytest.mark.skipif(not HAS_PROC, reason="found by the environment in /proc")
def test_a_killed_owner_takes_along_what_left_the_group(owner: Callable[[str], Owner]) -> None:
    one = owner("command(\"setsid sh -c 'echo $$; exec sleep 1000' & wait\")")
    pids = one.numbers(1)
    one.kill()
    assert are_gone(*pids, seconds=20)


def test_a_killed_owner_takes_its_functions_along(owner: Callable[[str], Owner], tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(
        "import os, sys, subprocess\n"
        "def f(task):\n"
        "    sleeper = subprocess.Popen(['sleep', '1000'])\n"
        "    print(os.getpid(), sleeper.pid, sep='\\n')\n"
        "    sleeper.wait()\n"
    )
    one = owner(f"FunctionProcess('work:f', env=dict(os.environ), cwd={str(tmp_path)!r}).run(b'{{}}', on_output=told)")
    pids = one.numbers(2)
    one.kill()
    assert are_gone(*pids, seconds=20)


def test_the_helper_goes_with_its_owner(owner: Callable[[str], Owner]) -> None:
    killed = owner("command('true'); say(keeper().pid); sys.stdin.read()")
    (helper,) = killed.numbers(1)
    assert not are_gone(helper)
    killed.kill()
    assert are_gone(helper, seconds=20)
    left = owner("command('true'); say(keeper().pid)")
    (helper,) = left.numbers(1)
    assert left.process.wait() == 0
    assert are_gone(helper, seconds=20)


def test_the_helper_ignores_polite_signals(owner: Callable[[str], Owner]) -> None:
    one = owner("in_thread('echo $$; exec sleep 1000'); command('true'); say(keeper().pid)")
    pids = one.numbers(2)
    helper = keeper_of(one)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(helper, number)
    one.kill()
    assert are_gone(*pids, seconds=20)


def keeper_of(one: Owner) -> int:
    """The helper of an owner, once it is past its start, when it does not ignore signals yet."""
    (helper,) = [
        child
        for child in psutil.Process(one.process.pid).children()
        if any("keeper_process" in part for part in child.cmdline())
    ]
    ignored = signal.SIGTERM
    while HAS_PROC and not ignores(helper.pid, ignored):
        os.sched_yield()
    return helper.pid


def ignores(pid: int, number: signal.Signals) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("SigIgn:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSTOP"])
def test_a_helper_that_was_ended_or_stopped_is_replaced(owner: Callable[[str], Owner], how: str) -> None:
    one = owner(
        f"""
        import signal
        in_thread("echo $$; " + UNMARKED)
        sys.stdin.readline()
        first = keeper().pid
        os.kill(first, signal.{how})
        if "{how}" == "SIGKILL":
            os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        # A stopped helper is noticed when the pipe is full.
        while keeper().pid == first:
            keeper().add(os.getpid())
            keeper().remove(os.getpid())
        in_thread("echo $$; " + UNMARKED)
        """
    )
    (early,) = one.numbers(1)
    assert one.process.stdin is not None
    one.process.stdin.write("go on\n")
    one.process.stdin.flush()
    (late,) = one.numbers(1)
    assert not are_gone(early)
    one.kill()
    assert are_gone(early, late, seconds=20)


def test_a_forked_copy_of_the_owner_keeps_nothing_alive(owner: Callable[[str], Owner]) -> None:
    one = owner(
        """
        in_thread("echo $$; " + UNMARKED)
        sys.stdin.readline()
        if os.fork() == 0:
            say(os.getpid())
            command("echo $$")
            sys.stdin.read()
            os._exit(0)
        sys.stdin.read()
        """
    )
    (sleeper,) = one.numbers(1)
    assert one.process.stdin is not None
    one.process.stdin.write("go on\n")
    one.process.stdin.flush()
    copy, _ = one.numbers(2)
    one.kill()
    try:
        assert are_gone(sleeper, seconds=20)
        assert not are_gone(copy)
    finally:
        os.kill(copy, signal.SIGKILL)


@pytest.mark.skipif(not HAS_PROC, reason="found by the environment in /proc")
def test_an_owner_inside_a_run_takes_its_own_along_when_the_outer_run_is_ended(
    run: Run, stop_when_heard: Callable[..., StopWhenHeard]
) -> None:
    stopper = stop_when_heard("ready")
    inner = OWNER + "command(\"echo $$; setsid sh -c 'echo $$; echo ready; exec sleep 1000' & \" + UNMARKED)"
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ended = run(*python(inner), env=env, grace_s=0.0, stop=stopper.stop, on_output=stopper.listen)
    assert ended.why == "cancelled"
    pids = [int(word) for word in ended.stdout.split() if word.isdigit()]
    assert len(pids) == 2
    assert are_gone(*pids, seconds=20)


def feed_helper(lines: str) -> None:
    """Runs the helper on some lines, to the end of its input."""
    command = [sys.executable, "-I", "-S", keeper_process.__file__, "no-such-owner"]
    subprocess.run(command, input=lines, text=True, check=True)


@pytest.mark.skipif(not HAS_PROC, reason="start times come from /proc")
def test_a_stranger_with_the_number_of_a_group_is_spared(victim: subprocess.Popen[bytes]) -> None:
    stat = keeper_process.stat_of(victim.pid)
    assert stat is not None
    feed_helper(f"+{victim.pid} {int(stat[2]) - 1}\n")
    assert victim.poll() is None
    feed_helper(f"+{victim.pid} {stat[2]}\n-{victim.pid}\n")
    assert victim.poll() is None
    feed_helper(f"+{victim.pid} {stat[2]}\n")
    assert victim.wait(20) == -signal.SIGKILL


def test_without_start_times_a_group_is_known_by_its_number(victim: subprocess.Popen[bytes]) -> None:
    feed_helper(f"+1 9\n-1\n+{victim.pid} -\n")
    assert victim.wait(20) == -signal.SIGKILL


def test_marks_are_all_different_and_one_is_no_beginning_of_another() -> None:
    marks = [keeper().new_mark() for _ in range(20)]
    assert [(a, b) for a in marks for b in marks if a != b and a in b] == []
