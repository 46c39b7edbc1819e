"""What is made from the commands: the page, the completion, the exit codes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rota.faces.cli.commands import COMMANDS, DUTIES
from rota.faces.cli.described import described
from rota.faces.cli.exit_codes import EXIT_CODES
from rota.faces.cli.reference import reference_text
from rota.faces.cli.shift import NOT_ALL_DONE, STUCK
from rota.model.errors import KINDS
from tests.cli.shell import rota

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_committed_page_is_up_to_date() -> None:
    assert PAGE.read_text() == reference_text(), "run: python -m rota.faces.cli.reference > docs/cli.md"


def test_every_command_serves_one_duty_and_is_described() -> None:
    names = [command.name for _duty, commands in DUTIES for command in commands]
    assert len(names) == len(set(names)) == len(COMMANDS)
    assert {one.name.partition(" ")[0] for one in described()} == set(names)


def test_every_exit_code_is_explained() -> None:
    assert {kind.exit_code for kind in KINDS.values()} <= EXIT_CODES.keys()
    assert {0, NOT_ALL_DONE, STUCK, 130, 141} <= EXIT_CODES.keys()


def test_every_command_refuses_what_it_does_not_know_and_explains_itself() -> None:
    for name in (one.name for one in described() if one.name != "version"):
        said = rota(*name.split(), "--frobnicate")
        assert (said.code, said.out, len(said.talk.splitlines())) == (2, "", 1), name
        assert "Traceback" not in said.talk
        shown = rota(*name.split(), "--help")
        assert (shown.code, shown.talk, f"rota {name}" in shown.out) == (0, "", True), name


def test_bash_completes(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    script = tmp_path / "rota"
    script.write_text(rota("completion", "bash").out)
    asked = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rota; echo "${COMPREPLY[*]}"'
    lines = (
        ("rota can", ["cancel"]),
        ("rota tasks --state d", ["done", "dead"]),
        ("rota queues p", ["pause", "purge"]),
        ("rota queues pause --rea", ["--reason"]),
        ("rota run --ag", ["--again"]),
        ("rota archive m", ["make"]),
    )
    for line, words in lines:
        ran = subprocess.run(
            [bash, "-c", asked, "bash", script, *line.split()], capture_output=True, text=True, check=True
        )
        assert (ran.stdout.split(), ran.stderr) == (words, "")


def test_zsh_and_fish_have_scripts_and_others_have_none() -> None:
    assert rota("completion", "zsh").out.startswith("#compdef rota\n")
    assert "complete -c rota -n __fish_use_subcommand -fa cancel" in rota("completion", "fish").out
    for shell in ("zsh", "fish"):
        program = shutil.which(shell)
        if program is not None:
            script = rota("completion", shell).out
            assert subprocess.run([program, "-n"], input=script, text=True, check=False).returncode == 0
    assert rota("completion", "tcsh").code == 2
