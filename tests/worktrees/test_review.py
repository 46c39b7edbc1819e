"""An attempt's worktree, its branch in the record, and what a person decides of it."""

from __future__ import annotations

import pytest

from rota.agents.reviewing import approve, in_review, look, merge_approved, reject, waiting
from rota.agents.worktree.repository import repository_of
from rota.files.toml import load_fleet
from rota.model.errors import RotaError
from tests.worktrees.conftest import Repo

FLEET = """
[queue.default]
approval = true
max_attempts = 4
backoff = { base = 0.01, cap = 0.02 }
[[agent]]
name = "coder"
slots = 2
workspace = "worktree"
merge = "main"
command = ["./agent.sh"]
check = ["sh", "-c", "test -s notes.txt && echo $(pwd) > checked.txt"]
env = { FILE = "notes.txt" }
"""


def test_work_waits_on_its_branch_until_it_is_merged_or_goes_back_with_the_reason(repo: Repo) -> None:
    repo.begin(FLEET)
    repo.tasks({"title": "grüße"}, {"title": "second"})
    (repo.path / "read.me").write_text("changed by a person\n")
    ended = repo.here("run", "fleet.toml", "tasks.jsonl", "--json")
    assert ended.card["states"] == {"review": 2}, ended.err
    assert (repo.path / "read.me").read_text() == "changed by a person\n"
    assert not (repo.path / "notes.txt").exists()
    assert len(repo.git("worktree", "list").splitlines()) == 1
    place, fleet = repository_of(str(repo.path)), load_fleet(str(repo.path / "fleet.toml"))
    with repo.asked() as ask:
        first, second = sorted(waiting(ask), key=lambda one: one.task.id)
        assert first.branch is not None
        assert first.branch.into == "main"
        assert first.branch.merged is None
        assert (first.branch.files, first.branch.added, first.branch.removed) == (1, 1, 0)
        assert repo.at("notes.txt", first.branch.name) == "grüße, attempt 1"
        assert first.task.result == f"worked in {repo.path}/.rota/worktrees/{first.task.id}-{first.branch.name[-8:]}"
        trailers = repo.git("log", "-1", "--format=%s%n%b", first.branch.name)
        assert (
            trailers.splitlines()
            == ["grüße", "Task: task-1", "Attempt: 1", "Agent: coder", ""][: len(trailers.splitlines())]
        )
        with pytest.raises(RotaError, match="with changes that are not committed; commit or stash"):
            approve(ask, first, place, fleet)
        assert look(ask, first.task.id).task.state == "review"
        repo.git("checkout", "--quiet", "read.me")
        assert approve(ask, first, place, fleet).merged == repo.git("rev-parse", "main")
        # It is checked out and clean, so the files follow.
        assert (repo.path / "notes.txt").read_text() == "grüße, attempt 1\n"
        gone_back = approve(ask, second, place, fleet)
        assert gone_back.conflict == "it conflicts in notes.txt"
        after = look(ask, second.task.id).task
        assert after.state == "ready"
        assert "can not be merged into main: it conflicts in notes.txt" in (after.reason or "")
    # What can not be merged any more begins anew at the target.
    repo.here("run", "fleet.toml", "tasks.jsonl", "--quiet")
    with repo.asked() as ask:
        again = in_review(ask, second.task.id)
        assert again.branch is not None
        assert repo.at("notes.txt", again.branch.name).splitlines()[0] == "grüße, attempt 1"
        reject(ask, second.task.id, "say more")
    # What was rejected and can be merged is gone on with, and whoever does it is told why.
    repo.script("agent.sh", 'echo "$1" | grep -q "say more" && echo better >> notes.txt')
    (repo.path / "fleet.toml").write_text((repo.path / "fleet.toml").read_text().replace('sh"]\n', 'sh", "{brief}"]\n'))
    repo.commit("another agent")
    repo.here("run", "fleet.toml", "tasks.jsonl", "--quiet")
    with repo.asked() as ask:
        better = in_review(ask, second.task.id)
        assert better.branch is not None
        assert repo.at("notes.txt", better.branch.name).splitlines() == [
            "grüße, attempt 1",
            "second, attempt 2",
            "better",
        ]
        # Approved by somebody who has no repository, such as over HTTP.
        ask("approve", {"tasks": [second.task.id]})
        assert [one.merged for one in merge_approved(ask, place, fleet)] == [repo.git("rev-parse", "main")]
        assert list(merge_approved(ask, place, fleet)) == []
    assert repo.branches() == []


def test_the_command_lists_shows_and_decides(repo: Repo) -> None:
    repo.begin(FLEET)
    repo.tasks({"title": "grüße"})
    repo.here("run", "fleet.toml", "tasks.jsonl", "--quiet")
    listed = repo.here("review").out.splitlines()
    assert len(listed) == 2
    assert "1 file +1 -0" in listed[1]
    assert listed[1].endswith("grüße")
    shown = repo.here("review", "task-1").out
    assert "+grüße, attempt 1" in shown
    assert "into     main" in shown
    assert repo.here("review", "task-1", "--reject", "").code == 2
    assert repo.here("review", "task-1", "--approve", "--reject", "no").code == 2
    assert repo.here("review", "task-9", "--approve").code == 3
    said = repo.here("review", "task-9", "task-1", "--approve")
    assert (said.code, "approved, merged into main as" in said.out) == (3, True), "each is judged by itself"
    assert said.err.startswith("rota: task-9: no_task: ")
    assert repo.here("review", "task-1", "--reject", "too late").code == 4
    assert repo.here("review").err == "nothing waits for approval\n"
