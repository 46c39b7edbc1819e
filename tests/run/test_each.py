"""`rota each` from the outside."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from tests.run.conftest import SOURCE, Folder

BACKLOG = """
# What there is to do
- [ ] Write the page !high @prose:3
  Three paragraphs.
  - [ ] Draw the picture
- [x] Think about it
- [ ] fail at this
"""
WORK = (
    "sh",
    "-c",
    'echo "$1" >> log; case "$1" in fail*) echo "no way" >&2; exit 3;; esac; echo "$1: done"',
    "-",
    "{title}",
)


def test_each_checkbox_is_done_once(folder: Folder) -> None:
    (folder.path / "backlog.md").write_text(BACKLOG)
    ended = folder.rota("each", "-n", "3", "--attempts", "1", "backlog.md", "--", *WORK)
    assert ended.code == 8
    found = {line["title"]: line for line in ended.lines}
    assert found["fail at this"] == {
        "id": found["fail at this"]["id"],
        "title": "fail at this",
        "state": "dead",
        "result": None,
        "error": "attempt 1 of 1 failed: exit code 3: no way",
    }
    assert found["Draw the picture"]["result"] == "Draw the picture: done"
    titles = [line["title"] for line in ended.lines]
    assert sorted(titles) == ["Draw the picture", "Write the page", "fail at this"]
    assert titles.index("Draw the picture") < titles.index("Write the page")
    assert "priority inversions" in ended.err
    again = folder.rota("each", "-n", "3", "--attempts", "1", "--quiet", "backlog.md", "--", *WORK)
    assert (again.code, again.lines, again.err) == (8, ended.lines, "")
    assert sorted(folder.log()) == sorted(titles)
    other = folder.rota("each", "--quiet", "backlog.md", "--", "echo", "{description}")
    results = {line["title"]: line["result"] for line in other.lines}
    assert results["Write the page"] == "Three paragraphs."
    assert results["Draw the picture"] == "Part of: Write the page"


def test_titles_come_from_text_and_from_the_standard_input(folder: Folder) -> None:
    (folder.path / "list.txt").write_text("one\n\n  two  \n")
    ended = folder.rota("each", "list.txt", "--quiet", "--", "echo", "{title}")
    assert (ended.code, sorted(line["result"] for line in ended.lines)) == (0, ["one", "two"])
    running = folder.start("each", "-", "--quiet", "--", "cat", stdin=subprocess.PIPE)
    out, _ = running.process.communicate('{"title": "x", "payload": {"n": 1}}\n', timeout=60)
    assert running.process.returncode == 0
    assert '"payload":{"n":1}' in out


def test_a_command_line_that_does_not_fit_is_refused(folder: Folder) -> None:
    (folder.path / "list.txt").write_text("one\n")
    refused = {
        ("list.txt",): "write it after `--`",
        ("none.txt", "--", "echo"): "none.txt: there is no such file",
        ("list.txt", "--", "no-such-program"): "was not found on PATH",
        ("list.txt", "--", "echo", "{titel}"): "{titel} is no placeholder",
        ("list.txt", "-n", "0", "--", "echo"): "slots: 0 is not between",
        ("--qiet", "list.txt", "--", "echo"): "--qiet",
        ("list.txt", "--timeout", "soon", "--", "echo"): "timeout: 'soon' is not a length of time",
    }
    for arguments, said in refused.items():
        ended = folder.here("each", *arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert said in ended.err
        assert ended.err.count("\n") == 1


def test_a_file_without_tasks_gets_a_warning(folder: Folder) -> None:
    (folder.path / "notes.md").write_text("# Notes\n\n- [x] old\n- a thought\n")
    (folder.path / "empty.jsonl").write_text("")
    ended = folder.here("each", "notes.md", "--", "true")
    assert ended.code == 0
    assert "warning: notes.md holds no task: a task of Markdown is an open checkbox" in ended.err
    assert "warning: empty.jsonl holds no task" in folder.here("each", "empty.jsonl", "--", "true").err
    folder.fleet('[[agent]]\nname = "a"\ncommand = ["true"]\n')
    assert "warning: notes.md holds no task" in folder.here("run", "fleet.toml", "notes.md").err


def test_many_slots_get_the_open_files_they_need(folder: Folder) -> None:
    (folder.path / "list.txt").write_text("".join(f"task {n}\n" for n in range(80)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    try:
        running = folder.start("each", "-n", "80", "--attempts", "1", "list.txt", "--", "sleep", "0.5")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    ended = running.ended()
    assert (ended.code, len(ended.lines)) == (0, 80)
    assert "Traceback" not in ended.err


def test_more_slots_than_open_files_allow_are_refused(folder: Folder) -> None:
    (folder.path / "list.txt").write_text("one\n")
    limited = 'ulimit -n 200; exec "$0" -m rota each -n 80 list.txt -- true'
    ended = subprocess.run(
        ["sh", "-c", limited, sys.executable],
        cwd=folder.path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "80 slots need 1,024 open files, 200 are allowed; `ulimit -n 1024`" in ended.stderr
