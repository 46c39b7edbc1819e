"""The forecast, where the right answer can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rota.check import examine, forecast
from rota.check.plan_of_work import History, history_of
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.check.checking import ANN, checked, expected

ONE = '[[agent]]\nname = "ann"\n'


def test_equal_tasks_share_the_slots(tmp_path: Path) -> None:
    found = expected(checked(tmp_path, ANN, *[{"estimate": 10}] * 6))
    assert found.finish_s == pytest.approx(30)
    assert found.work_s == pytest.approx(60)
    assert found.agents[0].tasks == 6
    assert found.agents[0].utilisation == pytest.approx(1.0)


def test_a_chain_takes_as_long_as_its_links(tmp_path: Path) -> None:
    chain = [{"ref": "a", "estimate": 5}, {"ref": "b", "after": ["a"], "estimate": 6}, {"after": ["b"], "estimate": 7}]
    assert expected(checked(tmp_path, ANN, *chain)).finish_s == pytest.approx(18)


def test_a_sequence_is_a_chain(tmp_path: Path) -> None:
    assert expected(checked(tmp_path, ANN, *[{"sequence": "s", "estimate": 4}] * 3)).finish_s == pytest.approx(12)


def test_a_diamond_waits_for_its_longer_side(tmp_path: Path) -> None:
    tasks = [
        {"ref": "a", "estimate": 1},
        {"ref": "b", "after": ["a"], "estimate": 2},
        {"ref": "c", "after": ["a"], "estimate": 9},
        {"after": ["b", "c"], "estimate": 1},
    ]
    assert expected(checked(tmp_path, ANN, *tasks)).finish_s == pytest.approx(11)


def test_a_task_that_starts_later(tmp_path: Path) -> None:
    assert expected(checked(tmp_path, ANN, {"start": "100s", "estimate": 5})).finish_s == pytest.approx(105)


def test_better_bands_come_first(tmp_path: Path) -> None:
    urgent = {"estimate": 10, "priority": "critical", "deadline": "10s"}
    assert expected(checked(tmp_path, ONE, {"estimate": 10}, {"estimate": 10}, urgent)).late == 0
    late = {**urgent, "priority": "low"}
    assert expected(checked(tmp_path, ONE, {"estimate": 10}, {"estimate": 10}, late)).late == 1


def test_only_who_may_does_it(tmp_path: Path) -> None:
    fleet = ANN + '[[agent]]\nname = "bob"\nslots = 8\n'
    found = expected(checked(tmp_path, fleet, *[{"estimate": 10, "skills": {"py": 1}}] * 4))
    assert found.finish_s == pytest.approx(20)
    assert [(agent.name, agent.tasks) for agent in found.agents] == [("ann", 4), ("bob", 0)]


def test_pools_work_side_by_side(tmp_path: Path) -> None:
    fleet = ONE + '[queue.far]\npool = "far"\n[[agent]]\nname = "bob"\npool = "far"\n'
    tasks: list[dict[str, Any]] = [{"estimate": 10, "queue": queue} for queue in ["default"] * 2 + ["far"] * 3]
    found = expected(checked(tmp_path, fleet, *tasks))
    assert found.finish_s == pytest.approx(30)
    assert [agent.tasks for agent in found.agents] == [2, 3]


def test_what_it_costs(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\ncost = { per_hour = 36, per_task = 0.5 }\n'
    found = expected(checked(tmp_path, fleet, *[{"estimate": 100}] * 3))
    assert found.cost == pytest.approx(3 + 1.5)


def test_what_can_not_be_done_is_left_out_with_all_that_waits_for_it(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = [
        {"ref": "a", "skills": {"py": 9}, "estimate": 5},
        {"ref": "b", "after": ["a"], "estimate": 5},
        {"after": ["b"], "estimate": 5},
        {"held": True},
        {"estimate": 5},
    ]
    found = expected(checked(tmp_path, ANN, *tasks))
    assert found.left_out == 4
    assert found.finish_s == pytest.approx(5)


def test_a_task_of_unknown_length_is_assumed(tmp_path: Path) -> None:
    found = expected(checked(tmp_path, ONE, {}, {"estimate": 1}, assumed_s=30))
    assert (found.assumed, found.assumed_s) == (1, 30)
    assert found.finish_s == pytest.approx(31)


def test_what_a_database_has_learnt_counts_where_there_is_no_estimate(tmp_path: Path) -> None:
    with TestDistributor() as rota:
        rota.call(Register(agent=AgentSpec(name="ann")))
        rota.call(Submit(tasks=[TaskSpec(title="t", kind="slow")]))
        given = rota.call(Claim(agent="ann")).tasks[0]
        rota.clock.advance(25)
        rota.call(Complete(outcomes=[Done(task=given.task, token=given.token)]))
        rota.call(Claim(agent="ann"))  # a plan folds what was learnt
        with rota.node.store.read() as reader:
            history = history_of(reader)
    found = expected(checked(tmp_path, ONE, {"kind": "slow"}, {"kind": "slow", "estimate": 5}, history=history))
    assert found.assumed == 0
    assert found.finish_s == pytest.approx(30, rel=0.01)


def test_an_agent_without_a_history_is_taken_to_be_like_the_others() -> None:
    history = History({("ann", "k"): 10.0, ("bob", "k"): 20.0})
    assert history.seconds("ann", "k") == 10
    assert history.seconds("cat", "k") == 15
    assert history.seconds("cat", "other") is None


def test_very_many_tasks_are_only_divided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "MOST", 3)
    monkeypatch.setattr(examine, "MOST", 3)
    report = checked(tmp_path, ANN, *[{"estimate": 10}] * 6)
    assert expected(report).finish_s == pytest.approx(30)
    assert [finding.code for finding in report.findings] == ["rough"]


def test_no_tasks_at_all(tmp_path: Path) -> None:
    report = checked(tmp_path, ANN)
    assert report.ok
    assert expected(report).finish_s == 0


def test_reserved_slots_are_kept(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "ann"\nslots = 3\nreserve = [{ slots = 2, tenant = "acme" }]\n'
    others = expected(checked(tmp_path, fleet, *[{"estimate": 10}] * 4))
    assert others.finish_s == pytest.approx(40)
    theirs = expected(checked(tmp_path, fleet, *[{"estimate": 10, "tenant": "acme"}] * 6))
    assert theirs.finish_s == pytest.approx(20)


def test_slots_that_are_reserved_for_some_hours(tmp_path: Path) -> None:
    """It is a Sunday, 10:00: nobody else gets a slot before noon."""
    fleet = ONE + 'reserve = [{ priority = "high", hours = ["sun 08:00-12:00"] }]\n'
    found = expected(checked(tmp_path, fleet, {"estimate": 10}))
    assert found.finish_s == pytest.approx(7_210)
    assert found.left_out == 0


def test_what_is_never_given_ends_the_forecast(tmp_path: Path) -> None:
    fleet = ONE + 'cost = { per_hour = 3600 }\nreserve = [{ priority = "high", hours = ["sun 08:00-12:00"] }]\n'
    found = expected(checked(tmp_path, fleet, {"estimate": 10, "max_cost": 0.1}))
    assert found.left_out == 1
