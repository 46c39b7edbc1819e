"""Agents that are shell scripts: claim, heartbeat, complete, fail, give back, ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rota.faces.cli.short.work import CLAIM
from tests.cli.shell import Said, environment, rota

ROTA = f'#!/bin/sh\nexec "{sys.executable}" -m rota "$@"\n'
WORK = """\
#!/bin/sh
title=$(rota task "$1" | sed -n "s/^title *//p")
[ "$title" != "hopeless" ] && printf 'did: %s' "$title"
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("work") / "work.db"
    assert rota("agents", "register", "ann", "--slots", "2", "-d", path).code == 0
    return path


def shell(work: Path, *arguments: str) -> Said:
    return rota(*arguments, "-d", work, ROTA_AGENT="ann")


def claimed(work: Path, title: str, *options: str) -> tuple[str, str]:
    shell(work, "add", title, *options)
    said = shell(work, "claim")
    task, token, shown = said.out.rstrip("\n").split("\t")
    assert (said.code, shown) == (0, title)
    return task, token


def test_the_loop_that_the_help_shows(work: Path, tmp_path: Path) -> None:
    for title in ("one", "hopeless", "a title; with $signs"):
        shell(work, "add", title, "--kind", "loop", "--max-attempts", "1")
    for name, text in (("rota", ROTA), ("work", WORK)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    loop = "\n".join(line for line in CLAIM.text.splitlines() if line.startswith("    "))
    known = environment(ROTA_DATABASE=str(work), PATH=f"{tmp_path}:{os.environ['PATH']}")
    with subprocess.Popen(["sh", "-c", loop], cwd=tmp_path, env=known, stdout=subprocess.PIPE, start_new_session=True,
                          stderr=subprocess.PIPE, text=True) as looping:  # fmt: skip
        while "running" in (states := states_of(work)) or "ready" in states:
            # Nothing of this project ever waits: the claim is the pause.
            shell(work, "claim", "--tenant", "nobody", "--wait", "0.1s")
        os.killpg(looping.pid, signal.SIGTERM)
        out, talk = looping.communicate(timeout=30)
    assert (states, out.split()) == (["done", "dead", "done"], ["done", "dead", "done"])
    assert "Traceback" not in talk
    results = [task["id"] for task in shell(work, "tasks", "--kind", "loop", "--json").json["tasks"]]
    assert shell(work, "task", results[0], "--json").json["task"]["result"] == "did: a title; with $signs"


def states_of(work: Path) -> list[str]:
    """Of the loop's tasks, the first one first."""
    return [task["state"] for task in shell(work, "tasks", "--kind", "loop", "--json").json["tasks"]][::-1]


def test_nothing_to_claim(work: Path) -> None:
    said = shell(work, "claim")
    assert (said.code, said.out) == (5, "")
    assert shell(work, "claim", "--json").json == {"tasks": []}
    assert rota("claim", "-d", work).code == 2
    assert rota("claim", "-a", "nobody", "-d", work).code == 3


def test_a_report_with_its_result_and_what_it_used(work: Path) -> None:
    task, token = claimed(work, "used")
    said = shell(work, "complete", task, token, "--result", '{"n": [1, 2]}', "--usage", "tokens=12", "--cost", "0.5")
    assert (said.code, said.out) == (0, "done\n")
    shown = shell(work, "task", task, "--json").json
    assert shown["task"]["result"] == {"n": [1, 2]}
    assert (shown["attempts"][0]["usage"], shown["attempts"][0]["cost"]) == ({"tokens": 12.0}, 0.5)


def test_a_lease_that_is_lost(work: Path) -> None:
    task, token = claimed(work, "lost")
    other = f"{token[:-4]}{'aaaa' if not token.endswith('aaaa') else 'bbbb'}"
    said = shell(work, "complete", task, other)
    assert (said.code, said.out) == (4, "")
    assert f"{task}: lease_lost" in said.talk
    said = shell(work, "heartbeat", task, other)
    assert (said.code, "lease_lost" in said.talk) == (4, True)
    assert shell(work, "complete", task, token, "--json").json["states"] == {task: "done"}


def test_failing_giving_back_and_trying_again(work: Path) -> None:
    task, token = claimed(work, "hard")
    assert shell(work, "give-back", task, token, "-r", "not now").out == "ready\n"
    task, token, _ = shell(work, "claim").out.rstrip("\n").split("\t")
    said = shell(work, "fail", task, token, "-e", "it broke", "--final", "--notes", "never mind")
    assert (said.code, said.out) == (0, "dead\n")
    assert shell(work, "dead", "--json").json["tasks"][0]["id"] == task
    assert shell(work, "redrive", task).out == f"{task}\n"
    shell(work, "cancel", task)


def test_a_heartbeat_tells_of_a_cancel(work: Path) -> None:
    task, token = claimed(work, "stop me")
    assert shell(work, "heartbeat").out == ""
    said = shell(work, "heartbeat", task, token, "--progress", "0.5", "--checkpoint", '{"at": 3}')
    assert (said.code, said.out) == (0, "")
    cancelled = shell(work, "cancel", task)
    assert (cancelled.code, "have 30 s" in cancelled.talk) == (0, True)
    assert shell(work, "heartbeat", task, token).out == f"cancel\t{task}\n"
    assert shell(work, "give-back", task, token).out == "cancelled\n"


def test_a_question_and_its_answer(work: Path) -> None:
    task, token = claimed(work, "which?")
    assert shell(work, "ask", task, token, "red or blue?").out == "asked\n"
    assert shell(work, "task", task, "--json").json["task"]["question"] == "red or blue?"
    assert shell(work, "answer", task, "blue").out == f"{task}\n"
    given = shell(work, "claim", "--json").json["tasks"][0]
    assert (given["task"], given["answer"]) == (task, "blue")
    assert shell(work, "complete", task, given["token"]).out == "done\n"
    assert shell(work, "answer", task, "red").code == 4


def test_approval(work: Path) -> None:
    task, token = claimed(work, "check me", "--approval", "yes")
    assert shell(work, "complete", task, token).out == "review\n"
    assert shell(work, "reject", task).code == 2
    assert shell(work, "reject", task, "-r", "not good").out == f"{task}\n"
    assert shell(work, "approve", task).code == 4
    shell(work, "cancel", task)
