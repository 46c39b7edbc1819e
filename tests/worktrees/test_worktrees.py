"""Where attempts work: worktrees made, merged, kept and cleaned away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from rota.agents.process.stop import Stop
from rota.agents.task_process import process_of
from rota.agents.worktree.attempt import AttemptWorktree
from rota.agents.worktree.git import GitError
from rota.agents.worktree.leftover import clean_up
from rota.agents.worktree.merge import merge
from rota.agents.worktree.naming import branch_name, sessions_of
from rota.agents.worktree.repository import repository_of
from rota.files.processes import ProcessSettings
from rota.files.toml import load_fleet
from rota.model.errors import RotaError
from tests.worktrees.conftest import Repo

FLEET = """
[queue.default]
max_attempts = 4
backoff = { base = 0.01, cap = 0.02 }
[[agent]]
name = "coder"
slots = 3
workspace = "worktree"
merge = "main"
command = ["./agent.sh"]
"""


def test_done_work_is_merged_one_after_another_and_a_conflict_is_done_anew(repo: Repo) -> None:
    repo.begin(FLEET + 'env = { FILE = "notes.txt", TOGETHER = "3" }\nkeep_failed = true\n')
    repo.tasks(*({"title": f"task {n}"} for n in range(3)), {"title": "fail", "max_attempts": 1})
    card = repo.run().card
    assert card["states"] == {"done": 3, "dead": 1}
    # All three begin at the same commit and append to the same file: two of them must have been done anew.
    lines = repo.at("notes.txt").splitlines()
    assert sorted(line.split(",")[0] for line in lines) == ["task 0", "task 1", "task 2"]
    assert (repo.path / "notes.txt").read_text().splitlines() == lines
    assert card["failures"] == {"exit code 3": 1}
    assert card["agents"][0]["given_back"] >= 2
    # Of the failed one all is kept, of the others nothing.
    assert [name.startswith("rota/task-4-attempt-1-") for name in repo.branches()] == [True]
    (kept,) = [name for name in os.listdir(repo.path / ".rota" / "kept") if name.startswith("task-")]
    assert (repo.path / ".rota" / "kept" / kept / "junk").read_text() == "junk\n"
    assert [name for name in os.listdir(repo.path / ".rota" / "worktrees") if name.startswith("task-")] == []


def test_two_runs_at_once_share_a_repository_and_the_command_sees_where_it_is(repo: Repo) -> None:
    repo.begin("")
    told = 'echo "$ROTA_BRANCH $ROTA_SESSION" > "$1.txt"; test "$PWD" = "$ROTA_WORKTREE" && git rev-parse "$ROTA_BASE"'
    for name in ("one", "two"):
        (repo.path / f"{name}.txt").write_text(f"{name} a\n{name} b\n")
    command = ("--worktree", "--merge", "side", "--quiet", "--", "sh", "-c", told, "-", "{title}")
    repo.git("branch", "side")
    runs = [repo.start("each", f"{name}.txt", *command) for name in ("one", "two")]
    ended = [run.ended() for run in runs]
    assert [one.code for one in ended] == [0, 0], ended
    assert repo.branches() == []
    names = repo.git("ls-tree", "--name-only", "side").splitlines()
    assert {"one a.txt", "one b.txt", "two a.txt", "two b.txt"} <= set(names)
    assert not (repo.path / "one a.txt").exists()
    said = [repo.at(f"{name}.txt", "side").split() for name in ("one a", "two a")]
    assert said[0] != said[1]
    assert all(branch.startswith("rota/task-1-attempt-1-") for branch, _session in said)


def test_what_a_killed_run_left_is_saved_to_its_branch_and_gone_on_with(repo: Repo) -> None:
    repo.begin(FLEET)
    place = repository_of(str(repo.path))
    first = AttemptWorktree(place, _task(1), "main")
    first.open()
    Path(first.path, "half").write_text("half\n")
    with pytest.raises(GitError, match="in use by another attempt"):
        AttemptWorktree(place, _task(2), "main").open()
    assert clean_up(place) == []
    first._lock.release()  # as when its process was killed
    merging = os.path.join(place.kept(), "merge-killed")
    repo.git("worktree", "add", "--quiet", "--detach", merging)
    assert clean_up(place) == [merging, first.path]
    assert not os.path.exists(first.path)
    assert not os.path.exists(merging)
    lost = _task(2, {"number": 1, "outcome": "node_lost"})
    second = AttemptWorktree(place, lost, "main")
    second.open()
    assert second.path == first.path, "a session that is resumed finds its folder"
    assert Path(second.path, "half").read_text() == "half\n"
    repo.git("-C", second.path, "switch", "--quiet", "--create", "elsewhere")
    left = second.save("rest")
    assert (left.name, left.base, left.files) == (branch_name(lost, 2), repo.git("rev-parse", "main"), 1)
    second.close()
    assert len(repo.branches()) == 2
    # After a failure, and where it can not be merged any more, it begins anew.
    third = AttemptWorktree(place, _task(3, {"number": 2, "outcome": "failed"}), "main")
    third.open()
    assert not Path(third.path, "half").exists()
    third.close()
    third.forget_others()
    assert repo.branches() == []


@pytest.mark.parametrize("by", ["commit", "rebase"])
def test_a_merge_counts_only_when_the_merged_tree_passes_its_check(repo: Repo, by: Any) -> None:
    repo.begin(FLEET)
    place = repository_of(str(repo.path))
    worktree = AttemptWorktree(place, _task(1), "main")
    worktree.open()
    Path(worktree.path, "new").write_text("new\n")
    branch = worktree.save("new")
    worktree.close()
    (repo.path / "read.me").write_text("main went on\n")
    repo.commit("main went on")
    before = repo.git("rev-parse", "main")
    seen = []

    def wrong(folder: str) -> str | None:
        seen.append((Path(folder, "new").read_text(), Path(folder, "read.me").read_text()))
        return "two tests fail"

    made = merge(place, branch, "join", by=by, check=wrong)
    assert made.unsound == "merged into main it fails its check: two tests fail"
    assert seen == [("new\n", "main went on\n")]
    assert repo.git("rev-parse", "main") == before
    # Nor is a branch moved under somebody who rebases it.
    (repo.path / "read.me").write_text("it clashes\n")
    repo.commit("it clashes")
    repo.git("branch", "upstream", f"{before}~1")
    repo.git("switch", "--quiet", "upstream")
    (repo.path / "read.me").write_text("upstream\n")
    repo.commit("upstream")
    repo.git("switch", "--quiet", "main")
    with pytest.raises(AssertionError, match="could not apply"):
        repo.git("rebase", "--quiet", "upstream")
    assert "main is being rebased" in (merge(place, branch, "join", by=by).blocked or "")
    repo.git("rebase", "--abort")
    repo.git("reset", "--quiet", "--hard", before)
    # A file that git does not know is never written over.
    (repo.path / "new").write_text("of a person\n")
    assert "can not move on" in (merge(place, branch, "join", by=by).blocked or "")
    assert (repo.path / "new").read_text() == "of a person\n"
    (repo.path / "new").unlink()
    made = merge(place, branch, "join", by=by, check=lambda _folder: None)
    assert made.commit == repo.git("rev-parse", "main")
    assert len(repo.git("log", "-1", "--format=%P").split()) == (2 if by == "commit" else 1)
    assert merge(place, branch, "join", by=by).commit == made.commit, "once is enough"
    assert len(repo.git("worktree", "list").splitlines()) == 1


def test_what_can_have_no_worktrees_is_refused_with_the_fix(repo: Repo) -> None:
    shutil.rmtree(repo.path)
    repo.path.mkdir()
    with pytest.raises(RotaError, match="is in no git repository"):
        repository_of(str(repo.path))
    repo.git("init", "--quiet", "--initial-branch", "main")
    with pytest.raises(RotaError, match="has no commit that a worktree could begin at; try: git add"):
        repository_of(str(repo.path))
    repo.begin(FLEET.replace('"main"', '"mian"'))
    repo.tasks({"title": "never"})
    refused = repo.here("run", "fleet.toml", "tasks.jsonl")
    assert refused.code == 2
    assert "has no branch 'mian'; did you mean 'main'?" in refused.err
    repo.fleet('[[agent]]\nname = "a"\ncommand = ["echo", "{branch}"]\n')
    refused = repo.here("run", "fleet.toml", "tasks.jsonl")
    assert refused.code == 2
    assert '{branch} is there with workspace = "worktree" alone' in refused.err
    with pytest.raises(RotaError, match="has no branch 'main~0'"):
        repository_of(str(repo.path), merge="main~0")
    repo.git("branch", "rota")
    with pytest.raises(RotaError, match=r"has a branch 'rota'.*git branch -m rota"):
        repository_of(str(repo.path))
    repo.git("branch", "-D", "rota")
    (repo.path / ".gitmodules").write_text("")
    repo.commit("modules")
    with pytest.raises(RotaError, match="has submodules"):
        repository_of(str(repo.path))


def test_sessions_are_those_of_the_attempts() -> None:
    first, second = _task(1), _task(2, {"number": 1, "outcome": "failed"})
    assert sessions_of(first)[1] is None
    assert sessions_of(second)[1] == sessions_of(first)[0] != sessions_of(second)[0]
    other = {**first, "submitted": "2026-01-01T00:00:01.000000Z"}
    assert sessions_of(other)[0] != sessions_of(first)[0]
    assert branch_name(other, 1) != branch_name(first, 1)


def _task(attempt: int, *before: dict[str, Any]) -> dict[str, Any]:
    submitted = "2026-01-01T00:00:00.000000Z"
    return {"id": "task-7", "title": "seven", "submitted": submitted, "attempt": attempt, "attempts": list(before)}


def test_what_git_can_not_save_is_kept_and_the_task_goes_back(repo: Repo) -> None:
    """The index is locked, as by a git that was killed: nothing can be committed, and nothing is thrown away."""
    repo.begin(FLEET.replace("slots = 3", "slots = 1"))
    repo.script("agent.sh", 'echo work > work; touch "$(git rev-parse --git-dir)/index.lock"')
    process = process_of(load_fleet(str(repo.path / "fleet.toml")).agents[0].process or ProcessSettings(folder=""))
    with Stop() as stop, pytest.raises(GitError, match=r"index\.lock.*what was done is kept in"):
        process.do(_task(1), stop)
    (kept,) = [name for name in os.listdir(repo.path / ".rota" / "kept") if name.startswith("task-")]
    assert (repo.path / ".rota" / "kept" / kept / "work").read_text() == "work\n"


@pytest.mark.parametrize("how", ["rm .git", "rm .git; mkdir .git", "rm .git; git init --quiet"])
def test_a_worktree_without_its_git_is_never_taken_for_the_tree_of_a_person_around_it(repo: Repo, how: str) -> None:
    repo.begin(FLEET.replace("slots = 3", "slots = 1"))
    (repo.path / "read.me").write_text("not committed\n")
    before = repo.git("status", "--short"), repo.git("rev-parse", "HEAD")
    repo.script("agent.sh", f"echo work > work; {how}")
    process = process_of(load_fleet(str(repo.path / "fleet.toml")).agents[0].process or ProcessSettings(folder=""))
    with Stop() as stop:
        run = process.do(_task(1), stop)
    assert (run.verdict.kind, run.branch) == ("failed", None)
    assert "lost its .git" in (run.verdict.error or "")
    assert before == (repo.git("status", "--short").replace(" M agent.sh\n", ""), repo.git("rev-parse", "HEAD"))


def test_what_was_left_on_another_branch_is_committed_to_that_of_the_attempt_alone(repo: Repo) -> None:
    repo.begin(FLEET.replace("slots = 3", "slots = 1"))
    repo.git("switch", "--quiet", "--create", "mine")
    repo.script("agent.sh", "git switch --quiet main; echo work > work")
    before = repo.git("rev-parse", "main")
    process = process_of(load_fleet(str(repo.path / "fleet.toml")).agents[0].process or ProcessSettings(folder=""))
    with Stop() as stop:
        run = process.do({**_task(1), "approval": True}, stop)
    assert run.verdict.kind == "done"
    assert run.branch is not None
    assert repo.git("rev-parse", "main") == before
    assert repo.at("work", run.branch.name) == "work"


def test_while_something_is_in_the_way_the_same_is_not_checked_again(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rota.agents.in_worktree.BLOCKED_S", 0.01)
    checks, in_the_way, told = tmp_path / "checks", repo.path / "work", []
    repo.begin(FLEET.replace("slots = 3", f'slots = 1\ncheck = ["sh", "-c", "echo checked >> {checks}"]'))
    in_the_way.write_text("of a person\n")
    main_goes_on = f"cd '{repo.path}'; echo more >> read.me; git -c user.name=a -c user.email=b commit -qam more"
    repo.script("agent.sh", f"echo of an agent > work; {main_goes_on}")

    def tell(trouble: str | None) -> None:
        told.append(trouble)
        if len(told) == 3:
            in_the_way.unlink()

    settings = load_fleet(str(repo.path / "fleet.toml")).agents[0].process or ProcessSettings(folder="")
    with Stop() as stop:
        run = process_of(settings, tell).do(_task(1), stop)
    assert (run.verdict.kind, len(told)) == ("done", 4)
    assert in_the_way.read_text() == "of an agent\n"
    assert checks.read_text() == "checked\n" * 2, "what it left, and what the merge makes of it"
