"""Commands that we end: too slow, too silent, not wanted any more."""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rota.agents.process.stop import Stop, StopReason
from tests.agents.conftest import Run, StopWhenHeard, are_gone, python

Stopper = Callable[..., StopWhenHeard]

LAST_WORDS = """
import signal, sys, time

def end(*_):
    for word in ("one", "two"):
        time.sleep(0.05)
        print(word, flush=True)
    sys.exit(0)

signal.signal(signal.SIGTERM, end)
with open(sys.argv[1], "w") as ready:
    ready.write("ready\\n")
while True:
    signal.pause()
"""
"""Says one, two when told to end. A shell would not do: its children lose signals between fork and exec."""


def test_one_that_never_ends_is_ended_at_its_timeout(run: Run) -> None:
    ended = run("sleep", "1000", timeout_s=0.05)
    assert (ended.why, ended.signal, ended.detail) == (
        "timeout",
        signal.SIGTERM,
        "no end within 0.05 s (timeout)",
    )


def test_a_timeout_does_not_wait_for_silence(run: Run) -> None:
    ended = run("sh", "-c", "while :; do echo on; done", timeout_s=0.1)
    assert (ended.why, ended.stdout_truncated or ended.stdout.startswith(b"on\non\n")) == ("timeout", True)


def test_one_that_falls_silent_is_stalled(run: Run) -> None:
    ended = run("sh", "-c", "echo working; exec sleep 1000", stall_s=0.2, timeout_s=100)
    assert (ended.why, ended.stdout, ended.detail) == (
        "stalled",
        b"working\n",
        "no output for 0.2 s (stalled)",
    )


def test_one_that_goes_on_talking_is_not_stalled(run: Run) -> None:
    code = "import sys, time\nfor _ in range(22): print(end='.', file=sys.stderr, flush=True); time.sleep(0.05)"
    ended = run(*python(code), stall_s=1.0)
    assert (ended.why, ended.exit_code, ended.stderr_tail) == ("exit", 0, "." * 22)


@pytest.mark.parametrize(
    ("reason", "why"), [("cancel", "cancelled"), ("shutdown", "shutdown"), ("preempt", "preempted")]
)
def test_a_stop_ends_it(run: Run, stop_when_heard: Stopper, reason: StopReason, why: str) -> None:
    stopper = stop_when_heard("ready", reason)
    ended = run("sh", "-c", "echo ready; exec sleep 1000", stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.signal) == (why, signal.SIGTERM)


def test_a_stop_ends_one_that_takes_no_stdin(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    script = "echo ready; exec sleep 1000"
    ended = run("sh", "-c", script, stdin=bytes(5_000_000), stop=stopper.stop, on_output=stopper.listen)
    assert ended.why == "cancelled"


def test_a_stop_ends_a_flood(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard("y\n")
    ended = run("yes", stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.signal) == ("cancelled", signal.SIGTERM)


def test_nothing_is_started_after_a_stop(run: Run, tmp_path: Path) -> None:
    with Stop() as stop:
        stop.set("shutdown")
        ended = run("touch", str(tmp_path / "made"), stop=stop)
    assert (ended.why, ended.exit_code, ended.signal) == ("shutdown", None, None)
    assert list(tmp_path.iterdir()) == []


def test_a_stop_that_comes_late_changes_nothing(run: Run) -> None:
    with Stop() as stop:
        ended = run("sh", "-c", "exit 3", stop=stop)
        stop.set("cancel")
    assert (ended.why, ended.exit_code) == ("exit", 3)


def test_sigterm_leaves_time_for_last_words(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    ended = run(*python(LAST_WORDS), "/dev/stdout", stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.exit_code, ended.stdout) == ("cancelled", 0, b"ready\none\ntwo\n")


def test_one_that_ignores_sigterm_is_killed_after_its_grace(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    script = "trap '' TERM; echo ready; while :; do sleep 1000; done"
    ended = run("sh", "-c", script, stop=stopper.stop, on_output=stopper.listen, grace_s=0.1)
    assert (ended.why, ended.signal) == ("cancelled", signal.SIGKILL)


def test_one_that_is_stopped_can_still_act_on_sigterm(
    run: Run, stop_when_heard: Stopper, named_pipe: Callable[[str], Path]
) -> None:
    stopper, up = stop_when_heard(), named_pipe("up")
    script = '"$@" & read x < "$4"; kill -STOP $!; echo ready; wait'
    command = ("sh", "-c", script, "sh", *python(LAST_WORDS), str(up))
    ended = run(*command, stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.stdout) == ("cancelled", b"ready\none\ntwo\n")


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="a system call by number")
def test_one_whose_first_thread_has_ended_is_no_zombie(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    code = """
        import ctypes, os, threading
        libc = ctypes.CDLL(None)
        threading.Thread(target=libc.pause).start()
        print(os.getpid(), "ready", flush=True)
        libc.syscall(60, 0)  # ends this thread alone
    """
    ended = run(*python(code), stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.signal, ended.left_behind) == ("cancelled", signal.SIGTERM, False)
    assert are_gone(int(ended.stdout.split()[0]))


def test_the_whole_group_is_ended(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    script = "echo $$; sh -c 'echo $$; sleep 1000 & echo $!; echo ready; wait' & wait"
    ended = run("sh", "-c", script, stop=stopper.stop, on_output=stopper.listen)
    pids = [int(word) for word in ended.stdout.split() if word.isdigit()]
    assert len(pids) == 3
    assert are_gone(*pids)


def test_a_child_keeps_its_grace_when_its_parent_is_quick_to_die(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    command = ("sh", "-c", '"$@" & wait', "sh", *python(LAST_WORDS), "/dev/stdout")
    ended = run(*command, stop=stopper.stop, on_output=stopper.listen)
    assert ended.signal == signal.SIGTERM
    assert ended.stdout == b"ready\none\ntwo\n"


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="no /proc: leaving the group is enough")
def test_a_child_in_a_session_of_its_own_gets_sigterm_and_grace(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    command = ("sh", "-c", 'setsid "$@" & wait', "sh", *python(LAST_WORDS), "/dev/stdout")
    ended = run(*command, stop=stopper.stop, on_output=stopper.listen)
    assert ended.stdout == b"ready\none\ntwo\n"


def test_a_child_that_ignores_sigterm_is_killed_with_the_group(run: Run, stop_when_heard: Stopper) -> None:
    stopper = stop_when_heard()
    script = "(trap '' TERM; sh -c 'echo $$; echo ready; while :; do sleep 1000; done') & wait"
    ended = run("sh", "-c", script, stop=stopper.stop, on_output=stopper.listen, grace_s=0.1)
    assert ended.signal == signal.SIGTERM
    assert are_gone(int(ended.stdout.split()[0]))


def test_a_signal_that_the_calling_thread_blocks_is_not_blocked_in_the_command(
    run: Run, stop_when_heard: Stopper
) -> None:
    stopper = stop_when_heard()
    seen = []

    def blocking() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        ended = run("sh", "-c", "echo ready; exec sleep 1000", stop=stopper.stop, on_output=stopper.listen)
        seen.append((ended.signal, signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())))

    thread = threading.Thread(target=blocking)
    thread.start()
    thread.join()
    assert seen == [(signal.SIGTERM, True)]


def test_many_threads_run_commands_at_once(run: Run) -> None:
    seen: list[tuple[int | None, bytes]] = []

    def some() -> None:
        for code in range(5):
            ended = run("sh", "-c", f"cat; exit {code}", stdin=b"x" * 70_000 * code)
            seen.append((ended.exit_code, ended.stdout))

    threads = [threading.Thread(target=some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen, key=str) == sorted(
        [(code, b"x" * 70_000 * code) for code in range(5) for _ in range(8)], key=str
    )
