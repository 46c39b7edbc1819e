"""`rota apply`: the difference is shown, confirmed, and made whole; nothing is lost with a queue that goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.agents.apply import apply_fleet
from rota.faces.plugged import plugged
from rota.files.toml import load_fleet
from rota.model.commands.read import GetTask, ListQueues
from rota.model.commands.submit import Submit
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.owner.own import owned
from tests.cli.shell import Said, rota

FLEET = """
database = "w.db"

[queue.in]
max_attempts = 2

[queue.out]

[tenant.acme]
weight = 3

[[schedule]]
name = "news"
cron = "@daily"
task = { title = "Read", queue = "out" }
"""
LEFT = """
database = "w.db"

[queue.out]
max_attempts = 7
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    return path


@pytest.fixture
def owner(fleet: Path) -> Iterator[Distributor]:
    """The database with an owner, so that no command has to start one."""
    with owned(str(fleet.parent / "w.db"), plugged, pytest.fail) as distributor:
        yield distributor


def apply(fleet: Path, *words: str) -> Said:
    return rota("apply", fleet, *words, folder=fleet.parent)


def queues(owner: Distributor) -> list[str]:
    return [queue.name for queue in owner.call(ListQueues()).queues]


def test_shown_confirmed_done(fleet: Path, owner: Distributor) -> None:
    shown = apply(fleet, "--dry-run")
    assert shown.code == 0
    assert shown.out.splitlines() == ["+ tenant acme", "+ queue in", "+ queue out", "+ schedule news"]
    asked = apply(fleet)
    assert (asked.code, "make 4 changes" in asked.talk, "--yes" in asked.talk) == (2, True, True)
    assert queues(owner) == ["default"]
    assert apply(fleet, "--yes").out.splitlines()[-1] == "4 changes made"
    assert apply(fleet).out == "nothing to change\n"
    fleet.write_text(LEFT)
    changes = apply(fleet, "--dry-run", "--json").json["changes"]
    assert [(one["how"], one["sort"], one["name"]) for one in changes] == [
        ("change", "queue", "out"),
        ("remove", "schedule", "news"),
        ("remove", "queue", "in"),
        ("reset", "tenant", "acme"),
    ]
    assert changes[0]["fields"] == {"max_attempts": [5, 7]}
    assert len(apply(fleet, "--yes", "--json").json["changes"]) == 4
    assert queues(owner) == ["default", "out"]


def test_a_queue_that_holds_tasks(fleet: Path, owner: Distributor) -> None:
    apply(fleet, "--yes")
    task = owner.call(Submit(tasks=[TaskSpec(title="x", queue="in")])).ids[0]
    fleet.write_text(LEFT)
    refused = apply(fleet, "--yes", "--json")
    assert (refused.code, refused.error["code"], refused.error["field"]) == (4, "not_empty", "gone.in")
    assert "1 ready" in refused.error["message"]
    assert "keep" in refused.error["message"]
    assert queues(owner) == ["default", "in", "out"], "nothing is half applied"
    assert apply(fleet, "--yes", "--gone", "in").code == 2
    assert apply(fleet, "--yes", "--gone", "in=move:nowhere").code == 3
    assert "- queue in (1 task)" in apply(fleet, "--yes", "--gone", "in=move:out").out
    assert owner.call(GetTask(task=task)).queue == "out"


def test_run_and_serve_put_in_the_same(fleet: Path, owner: Distributor) -> None:
    changes = apply_fleet(owner, load_fleet(str(fleet))).changes
    assert [change.name for change in changes] == ["acme", "in", "out", "news"]
    assert apply(fleet).out == "nothing to change\n"
    fleet.write_text(LEFT)
    apply_fleet(owner, load_fleet(str(fleet)))
    assert queues(owner) == ["default", "in", "out"], "they remove nothing"
    assert "- queue in" in apply(fleet, "--dry-run").out
    assert "- queue in" not in apply(fleet, "--dry-run", "--only-add").out


def test_without_a_file_or_with_a_wrong_one(tmp_path: Path) -> None:
    assert rota("apply", folder=tmp_path).code == 2
    wrong = tmp_path / "fleet.toml"
    wrong.write_text('[[schedule]]\nname = "x"\ncron = "61 * * * *"\ntask = { title = "x" }\n')
    said = rota("apply", folder=tmp_path)
    assert said.code == 2
    assert "fleet.toml:3 schedule[0].cron" in said.talk
