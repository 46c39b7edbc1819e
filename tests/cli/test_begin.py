"""The first hour: `rota init`, `check`, `submit`, `run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import rota


def test_what_init_writes_can_be_checked_and_run(tmp_path: Path) -> None:
    said = rota("init", folder=tmp_path)
    assert (said.code, said.out.split()) == (0, ["./fleet.toml", "./tasks.md"])
    checked = rota("check", "tasks.md", "--json", folder=tmp_path)
    assert (checked.code, checked.json["findings"]) == (0, [])
    ran = rota("run", "tasks.md", "--quiet", "--json", folder=tmp_path)
    assert (ran.code, ran.json["done"]) == (0, 2)
    assert len(rota("tasks", "--json", folder=tmp_path).json["tasks"]) == 2


def test_what_is_commented_out_is_right_too(tmp_path: Path) -> None:
    rota("init", folder=tmp_path)
    lines = (tmp_path / "fleet.toml").read_text().splitlines()
    text = "\n".join(line[2:] if line.startswith(("# [", "# name", "# slots", "# command", "# timeout", "# key",
                                                  "# capacity", "# backoff", "# approval", "# skills", "# cost"))
                     else line for line in lines)  # fmt: skip
    text = text.replace('command = ["claude"', 'command = ["echo"')
    (tmp_path / "fleet.toml").write_text(text)
    checked = rota("check", "tasks.md", "--json", folder=tmp_path)
    assert (checked.code, checked.json["agents"]) == (0, 3), checked


def test_init_touches_nothing_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "tasks.md").write_text("mine")
    assert rota("init", tmp_path, "--json").json == {"files": [str(tmp_path / "fleet.toml")]}
    assert (tmp_path / "tasks.md").read_text() == "mine"
    before = (tmp_path / "fleet.toml").read_text()
    said = rota("init", tmp_path, "--json")
    assert (said.code, said.error["code"]) == (4, "duplicate")
    assert (tmp_path / "fleet.toml").read_text() == before
    (tmp_path / "file").touch()
    assert rota("init", tmp_path / "file" / "below").code == 2
    assert rota("init", tmp_path / "new" / "folder").code == 0
    assert (tmp_path / "new" / "folder" / "fleet.toml").exists()


def test_a_file_of_any_form_comes_in_once(tmp_path: Path) -> None:
    files = {
        "tasks.jsonl": '{"title": "a", "ref": "a"}\n{"title": "b", "after": ["a"]}\n',
        "tasks.csv": "title,kind\na,x\nb,y\n",
        "tasks.md": "- [ ] a\n- [ ] b\n",
        "tasks.txt": "a\nb\n",
    }
    work = tmp_path / "work.db"
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        first = rota("submit", tmp_path / name, "-d", work)
        assert (first.code, first.talk) == (0, "2 tasks submitted\n")
        second = rota("submit", tmp_path / name, "-d", work)
        assert (second.code, second.out, "submitted before" in second.talk) == (0, first.out, True)
        listed = rota("tasks", "--batch", first.out.strip(), "--json", "-d", work).json["tasks"]
        assert sorted(task["title"] for task in listed) == ["a", "b"]
    again = rota("submit", tmp_path / "tasks.md", "--again", "--json", "-d", work).json
    assert (again["fresh"], again["batch"].endswith("#2")) == (True, True)
    (tmp_path / "tasks.jsonl").write_text('{"title": "c"}\n{"titel": "d"}\n')
    wrong = rota("submit", tmp_path / "tasks.jsonl", "-d", work, "--json")
    assert (wrong.code, "tasks.jsonl:2" in wrong.error["field"]) == (2, True)
    assert rota("submit", tmp_path / "none.md", "-d", work).code == 2
    assert len(rota("tasks", "--json", "-d", work).json["tasks"]) == 10
    (tmp_path / "tasks.txt").write_text("a\nb\nc\n")
    changed = rota("submit", tmp_path / "tasks.txt", "-d", work)
    assert (changed.code, changed.talk.splitlines()[1:]) == (0, ["3 tasks submitted"])
    assert "a file named tasks.txt with other content was submitted before (2 tasks" in changed.talk
    assert "all 3 of this one are new" in changed.talk


def test_every_session_of_a_repository_meets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "one").mkdir()
    rota("add", "mine", folder=tmp_path / "one")
    assert json.loads(rota("tasks", "--json", folder=tmp_path).out)["tasks"][0]["title"] == "mine"
    assert (tmp_path / "data" / "rota" / "rota.db").exists()
    assert rota("audit", folder=tmp_path).code == 0
