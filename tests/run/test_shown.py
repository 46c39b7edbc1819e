"""What a run shows: lines in a pipe, a live view on a terminal, colour only where it is wanted."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

from tests.run.conftest import SOURCE, Folder, tell
from tests.run.test_run import ECHO

COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-79]|4[0-79]|9[0-7]|38|48)(?:;[0-9;]*)?m")
RUN = ("run", "fleet.toml", "tasks.jsonl")


def on_a_terminal(folder: Folder, seen: bytes, **environment: str) -> bytes:
    """All that a run writes to a terminal of 100 columns; its first task ends once `seen` was written."""
    folder.script("work.sh", '[ "$ROTA_TASK_ID" = task-1 ] && read -r word < go\n:\n')
    folder.fleet('[[agent]]\nname = "echo"\nslots = 2\ncommand = ["./work.sh"]\n')
    folder.tasks({"title": "[red]waiting[/red]"}, {"title": "other"})
    go = folder.pipe("go")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "rota", *RUN],
        cwd=folder.path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    written = bytearray()
    try:
        while data := os.read(ours, 65_536):
            written += data
            if seen in written and go.exists():
                tell(go)
                go.unlink()
    except OSError:
        pass  # Linux says that the other end was closed
    finally:
        os.close(ours)
    assert process.wait(60) == 0, written.decode(errors="replace")
    return bytes(written)


def prepared(folder: Folder) -> Folder:
    folder.fleet(ECHO)
    folder.tasks(*({"title": f"[red]task {n}[/red]"} for n in range(30)))
    return folder


def test_a_pipe_gets_plain_lines(folder: Folder) -> None:
    ended = prepared(folder).rota(*RUN, FORCE_COLOR="1", CLICOLOR_FORCE="1", TERM="xterm-256color")
    assert ended.code == 0
    assert "\x1b" not in ended.out + ended.err
    assert "30 tasks submitted" in ended.err
    assert re.search(r"\d+ of 30 done", ended.err)
    assert re.search(r"^tasks +30 tasks: 30 done$", ended.out, re.MULTILINE)
    assert re.search(r"^priority inversions +0 ", ended.out, re.MULTILINE)
    assert re.search(r"^echo +2 +30 +0 +0 ", ended.out, re.MULTILINE)


def test_a_terminal_gets_a_live_view(folder: Folder) -> None:
    written = on_a_terminal(folder, b"1 of 2 done")
    assert b"at work on" in written
    assert b"[red]waiting[/red] (" in written
    assert COLOUR.search(written)
    assert written.rindex(b"\x1b[?25h") > written.rindex(b"\x1b[?25l")
    assert b"priority inversions" in written[written.rindex(b"\x1b[?25h") :]


def test_no_color_is_honoured(folder: Folder) -> None:
    written = on_a_terminal(folder, b"1 of 2 done", NO_COLOR="1")
    assert b"at work on" in written
    assert not COLOUR.search(written)


def test_a_dumb_terminal_gets_lines(folder: Folder) -> None:
    written = on_a_terminal(folder, b"1 of 2 done", TERM="dumb")
    assert b"\x1b" not in written
    assert b"2 tasks submitted" in written


def test_quiet_says_nothing(folder: Folder) -> None:
    ended = prepared(folder).run("--quiet")
    assert ended.err == ""
    assert ended.card["done"] == 30
