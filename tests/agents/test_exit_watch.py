"""Other systems than this one: without pidfds, /proc and waitid, commands must end just the same."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rota.agents.process import group, memory
from rota.agents.process.exit_watch import ExitWatch, PidfdWatch, ThreadWatch, watch_exit
from tests.agents.conftest import Functions, Run, StopWhenHeard, are_gone


@pytest.fixture(params=["no pidfd", "no pidfd, no /proc", "no pidfd, no /proc, no waitid"])
def poorer_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    kind: str = request.param
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    if "/proc" in kind:
        monkeypatch.setattr(group, "LINUX", False)
        monkeypatch.setattr(memory, "peak_of", lambda _process: None)
    if "waitid" in kind:
        monkeypatch.delattr(os, "waitid", raising=False)
    return kind


@pytest.fixture
def child() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(["sh", "-c", "read x; exit 5"], stdin=subprocess.PIPE)
    process.returncode = 0  # the watch waits for it
    return process


@pytest.mark.parametrize("kind", ["pidfd", "thread", "best"])
def test_a_watch_is_readable_once_the_child_has_ended(child: subprocess.Popen[bytes], kind: str) -> None:
    if kind == "pidfd" and not hasattr(os, "pidfd_open"):
        pytest.skip("no pidfds here")
    ways: dict[str, Callable[[int], ExitWatch]] = {"pidfd": PidfdWatch, "thread": ThreadWatch, "best": watch_exit}
    watch = ways[kind](child.pid)
    with selectors.DefaultSelector() as selector:
        selector.register(watch, selectors.EVENT_READ)
        assert selector.select(0) == []
        assert watch.reap() is None
        assert child.stdin is not None
        child.stdin.close()
        assert selector.select(30)
    reaped = watch.reap()
    watch.close()
    assert reaped is not None
    assert os.waitstatus_to_exitcode(reaped[0]) == 5


def test_an_exit_status_that_somebody_else_took_is_not_invented(run: Run) -> None:
    def take_it(_stream: str, data: bytes) -> None:
        os.kill(int(data), 9)
        os.waitpid(int(data), 0)

    ended = run("sh", "-c", "echo $$; exec sleep 1000", on_output=take_it)
    assert (ended.why, ended.exit_code, ended.signal) == ("broken", None, None)
    assert "collected by something else" in ended.detail


@pytest.mark.usefixtures("poorer_system")
def test_exit_codes_and_signals(run: Run) -> None:
    assert (run("sh", "-c", "exit 3").exit_code, run("sh", "-c", "kill -9 $$").signal) == (3, 9)
    assert run("cat", stdin=b"x" * 300_000).stdout == b"x" * 300_000


@pytest.mark.usefixtures("poorer_system")
def test_timeouts_and_leftovers(run: Run) -> None:
    ended = run("sh", "-c", "trap '' TERM; sleep 1000 & echo $!; wait", timeout_s=0.2, grace_s=0.1)
    assert (ended.why, ended.signal) == ("timeout", 9)
    assert are_gone(int(ended.stdout))
    assert are_gone(int(run("sh", "-c", "sleep 1000 & echo $!", grace_s=0.2).stdout))


@pytest.mark.usefixtures("poorer_system")
def test_a_stop(run: Run, stop_when_heard: Callable[..., StopWhenHeard]) -> None:
    stopper = stop_when_heard()
    ended = run("sh", "-c", "echo ready; exec sleep 1000", stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.signal) == ("cancelled", 15)


@pytest.mark.usefixtures("poorer_system")
def test_functions(functions: Functions, tmp_path: Path) -> None:
    function = functions(
        """
        import os
        def f(task):
            if task:
                os.kill(os.getpid(), 11)
            return "done"
        """
    )
    assert function.run(b"0").stdout == b'"done"'
    ended = function.run(b"1")
    assert (ended.why, ended.signal) == ("crashed", 11)
    assert function.run(b"0").stdout == b'"done"'
    assert list(tmp_path.glob("*.py")) != []
