"""What never ends by itself is ended, and what only takes long is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.simulator.patience import Patience
from tests.simulator.written import simulated, task

DAY_S = 86_400
DAILY = 'reserve = [{ slots = 1, priority = "high", hours = ["daily 09:00-17:00"] }]\n'
BUDGET = '[[limit]]\nkey = "tenant"\nunit = "tasks"\ncapacity = 2\non_empty = "pause_and_ask"\n'


@pytest.mark.parametrize(
    ("agent", "more", "limits", "reason"),
    [
        (DAILY, {}, BUDGET, "limit:tenant:default tasks"),
        (DAILY, {"skills": {"q": 1}}, "", "nobody:skill=1"),
        ('hours = ["daily 09:00-17:00"]\n', {"skills": {"q": 1}}, "", "nobody:skill=1"),
        ('hours = ["mon 09:00-17:00"]\n' + DAILY, {"tenant": "t"}, BUDGET, "limit:tenant:t tasks"),
    ],
)
def test_the_clock_of_agents_alone_is_not_waited_for_for_ever(
    tmp_path: Path, agent: str, more: dict[str, object], limits: str, reason: str
) -> None:
    found = simulated(tmp_path, f'[[agent]]\nname = "a"\nslots = 2\n{agent}{limits}', [task(**more)] * 4)
    assert [one.reason for one in found.stuck] == [reason]
    assert found.ended["done"] == 4 - found.stuck[0].tasks


def test_weekly_hours_a_monthly_budget_and_a_start_in_a_year_are_waited_for(tmp_path: Path) -> None:
    """Beside a daily window that wakes the engine each day, and a task that nobody can do."""
    fleet = """\
[[agent]]
name = "a"
hours = ["sun 10:00-10:05"]
reserve = [{ slots = 1, priority = "high", hours = ["daily 00:00-09:00"] }]
[[limit]]
key = "tenant"
unit = "tasks"
capacity = 1
period = "30d"
"""
    tasks = [task()] * 2 + [task(tenant="t2", start="2027-01-05T00:00:00Z"), task(role="king")]
    found = simulated(tmp_path, fleet, tasks)
    assert (found.ended["done"], found.ended["unfinished"]) == (3, 1)
    # Monday, 2026-01-05 it begins; Sunday, 2027-01-10 is the last one's day.
    assert found.makespan_s == 370 * DAY_S + 10 * 3_600 + 10
    assert [one.reason for one in found.stuck] == ["nobody:role=1"]


def test_arrivals_far_apart_are_waited_for(tmp_path: Path) -> None:
    fleet = f'[[agent]]\nname = "a"\n{DAILY}'
    tasks = [task(), task(role="king", submit_s=60 * DAY_S), task(submit_s=400 * DAY_S + 18 * 3_600)]
    found = simulated(tmp_path, fleet, tasks)
    assert (found.ended["done"], found.ended["unfinished"]) == (2, 1)
    assert found.makespan_s == 400 * DAY_S + 18 * 3_600 + 10


def test_patience_begins_anew_with_every_event() -> None:
    patience = Patience(span=10, start=0)
    assert not patience.is_over(10)
    assert patience.is_over(11)
    assert patience.next(11, 30, 9) == 11, "an event may just have been: the clock has one more span, alone"
    assert not patience.is_over(19)
    assert patience.next(20, 30, 18) == 30, "what it brought then it brings for ever: the next event"
    assert not patience.is_over(40)
    assert patience.next(41, 50, 39) == 41
    assert patience.next(52, None, 48) == 52, "the event came meanwhile"
    assert patience.next(63, None, 61) is None
    assert patience.next(64, 64, 61) == 64, "an event is an event"
