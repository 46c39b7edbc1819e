"""The scoreboard runs, judges, and says what it could not measure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.scoreboard import __main__ as scoreboard
from bench.scoreboard.job import Job, results
from bench.scoreboard.judged import Beside, Goal, Row, at_least, at_most, reported
from bench.scoreboard.live import live
from bench.scoreboard.ours import engine
from bench.scoreboard.page import markdown, text, updated, verdict
from bench.scoreboard.planning_time import TIMED, planning_time
from bench.scoreboard.rows import batch, dags, llm, seed, users
from bench.scoreboard.rows.row import Measured, Wanted
from rota.engine import dispatch


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (at_least("x", 0.97, 0.97), True),
        (at_least("x", 0.9699, 0.97), False),
        (at_least("x", None, 0.97), False),
        (at_most("x", 2.0, 2.0), True),
        (at_most("x", 2.01, 2.0), False),
        (at_most("x", None, 2.0), False),
        (reported("x", "7"), None),
    ],
)
def test_a_goal_is_met_or_not(goal: Goal, met: bool | None) -> None:
    assert goal.met is met


def test_the_page_shows_everything() -> None:
    rows = [
        Row(
            name="one",
            workload="a workload",
            goals=[at_least("share", 0.5, 0.9), reported("beside", "3 s")],
            beside=[Beside(("policy", "share"), [("fifo", "0.1")])],
            notes=["A note."],
        ),
        Row(name="two", workload="another", skipped="no trace"),
    ]
    assert verdict(rows) == "0 of 1 goals met; 1 rows skipped"
    page = markdown(rows, "a machine")
    for part in ("| one | share | >= 0.9 | 0.5 | **no** |", "| fifo | 0.1 |", "A note.", "Skipped: no trace."):
        assert part in page
    better = Row(name="one", workload="a better one", goals=[at_least("share", 0.95, 0.9)])
    assert updated(page, rows[:1]) == page.replace("; 1 rows skipped", "")
    assert updated(page, [better]) == markdown([better, rows[1]], "a machine").replace("; 1 rows skipped", "")
    assert "share" in text(rows)
    assert "no trace" in text(rows)


def test_rows_without_their_traces_are_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = scoreboard.scoreboard(only="llm,users,batch,dags", traces=str(tmp_path), json=True)
    assert found == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["llm", "users", "batch", "dags"]
    assert all("is not in the folder of traces" in row["skipped"] and row["goals"] == [] for row in rows)


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert scoreboard.scoreboard(only="seeed") == 2
    assert "there are seed, llm" in capsys.readouterr().err


def test_the_seed_row_is_judged_on_every_goal() -> None:
    wanted = Wanted(Path(), quick=True)
    jobs = seed.ROW.jobs(wanted)
    small = {
        name: job._replace(arguments={**job.arguments, "settings": {**job.arguments["settings"], "tasks": "120"}})
        for name, job in jobs.items()
    }
    row = seed.ROW.judge({name: job.run(**job.arguments) for name, job in small.items()}, wanted)
    assert sum(goal.met is not None for goal in row.goals) == 9
    assert {"Rota", "central, fifo", "own queues, round robin", "ideal: shortest first"} <= {
        line[0] for line in row.beside[0].rows
    }


_LLM = "id,submit_s,tokens_in,tokens_out\n" + "".join(f"{n},{n / 10},500,200\n" for n in range(40))
_SWF = "submit_s,run_s,est_s,user\n" + "".join(f"{n},{n % 7 + 1},{n % 7 + 3},{n % 3}\n" for n in range(40))
_RUNS = "task,repo,dispatch_s,saved_s\n" + "".join(f"t{n},r,{n},{n + 5 + n % 9}\n" for n in range(60))
_DAGS = '{"name":"w","tasks":[["a",2,[]],["b",3,[0]],["c",4,[0]],["d",1,[1,2]]]}\n' * 4


@pytest.mark.parametrize(("row", "trace"), [(llm.ROW, _LLM), (users.ROW, _SWF), (batch.ROW, _RUNS), (dags.ROW, _DAGS)])
def test_rows_with_traces_are_judged(row: Measured, trace: str, tmp_path: Path) -> None:
    (tmp_path / row.trace.removesuffix(".gz")).write_text(trace)
    (tmp_path / row.trace).write_text(trace)  # known by what is in it, not by its name
    wanted = Wanted(tmp_path, quick=True)
    found = {name: job.run(**job.arguments) for name, job in row.jobs(wanted).items()}
    judged = row.judge(found, wanted)
    assert judged.name == row.name
    assert any(goal.met is not None for goal in judged.goals)
    assert judged.beside[0].rows


def test_what_runs_beside_does_not_change_a_result() -> None:
    jobs = {
        str(n): Job(engine, {"workload": "bursty", "settings": {"tasks": "60"}, "seed": n, "slots": "3"})
        for n in (1, 2)
    }
    together = dict(results(jobs, 2))
    for name, job in jobs.items():
        assert together[name].json() == job.run(**job.arguments).json()


def test_the_plan_is_timed_and_left_as_it_was() -> None:
    before = [vars(dispatch)[name] for name in TIMED]
    found = planning_time(60, 20)
    assert [vars(dispatch)[name] for name in TIMED] == before
    assert 0 < found.plan < found.turn
    assert 0 < found.gives <= 20


def test_a_live_run_measures_every_task() -> None:
    found = live("sqlite", 80)
    assert found.tasks == 80
    assert 0 < found.p50 <= found.p99 <= found.most
