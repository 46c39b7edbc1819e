"""A workload that can never finish ends, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.runs import run
from tests.simulator.written import simulated, task


def test_each_shape_that_nobody_may_do_has_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(
        '{"title":"one","run_s":1,"skills":{"magic":3}}\n'
        '{"title":"two","run_s":1,"skills":{"magic":3}}\n'
        '{"title":"three","run_s":1,"role":"king","ref":"k"}\n'
        '{"title":"four","run_s":1,"after":["k"]}\n'
        '{"title":"five","run_s":1,"held":true}\n'
        '{"title":"six","run_s":1,"approval":true}\n'
        '{"title":"seven","run_s":1}\n'
    )
    found = run(file, "2")
    assert found.ended["done"] == 1
    assert found.ended["unfinished"] == 6
    reasons = {one.example: (one.reason, one.tasks) for one in found.stuck}
    assert reasons == {
        "one": ("nobody:skill=2", 2),
        "three": ("nobody:role=2", 1),
        "four": ("blocked", 1),
        "five": ("held", 1),
        "six": ("review", 1),
    }
    assert found.stuck[0].needs == {"skills": [["magic", 3]]}
    assert "needs magic 3, has 0" in found.stuck[0].text


def test_a_task_waits_for_tasks_that_came_long_before(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    lines = ['{"title":"first","run_s":2,"ref":"first"}\n']
    lines += [f'{{"title":"t{n}","run_s":1,"submit_s":{n}}}\n' for n in range(1, 1_101)]
    lines += ['{"title":"last","run_s":1,"after":["first"],"submit_s":2000}\n']
    file.write_text("".join(lines))
    found = run(file, "3")
    assert found.ended["done"] == 1_102
    assert found.stuck == []


def limit(key: str, unit: str, on_empty: str, capacity: int = 1) -> str:
    return f'[[limit]]\nkey = "{key}"\nunit = "{unit}"\ncapacity = {capacity}\non_empty = "{on_empty}"\n'


_PAYLOAD = {"payload": {"d": 1}}


@pytest.mark.parametrize(
    ("fleet", "more", "reason", "text"),
    [
        ('reserve = [{ slots = 2, priority = "high" }]', {}, "nobody:dedicated=1", "a: all its 2 slots are reserved"),
        ('reserve = [{ slots = 2, tenant = "t" }]', {}, "nobody:dedicated=1", "a: all its 2 slots are reserved"),
        (limit("b", "tasks", "pause_and_ask"), {"limits": ["b"]}, "limit:b tasks", "used up: 1 of 1 tasks"),
        (limit("b", "tasks", "refuse"), {"limits": ["b"]}, "limit:b tasks", "used up: 1 of 1 tasks"),
        (limit("doc:{payload.d}", "tasks", "pause_and_ask"), _PAYLOAD, "limit:doc:1 tasks", "stands in line: limit"),
        (limit("agent", "tasks", "pause_and_ask"), {}, "nobody:limit=1", "limit agent:a tasks has no room"),
        ("cost = { per_hour = 3600 }", {"max_cost": 0.5}, "nobody:cost=1", "would probably cost"),
        (
            'hours = ["mon 09:00-17:00"]\nreserve = [{ slots = 2, tenant = "t" }]',
            {},
            "nobody:dedicated=1",
            "a: all its 2 slots are reserved",
        ),
    ],
)
def test_the_reason_is_what_the_engine_says_of_such_a_task(
    tmp_path: Path, fleet: str, more: dict[str, object], reason: str, text: str
) -> None:
    found = simulated(tmp_path, f'[[agent]]\nname = "a"\nslots = 2\n{fleet}\n', [task(**more)] * 3)
    (one,) = found.stuck
    assert one.reason == reason
    assert text in one.text
    assert one.tasks == found.ended["unfinished"] == 3 - found.ended["done"]


def test_who_is_behind_a_task_that_is_never_done_stands_in_line(tmp_path: Path) -> None:
    fleet = f'[[agent]]\nname = "a"\n{limit("doc:{payload.d}", "concurrency", "wait")}'
    found = simulated(tmp_path, fleet, [task(role="king", **_PAYLOAD), task(role="king", title="y", **_PAYLOAD)])
    assert {(one.reason, one.example) for one in found.stuck} == {("nobody:role=1", "x"), ("limit:doc:1", "y")}


def test_each_agent_has_its_own_reason_in_a_pool_that_works_by_turns(tmp_path: Path) -> None:
    """Off hours is none: each of them works at some time of the week."""
    fleet = """\
[[agent]]
name = "day"
hours = ["daily 08:00-20:00"]
[[agent]]
name = "night"
hours = ["daily 20:00-08:00"]
skills = { q = 2 }
reserve = [{ slots = 1, priority = "high" }]
"""
    found = simulated(tmp_path, fleet, [task(skills={"q": 1})])
    assert [one.reason for one in found.stuck] == ["nobody:dedicated=1,skill=1"]
