"""Commands that cannot be started: told why, and what to do; nothing is raised."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from tests.agents.conftest import Run


def script(path: Path, text: str, mode: int = 0o755) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def take_all(taken: list[int]) -> None:
    while True:
        try:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return


def test_a_command_that_is_not_on_path(run: Run) -> None:
    ended = run("there-is-no-such-command")
    assert ended.why == "not_found"
    assert ended.detail.startswith("the command 'there-is-no-such-command' was not found on PATH")
    assert (ended.exit_code, ended.signal, ended.stdout, ended.stderr_tail) == (None, None, b"", "")


def test_path_is_the_one_of_the_command(run: Run, tmp_path: Path) -> None:
    script(tmp_path / "mine", "#!/bin/sh\necho mine\n")
    assert run("mine", env={"PATH": str(tmp_path)}).stdout == b"mine\n"
    assert run("mine", env={"PATH": "/nowhere"}).why == "not_found"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_on_path_that_may_not_be_looked_into(run: Run, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    env = {**os.environ, "PATH": f"{closed}:{os.environ['PATH']}"}
    assert run("there-is-no-such-command", env=env).why == "not_found"
    assert "may not be entered" in run(f"{closed}/mine").detail
    assert run("printf", "x", env=env).stdout == b"x"
    assert "too long" in run("printf", "x" * 10_000_000, env=env).detail


def test_a_path_that_does_not_exist_is_relative_to_the_working_folder(run: Run, tmp_path: Path) -> None:
    ended = run("./mine", cwd=tmp_path)
    assert ended.why == "not_found"
    assert f"'./mine' does not exist (looked in '{tmp_path}')" in ended.detail
    script(tmp_path / "mine", "#!/bin/sh\necho mine\n")
    assert run("./mine", cwd=tmp_path).stdout == b"mine\n"


def test_a_file_that_may_not_be_executed(run: Run, tmp_path: Path) -> None:
    ended = run(script(tmp_path / "mine", "#!/bin/sh\n", mode=0o644))
    assert ended.why == "not_executable"
    assert f"chmod +x {tmp_path / 'mine'}" in ended.detail


def test_a_folder(run: Run, tmp_path: Path) -> None:
    ended = run(str(tmp_path))
    assert (ended.why, ended.detail) == ("not_executable", f"'{tmp_path}' is a folder, not a program")


@pytest.mark.parametrize(
    ("first", "interpreter"), [("#!/no/such/thing -u", "/no/such/thing"), ("#!/bin/sh\r", "/bin/sh\\r")]
)
def test_an_interpreter_that_does_not_exist(run: Run, tmp_path: Path, first: str, interpreter: str) -> None:
    ended = run(script(tmp_path / "mine", f"{first}\necho hello\n"))
    assert ended.why == "not_executable"
    assert f"the interpreter '{interpreter}' of its first line does not" in ended.detail


def test_text_without_an_interpreter(run: Run, tmp_path: Path) -> None:
    ended = run(script(tmp_path / "mine", "echo hello\n"))
    assert ended.why == "not_executable"
    assert "#! line" in ended.detail


def test_a_working_folder_that_does_not_exist(run: Run, tmp_path: Path) -> None:
    ended = run("true", cwd=tmp_path / "gone")
    assert ended.why == "broken"
    assert f"the working folder '{tmp_path / 'gone'}' cannot be entered" in ended.detail


@pytest.mark.parametrize(
    ("argv", "env", "what"),
    [
        ((), {}, "empty"),
        (("",), {}, "empty"),
        (("printf", "a\0b"), {}, "null byte"),
        (("true",), {"A": "a\0b"}, "null byte"),
        (("true",), {"A=B": "c"}, "illegal environment variable name"),
        (("printf", "\ud800"), {}, "surrogates not allowed"),
        (("printf", "x" * 10_000_000), {}, "too long for this system"),
    ],
)
def test_arguments_and_variables_that_cannot_be_passed_on(
    run: Run, argv: tuple[str, ...], env: dict[str, str], what: str
) -> None:
    ended = run(*argv, env={**os.environ, **env})
    assert ended.why == "broken"
    assert what in ended.detail


def test_no_descriptors_left(run: Run) -> None:
    run("true")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        take_all(taken)
        details = []
        for left in range(12):
            details.append(run("true").detail)
            assert run("true").why == "broken", left
            os.close(taken.pop())
            if run("true").exit_code == 0:
                break
        assert all("Too many open files" in detail for detail in details)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)
    assert run("true").exit_code == 0
