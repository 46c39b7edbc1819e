"""Commands that end by themselves: what they say, take and leave behind."""

from __future__ import annotations

import os
import signal
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from rota.agents.process import command
from tests.agents.conftest import Run, are_gone, open_descriptors, python

MB = 1_000_000

LEAVES_ONE_BEHIND = """{prefix} sh -c 'echo $$ > "$1"; exec sleep 1000' sh "$1" >&- 2>&- & read pid < "$1"; echo $pid"""
"""Ends once the process left behind, started by `prefix`, has told its id through the named pipe $1."""


@pytest.mark.parametrize("code", [0, 1, 65, 75, 255])
def test_the_exit_code_is_told(run: Run, code: int) -> None:
    ended = run("sh", "-c", f"exit {code}")
    assert (ended.why, ended.exit_code, ended.signal) == ("exit", code, None)


def test_a_signal_is_told(run: Run) -> None:
    ended = run("sh", "-c", "kill -SEGV $$")
    assert (ended.why, ended.exit_code, ended.signal) == ("exit", None, 11)


def test_both_streams_are_kept_apart(run: Run) -> None:
    ended = run("sh", "-c", "echo out; echo err >&2")
    assert (ended.stdout, ended.stderr_tail) == (b"out\n", "err\n")
    assert not ended.stdout_truncated
    assert ended.started <= ended.ended


def test_one_that_ends_at_once_ends_as_it_should(run: Run) -> None:
    assert {(run("true").exit_code, run("false").exit_code) for _ in range(20)} == {(0, 1)}


def test_stdin_variables_and_folder_reach_it(run: Run, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "ROTA_TITLE": "a b"}
    ended = run("sh", "-c", 'cat; printf %s "$ROTA_TITLE"; pwd', stdin=b"in ", env=env, cwd=tmp_path)
    assert ended.stdout == f"in a b{tmp_path}\n".encode()


def test_no_shell_comes_between(run: Run) -> None:
    assert run("printf", "%s", "$(id) `id` ; * 'x").stdout == b"$(id) `id` ; * 'x"


def test_binary_output_is_kept_as_it_is(run: Run) -> None:
    ended = run(*python("import os; os.write(1, bytes(range(256))); os.write(2, b'\\xff\\x00ok')"))
    assert ended.stdout == bytes(range(256))
    assert ended.stderr_tail == "\ufffd\0ok"


def test_a_flood_is_read_to_its_end_in_little_memory(run: Run) -> None:
    tracemalloc.start()
    try:
        ended = run("sh", "-c", f"head -c {100 * MB} /dev/zero; echo done >&2")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (ended.exit_code, ended.stderr_tail) == (0, "done\n")
    assert len(ended.stdout) == 1 << 20
    assert ended.stdout_truncated
    assert most < 10 * MB


def test_floods_on_both_streams_do_not_wait_for_each_other(run: Run) -> None:
    ended = run("sh", "-c", f"head -c {10 * MB} /dev/zero >&2 & head -c {10 * MB} /dev/zero; wait; echo end >&2")
    assert ended.exit_code == 0
    assert len(ended.stdout) == 1 << 20
    assert len(ended.stderr_tail) == 65_536
    assert ended.stderr_tail.endswith("\0end\n")


def test_what_is_kept_of_stdout_can_be_set(run: Run) -> None:
    exactly, more = (run("printf", text, max_output=4) for text in ("abcd", "abcde"))
    assert (exactly.stdout, exactly.stdout_truncated) == (b"abcd", False)
    assert (more.stdout, more.stdout_truncated) == (b"abcd", True)


def test_a_big_stdin_comes_back_whole(run: Run) -> None:
    text = os.urandom(5 * MB)
    ended = run("cat", stdin=text, max_output=10 * MB)
    assert ended.stdout == text


def test_a_stdin_that_nobody_reads_is_no_trouble(run: Run) -> None:
    assert run("true", stdin=bytes(50 * MB)).exit_code == 0
    assert run("sh", "-c", "exec <&-; echo closed", stdin=bytes(50 * MB)).stdout == b"closed\n"
    assert run("sh", "-c", "head -c 3", stdin=b"abc" + bytes(50 * MB)).stdout == b"abc"


def test_an_empty_stdin_is_at_its_end(run: Run) -> None:
    assert run("cat").exit_code == 0


def test_closing_its_output_does_not_end_it(run: Run, named_pipe: Callable[[str], Path]) -> None:
    closed, go_on = named_pipe("closed"), named_pipe("go_on")
    seen = []

    def partner() -> None:
        seen.append(closed.read_text())
        go_on.write_text("go\n")

    thread = threading.Thread(target=partner)
    thread.start()
    ended = run("sh", "-c", f"exec >&- 2>&-; echo closed > '{closed}'; read line < '{go_on}'; exit 7")
    thread.join()
    assert seen == ["closed\n"]
    assert ended.exit_code == 7


def test_a_child_left_in_the_background_is_ended_and_not_waited_for(run: Run) -> None:
    ended = run("sh", "-c", "sleep 1000 & echo $!; exit 3")
    assert ended.exit_code == 3
    assert are_gone(int(ended.stdout))


def test_a_child_left_behind_is_ended_although_it_holds_no_pipe(run: Run) -> None:
    ended = run("sh", "-c", "sleep 1000 >/dev/null 2>&1 </dev/null & echo $!")
    assert are_gone(int(ended.stdout))


def test_a_child_left_behind_is_ended_although_it_ignores_sigterm(run: Run, named_pipe: Callable[[str], Path]) -> None:
    script = "trap '' TERM; " + LEAVES_ONE_BEHIND.format(prefix="")
    ended = run("sh", "-c", script, "sh", str(named_pipe("up")), grace_s=0.1)
    assert ended.exit_code == 0
    assert are_gone(int(ended.stdout))


def test_what_a_tee_behind_it_still_holds_is_heard(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SETTLE_S", 60.0)  # it ends with the last writer, however slow the machine is
    script = 'exec > >(while read -r line; do sleep 0.1; echo "heard $line"; done); echo last; exit 4'
    ended = run("bash", "-c", script)
    assert (ended.exit_code, ended.stdout) == (4, b"heard last\n")


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="no /proc: leaving the group is enough")
def test_a_child_in_a_session_of_its_own_is_ended_too(run: Run, named_pipe: Callable[[str], Path]) -> None:
    script = LEAVES_ONE_BEHIND.format(prefix="setsid")
    ended = run("sh", "-c", script, "sh", str(named_pipe("up")))
    assert ended.exit_code == 0
    assert are_gone(int(ended.stdout))


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="found by the environment in /proc")
def test_what_drops_its_mark_and_leaves_the_group_lives_on(run: Run, named_pipe: Callable[[str], Path]) -> None:
    script = LEAVES_ONE_BEHIND.format(prefix="env -u ROTA_RUN setsid")
    ended = run("sh", "-c", script, "sh", str(named_pipe("up")))
    pid = int(ended.stdout)
    assert not are_gone(pid)
    os.kill(pid, signal.SIGKILL)
    assert are_gone(pid, seconds=10)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="looks into /proc")
def test_no_descriptor_of_ours_is_inherited_and_none_is_lost(run: Run) -> None:
    reading, writing = os.pipe()
    try:
        os.set_inheritable(writing, True)
        run("true")  # the keeper's pipe is opened once and stays
        before = open_descriptors()
        inherited = run(*python("import os; print(sorted(os.listdir('/proc/self/fd')))"))
        run("there-is-no-such-command")
        run("sh", "-c", "sleep 1000 &", stdin=bytes(MB))
        run("sleep", "1000", timeout_s=0.05)
        assert open_descriptors() == before
        assert inherited.stdout == b"['0', '1', '2', '3']\n"  # 3 is the listing itself
    finally:
        os.close(reading)
        os.close(writing)


def test_each_piece_of_output_is_told_as_it_comes(run: Run) -> None:
    heard: list[tuple[str, bytes]] = []
    run("sh", "-c", "echo out; echo err >&2", on_output=lambda stream, data: heard.append((stream, data)))
    assert sorted(heard) == [("stderr", b"err\n"), ("stdout", b"out\n")]


def test_an_error_of_the_listener_ends_the_command_and_is_raised(run: Run) -> None:
    heard: list[bytes] = []

    def listen(_stream: str, data: bytes) -> None:
        heard.append(data)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run("sh", "-c", "echo $$; exec sleep 1000", on_output=listen)
    assert are_gone(int(heard[0]))
