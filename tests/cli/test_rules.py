"""`rota rules`: what the rules of a fleet.toml do with a file of tasks, and those in use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rota.files.tasks import open_tasks
from rota.files.toml import load_fleet
from rota.model.commands.fleet import SetQueue
from rota.model.commands.read import GetTask
from rota.model.commands.route import SetRules
from rota.model.commands.submit import Submit
from rota.model.rule import Rule, RuleSet
from rota.testing import TestDistributor
from tests.cli.shell import rota

FLEET = """\
[queue.fixes]

[[rule]]
name = "fix"
match = { kind = "fix", payload.severity = { ">" = 7 } }
set = { queue = "fixes", priority = "critical", skills = { py = 2 }, ban = ["eve"] }

[[rule]]
match = { title = { prefix = "Re:" } }
set = {}

[[rule]]
name = "never"
match = { tenant = "nobody" }
set = { role = "lead" }
"""

TASKS = [
    {"title": "it burns", "kind": "fix", "payload": {"severity": 9}},
    {"title": "it smokes", "kind": "fix", "payload": {"severity": 2}},
    {"title": "Re: it burns"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fleet.toml").write_text(FLEET)
    (tmp_path / "tasks.jsonl").write_text("\n".join(map(json.dumps, TASKS)))
    return tmp_path


def test_each_task_with_its_rule_and_what_that_sets(folder: Path) -> None:
    said = rota("rules", "test", "tasks.jsonl", folder=folder)
    assert (said.code, said.talk) == (0, "")
    assert said.out.splitlines() == [
        "LINE  TASK          RULE    SETS",
        "1     it burns      fix     queue=fixes priority=critical skills=py:2 ban=eve",
        "2     it smokes     -",
        "3     Re: it burns  rule 2",
        "",
        "3 tasks, 2 matched by 3 rules",
        "matched none of them: never",
    ]


def test_as_json_and_with_a_fleet_elsewhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    said = rota("rules", "test", folder / "tasks.jsonl", "--fleet", folder / "fleet.toml", "--json", folder=elsewhere)
    assert said.json["rules"] == {"fix": 1, "rule 2": 1, "never": 0}
    assert said.json["tasks"][0] == {
        "line": 1,
        "title": "it burns",
        "rule": "fix",
        "set": {"queue": "fixes", "priority": "critical", "skills": {"py": 2}, "ban": ["eve"]},
    }
    assert said.json["tasks"][1]["rule"] is None


def test_it_agrees_with_a_submit(folder: Path) -> None:
    said = rota("rules", "test", "tasks.jsonl", "--json", folder=folder).json
    with TestDistributor() as kit, open_tasks(str(folder / "tasks.jsonl")) as opened:
        kit.call(SetQueue(queue="fixes"))
        kit.call(SetRules(rules=list(load_fleet(str(folder / "fleet.toml")).rules)))
        ids = kit.call(Submit(tasks=[task.spec for task in opened.tasks()])).ids
        for number, told in zip(ids, said["tasks"], strict=True):
            found = kit.call(GetTask(task=number))
            assert {name: getattr(found, name) for name in told["set"]} == told["set"]


def test_the_rules_in_use(tmp_path: Path) -> None:
    path = tmp_path / "rota.db"
    with TestDistributor(str(path)) as kit:
        kit.call(SetRules(rules=[Rule(name="a", match={"kind": ["x", "y"]}, set=RuleSet(role="lead"))]))
    said = rota("rules", "list", "-d", path)
    assert said.out.splitlines() == ["   RULE  MATCH               SETS", '1  a     {"kind":["x","y"]}  role=lead']
    assert rota("rules", "list", "-d", path, "--json").json["rules"][0]["name"] == "a"


def test_mistakes(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    said = rota("rules", "test", folder / "tasks.jsonl", folder=elsewhere)
    assert said.code == 2
    assert "no fleet.toml" in said.talk
    (folder / "fleet.toml").write_text('[[rule]]\nmatch = { kid = "x" }\nset = {}\n')
    said = rota("rules", "test", "tasks.jsonl", folder=folder)
    assert said.code == 2
    assert "fleet.toml:2 rule[0].match.kid" in said.talk
    assert "did you mean 'kind'" in said.talk
    (folder / "fleet.toml").write_text("")
    (folder / "tasks.jsonl").write_text('{"title": 3}\n')
    said = rota("rules", "test", "tasks.jsonl", folder=folder)
    assert (said.code, "tasks.jsonl:1 title" in said.talk) == (2, True)
