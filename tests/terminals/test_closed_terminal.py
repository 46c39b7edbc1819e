"""A terminal that is closed, and a reader of the standard error that ends, take no work with them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from rota.owner.link import Link
from tests.cli.shell import environment
from tests.terminals.test_agent import WAIT_S, submit, tasks_of, until


def test_closing_the_terminal_gives_the_task_back(database: str) -> None:
    with closing(Link(database, idle=0.1)) as link:
        submit(link, "no 0")
        ours, theirs = os.openpty()
        words = [sys.executable, "-m", "rota", "agent", "-d", database, "--", "sleep", "60"]
        # In a session of its own whose terminal this is, so that it hears when it is closed.
        controlled = [sys.executable, "-c", _CONTROLLED, *words]
        with subprocess.Popen(
            controlled, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            until(lambda: tasks_of(link, state="running"))
            os.close(ours)
            assert process.wait(WAIT_S) == 129
        (left,) = tasks_of(link, state="ready")
        assert left.get("attempts", 0) == 0


_CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_run_goes_on_when_nobody_reads_how_far_it_is(tmp_path: Path) -> None:
    go, database = tmp_path / "go", tmp_path / "work.db"
    (tmp_path / "list.txt").write_text("one\ntwo\n")
    wait = f"while [ ! -e {go} ]; do sleep 0.02; done; echo done"
    words = [sys.executable, "-m", "rota", "each", "list.txt", "-n", "1", "-d", str(database), "--", "sh", "-c", wait]
    with subprocess.Popen(
        words, env=environment(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert b"2 tasks submitted" in process.stderr.readline()
        process.stderr.close()
        go.touch()
        assert process.stdout.read().count(b'"state":"done"') == 2
        assert process.wait(WAIT_S) == 0
