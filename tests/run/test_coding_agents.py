"""What coding agents meet: a laptop that sleeps, a provider's limit, a budget, a queue of unreviewed work."""

from __future__ import annotations

import pytest

from rota.model.commands.submit import Submit
from rota.model.task import TaskSpec
from rota.operations.distributor import now_us
from tests.run.conftest import Folder, tell
from tests.run.test_supervise import in_background, shop

HOUR_US = 3_600_000_000


def test_a_lid_closed_for_an_hour_costs_nothing(folder: Folder) -> None:
    """The clock jumps while a command works; its lease lasts a second and is renewed by heartbeats alone."""
    began, go = folder.pipe("began"), folder.pipe("go")
    fleet = """
    [queue.default]
    term = 1
    [[agent]]
    name = "coder"
    command = ["sh", "-c", "echo on > began; read line < go; echo woke"]
    """
    with shop(folder, fleet) as made:
        (task,) = made.submit(TaskSpec(title="long", deadline="2h"))
        made.supervisor.start()
        with in_background(made) as finish:
            assert began.read_text() == "on\n"
            made.distributor.node.clock = lambda: now_us() + HOUR_US
            # Whatever comes first after the sleep sees a lease that should have ended long ago.
            made.distributor.call(Submit(tasks=[TaskSpec(title="somebody else's", held=True)]))
            tell(go)
        assert finish[0].how == "done"
        history = made.history(task)
        assert [one.outcome for one in history.attempts] == ["done"]
        assert history.task.result == "woke"
        assert history.attempts[0].ended is not None
        assert history.attempts[0].ended > history.attempts[0].started


def test_a_provider_s_limit_stops_all_that_use_it_until_it_opens(folder: Folder) -> None:
    """The first run is told to come back in a second; who has the same limit begins nothing in that second."""
    folder.script(
        "work.sh",
        """
        if mkdir told 2> /dev/null; then
            echo "limit reached, try again in 1 second" >&2
            date +%s.%N > until
            exit 75
        fi
        mkdir waited 2> /dev/null && read line < go
        echo "$ROTA_AGENT $(date +%s.%N)" >> log
        """,
    )
    folder.fleet(
        """
        [[agent]]
        name = "one"
        limit = "account"
        command = ["./work.sh"]
        [[agent]]
        name = "two"
        limit = "account"
        command = ["sh", "-c", "until test -s until; do sleep 0.02; done; exec ./work.sh"]
        """
    )
    folder.tasks({"title": "a", "pin": "one"}, {"title": "b", "pin": "two"}, {"title": "c", "pin": "two"})
    go = folder.pipe("go")
    running = folder.start("run", "fleet.toml", "tasks.jsonl", "--json")
    running.says("limit account is used up at its provider")
    tell(go)
    ended = running.ended()
    assert ended.card["states"] == {"done": 3}
    assert ended.card["failures"] == {}
    told = float((folder.path / "until").read_text())
    first, *later = sorted(float(line.split()[1]) for line in folder.log())
    # What was under way went on to its end; nothing was begun before the limit opened.
    assert first < min(later)
    assert len(later) == 2
    assert min(later) - told >= 0.95


def test_a_budget_ends_the_run_and_a_higher_one_goes_on(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.agents.work_off.SURE_S", 0.3)
    (folder.path / "list.txt").write_text("a\nb\nc\n")
    command = ("each", "list.txt", "-n", "1", "--", "sh", "-c", "echo '{\"total_cost_usd\": 0.25}'")
    ended = folder.here(*command[:4], "--budget", "0.4usd", *command[4:])
    assert ended.code == 9
    assert "limit run budget money is used up" in ended.err
    assert "only what answers say they cost counts" in ended.err
    assert [line["state"] for line in ended.lines] == ["done"]
    again = folder.here(*command[:4], "--budget", "5usd", "--quiet", *command[4:])
    assert again.code == 0
    assert len(again.lines) == 3
    for amount in ("much", "1,000usd"):
        refused = folder.here(*command[:4], "--budget", amount, *command[4:])
        assert refused.code == 2
        assert "is no amount of money; write it as 40usd" in refused.err
