"""Health commands: nothing is given before one has ended well, and what it says is told."""

from __future__ import annotations

import pytest

from rota.agents.health import unwell_by
from rota.agents.process.ended import Ended
from rota.files.toml import parse_fleet
from rota.model.commands.read import GetAgent
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from tests.run.conftest import Folder
from tests.run.test_supervise import shop

WARMING = """\
import os, sys
runs = len([name for name in os.listdir(".") if name.startswith("run-")])
open(f"run-{runs}", "w").close()
if runs < 2:
    print("still warming up", file=sys.stderr)
    sys.exit(3)
open("warm", "w").close()
"""
FLEET = """
[queue.default]
max_attempts = 1
[[agent]]
name = "ann"
command = ["test", "-e", "warm"]
health = ["{python}", "warm.py"]
health_every = 0.05
"""


def test_tasks_come_once_the_command_ended_well(folder: Folder) -> None:
    (folder.path / "warm.py").write_text(WARMING)
    with shop(folder, FLEET) as opened:
        (task,) = opened.submit(TaskSpec(title="needs a warm agent"))
        opened.supervisor.start()
        finish = opened.work_off()
        assert finish.obstacles == []
        assert opened.history(task).task.state == "done", "on its only attempt"
        assert opened.distributor.call(GetAgent(agent="ann")).healthy


def test_what_makes_no_sense_is_refused() -> None:
    for text, field in (
        ("health = []", "health"),
        ('health = ["true"]\nhealth_every = 0', "health_every"),
        ("health_every = 5", "health_every"),
    ):
        with pytest.raises(RotaError, match=field):
            parse_fleet(f'[[agent]]\nname = "ann"\ncommand = ["true"]\n{text}', "fleet.toml")
    with pytest.raises(RotaError, match="add command or python"):
        parse_fleet('[[agent]]\nname = "ann"\nhealth = ["true"]', "fleet.toml")


def test_a_task_is_no_part_of_it(folder: Folder) -> None:
    with pytest.raises(RotaError, match="is a field of a task"), shop(folder, FLEET.replace("warm.py", "{title}")):
        pass


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(why="exit", exit_code=0, started=0, ended=1), None),
        (Ended(why="exit", exit_code=2, started=0, ended=1, stderr_tail="disk full\n"), "disk full"),
        (Ended(why="exit", exit_code=75, started=0, ended=1, stderr_tail="later"), "later"),
        (Ended(why="timeout", started=0, ended=1), "did not end in time"),
        (Ended(why="exit", signal=9, started=0, ended=1), "SIGKILL"),
        (Ended(why="not_found", started=0, ended=1, detail="no such program"), "no such program"),
    ],
)
def test_what_a_run_says(ended: Ended, said: str | None) -> None:
    found = unwell_by(ended)
    if said is None:
        assert found is None
    else:
        assert said in (found or "")
