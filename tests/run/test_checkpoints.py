"""What a command left in its checkpoint reaches the next attempt, across preemption, stops and failures."""

from __future__ import annotations

import signal

from rota.model.commands.read import GetHistory
from rota.model.task import TaskSpec, TaskView
from rota.operations.distributor import Distributor
from tests.run.conftest import Folder
from tests.run.test_supervise import in_background, shop

# Works until it is asked to end and leaves a word; the next attempt answers with what it found.
WORK = """
[ "$ROTA_TITLE" = long ] || exit 0
[ -e "$ROTA_CHECKPOINT" ] && exec cat "$ROTA_CHECKPOINT"
trap 'printf "page 7 of %s" "$ROTA_TASK_ID" > "$ROTA_CHECKPOINT"; exit 1' TERM
sleep 1000 &
echo $$ > started
wait
"""


def test_one_that_gives_way_goes_on_where_it_was(folder: Folder) -> None:
    folder.script("work.sh", WORK)
    started = folder.pipe("started")
    fleet = 'pool.default.preempt = { patience_s = 0 }\n[[agent]]\nname = "one"\ncommand = ["./work.sh"]\n'
    with shop(folder, fleet) as at:
        (low,) = at.submit(TaskSpec(title="long", priority="low"))
        at.supervisor.start()
        with in_background(at) as finish:
            assert started.read_text()
            at.submit(TaskSpec(title="better", priority="emergency"))
        assert finish[0].counts.states == {"done": 2}
        task = at.history(low).task
        assert [one.outcome for one in at.history(low).attempts] == ["preempted", "done"]
        assert task.result == f"page 7 of {low}"


def test_a_run_that_is_stopped_goes_on_where_it_was(folder: Folder) -> None:
    folder.script("work.sh", WORK)
    folder.fleet('[[agent]]\nname = "one"\ncommand = ["./work.sh"]\n')
    folder.tasks({"title": "long"})
    started = folder.pipe("started")
    running = folder.start("run", "fleet.toml", "tasks.jsonl", "--json")
    assert running.heard(started)
    running.signal(signal.SIGTERM)
    assert running.ended().card["outcomes"] == {"given_back": 1}
    assert folder.run().card["done"] == 1
    assert result(folder) == "page 7 of task-1"


def test_a_failed_attempt_leaves_it_in_brief_and_file(folder: Folder) -> None:
    folder.script(
        "work.sh",
        'cat "$ROTA_CHECKPOINT" 2> /dev/null\n'
        'printf "%s" "$1" | grep -A 5 "had got to" | grep "^step"\n'
        'echo "step $ROTA_ATTEMPT" > "$ROTA_CHECKPOINT"\n'
        '[ "$ROTA_ATTEMPT" = 3 ]\n',
    )
    folder.fleet(
        '[queue.default]\nbackoff = { base = 0.01, cap = 0.02 }\n'
        '[[agent]]\nname = "one"\ncommand = ["./work.sh", "{brief}"]\n'
    )  # fmt: skip
    folder.tasks({"title": "long"})
    assert folder.run().card["outcomes"] == {"done": 1, "failed": 2}
    assert result(folder) == "step 2\nstep 2"


def test_what_can_not_be_kept_is_told_with_the_attempt(folder: Folder) -> None:
    folder.fleet(
        '[queue.default]\nbackoff = { base = 0.01, cap = 0.02 }\n'
        '[[agent]]\nname = "one"\ncommand = ["./work.sh"]\n'
    )  # fmt: skip
    folder.tasks({"title": "long"})
    folder.script(
        "work.sh",
        'case "$ROTA_ATTEMPT" in\n'
        '1) printf good > "$ROTA_CHECKPOINT"; exit 1 ;;\n'
        "2) printf '\\377' > \"$ROTA_CHECKPOINT\"; exit 1 ;;\n"
        '*) cat "$ROTA_CHECKPOINT" ;;\n'
        "esac\n",
    )
    assert folder.run().card["outcomes"] == {"done": 1, "failed": 2}
    with Distributor.open(str(folder.path / "work.db")) as rota:
        found = rota.call(GetHistory(task="task-1"))
    assert found.task.result == "good"
    assert [one.error for one in found.attempts] == [
        "exit code 1",
        "exit code 1; its checkpoint was not kept: it is not UTF-8 text",
        None,
    ]


def result(folder: Folder) -> object:
    """What the first task was done with."""
    with Distributor.open(str(folder.path / "work.db")) as rota:
        task: TaskView = rota.call(GetHistory(task="task-1")).task
        return task.result
