"""The shell itself: help, mistakes, exit codes, pipes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from rota import __version__
from rota.faces.cli.commands import COMMANDS
from tests.cli.shell import environment, process, rota

HEAVY = {"apsw", "asyncio", "cyclopts", "msgspec", "psycopg", "rich"}


def loaded_by(*arguments: str) -> set[str]:
    code = "from rota.faces.cli.main import execute; execute(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    code = f"import sys; {code}"
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in ran.stderr.split()}


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("help",)])
def test_help_names_every_command(arguments: tuple[str, ...]) -> None:
    said = rota(*arguments)
    assert (said.code, said.talk) == (0, "")
    for command in COMMANDS:
        assert f"  {command.name} " in said.out
        assert command.summary in said.out


@pytest.mark.parametrize("arguments", [["--help"], ["version"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(*arguments) & HEAVY == set()


def test_help_about_a_command() -> None:
    assert rota("help", "tasks").out == rota("tasks", "--help").out
    assert rota("help", "queues", "pause").out.startswith("Usage: rota queues pause QUEUE")
    assert rota("help", "tusks").code == 2


def test_the_version() -> None:
    assert rota("version").out.startswith(f"rota {__version__} (Python 3.")
    assert rota("--version").out == rota("version").out
    assert rota("version", "--json").json["rota"] == __version__


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    said = rota(command, "--help")
    assert (said.code, said.talk) == (0, "")
    assert said.out.startswith(f"Usage: rota {command}") or command == "version"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tasks", "--al"], "--all"),
        (["tasks", "--limit", "many"], "--limit"),
        (["tasks", "--state", "gone"], "running"),
        (["task"], "TASK"),
        (["archive", "mke"], "make"),
        (["tusks"], "did you mean 'tasks'"),
        (["--frobnicate"], "no command"),
    ],
)
def test_a_command_line_that_makes_no_sense(arguments: list[str], words: str) -> None:
    said = rota(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.talk.startswith("rota: ")
    assert words in said.talk
    assert "--help" in said.talk
    assert len(said.talk.splitlines()) == 1


def test_a_group_of_commands_needs_one_of_them() -> None:
    for arguments in (["archive"], ["archive", "--json"]):
        said = rota(*arguments)
        assert (said.code, said.out) == (2, "")
        assert "needs one of its commands" in said.talk
    assert rota("archive", "--help").code == 0


def test_a_database_in_the_wrong_place(database: Path) -> None:
    said = rota("tasks", database)
    assert (said.code, said.out) == (2, "")
    assert f"use `-d {database}`" in said.talk
    said = rota("queues", "postgresql://ann:secret@host/db")
    assert (said.code, "`-d ADDRESS`" in said.talk, "secret" in said.talk) == (2, True, False)
    said = rota("tasks", "nonsense")
    assert (said.code, "does not take 'nonsense'" in said.talk) == (2, True)


def test_what_is_no_file_is_no_database(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "no regular file"),
        ("/dev/null", "no regular"),
    ):
        for command in (["tasks"], ["audit", place], ["doctor", place], ["backup", tmp_path / "copy"]):
            said = rota(*command, *(["-d", place] if place not in command else []))
            assert said.code in (1, 2), said
            assert words in said.talk + said.out, said
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_mistakes_as_json(tmp_path: Path) -> None:
    said = rota("tasks", "--json", "--limit", "0", "-d", tmp_path / "none.db")
    assert said.code == 3
    assert said.error["code"] == "no_database"
    assert set(said.error) == {"code", "message", "fix"}
    said = rota("tasks", "--json", "--frobnicate")
    assert said.code == 2
    assert said.error["code"] == "invalid"


def test_json_after_two_dashes_is_the_commands_own() -> None:
    said = rota("nonsense", "--", "--json")
    assert said.talk.startswith("rota: ")


def test_the_exit_code_tells_what_was_wrong(database: Path) -> None:
    assert rota("task", "task-1", "-d", database).code == 0
    assert rota("task", "nonsense", "-d", database).code == 2
    assert rota("task", "task-99", "-d", database).code == 3
    assert rota("tasks", "--queue", "none", "-d", database).code == 3
    assert rota("tasks", "--limit", "0", "-d", database).code == 2


def test_an_unexpected_error_is_one_line_and_shows_its_place_only_when_asked(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(database, copy)
    connection = apsw.Connection(str(copy))
    connection.execute("UPDATE agent SET spec = '{'")
    connection.close()
    said = process("agents", "-d", copy)
    assert (said.code, said.out) == (1, "")
    assert "Traceback" not in said.talk
    assert "ROTA_DEBUG" in said.talk
    assert len(said.talk.splitlines()) == 1
    assert rota("agents", "-d", copy, "--json").error["code"] == "internal"
    assert "Traceback" in process("agents", "-d", copy, ROTA_DEBUG="1").talk


def test_a_reader_that_leaves_early_is_no_error(database: Path) -> None:
    command = [sys.executable, "-m", "rota", "events", "--all", "--json", "-d", str(database)]
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, env=environment()) as listing:
        os.close(writing)
        assert listing.stderr is not None
        assert listing.stderr.read() == b""
    assert listing.returncode == 141


def test_an_interrupted_command_says_so(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('[[agent]]\nname = "ann"\n')
    pipe = tmp_path / "tasks.jsonl"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "rota", "check", "fleet.toml", "tasks.jsonl"]
    checking = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment())
    # Opening it waits until the command reads, which it then does until we close it.
    with checking, pipe.open("w"):
        checking.send_signal(signal.SIGINT)
        _out, talk = checking.communicate(timeout=30)
    assert checking.returncode == 130
    assert "Traceback" not in talk
    assert talk.endswith("rota: interrupted\n")


def test_nothing_prints_colour_into_a_pipe(database: Path) -> None:
    for arguments in (
        ["tasks", "--help"],
        ["tasks", "-d", str(database)],
        ["dead", "-d", str(database)],
        ["tasks", "-x"],
    ):
        said = rota(*arguments)
        assert "\x1b" not in said.out + said.talk


def test_what_a_terminal_would_obey_is_shown_as_text(database: Path) -> None:
    assert "it\\x1b[31m broke" in rota("dead", "-d", database).out
    assert rota("dead", "-d", database, "--json").json["tasks"][0]["reason"].endswith("it\x1b[31m broke")


def test_closed_streams_do_no_harm(database: Path) -> None:
    script = f'"{sys.executable}" -m rota tasks -d "{database}" >&- 2>&-'
    assert subprocess.run(["sh", "-c", script], env=environment(), check=False).returncode == 0


def test_bytes_that_are_no_text_can_be_named_in_an_error(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable.encode(), b"-m", b"rota", b"tasks", b"-d", os.fsencode(tmp_path) + b"/\xff.db"],
        capture_output=True, env=environment(), check=False,
    )  # fmt: skip
    assert ran.returncode == 3
    assert b"Traceback" not in ran.stderr
    assert json.dumps("there is no database")[1:-1].encode() in ran.stderr
