"""`[[limit]]` in fleet.toml, and slots that are found out: what they become, and what is refused with line and fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rota.agents.apply import apply_fleet
from rota.files.toml import parse_fleet
from rota.model.commands.limits import ListLimits
from rota.model.limit import LimitSpec
from rota.testing import TestDistributor
from tests.files.refusal import assert_refused

FILE = """
[queue.mail]

[[limit]]
key = "tenant"
capacity = 4

[[limit]]
key = "queue:mail"
unit = "tasks"
period = "1m"
capacity = 60
burst = 5

[[limit]]
key = "project"
unit = "money"
capacity = 50
on_empty = "pause_and_ask"
estimate = 0.25
"""


def test_limits_as_written() -> None:
    assert parse_fleet(FILE, "fleet.toml").limits == (
        LimitSpec(key="tenant", capacity=4),
        LimitSpec(key="queue:mail", unit="tasks", period=60, capacity=60, burst=5),
        LimitSpec(key="project", unit="money", capacity=50, on_empty="pause_and_ask", estimate=0.25),
    )


def test_they_are_put_into_the_database_and_stay_as_they_are() -> None:
    fleet = parse_fleet(FILE, "fleet.toml")
    with TestDistributor() as rota:
        for _ in range(2):
            apply_fleet(rota, fleet)  # type: ignore[arg-type]
            shown = rota.call(ListLimits()).limits
            assert sorted(view.limit.key for view in shown) == ["project", "queue:mail", "tenant"]
            assert {view.limit for view in shown} == set(fleet.limits)


@pytest.mark.parametrize(
    ("lines", "field", "words"),
    [
        ('key = "tenant"\ncapacity = 0.5', "capacity", "less than one task"),
        ('key = "tenant"\ncapacity = 1.5', "capacity", "whole number"),
        ('key = "{colour}"\ncapacity = 1', "key", "no field"),
        ('key = "queue:mial"\ncapacity = 1', "key", "did you mean 'mail'"),
        ('key = "api"\nperiod = 60\ncapacity = 1', "period", "concurrency"),
        ('key = "api"\nunit = "tokens"\nperiod = 60\ncapacity = 10\nestimate = 20', "capacity", "less than one task"),
        ('key = "api"\nunit = "tasks"\nperiod = "x"\ncapacity = 10', "period", "length of time"),
        ('key = "api"\ncapacity = 1\non_empty = "cry"', "on_empty", "pause_and_ask, refuse, wait"),
        ('key = "api"\ncapacity = 1\nunits = "tasks"', "units", "did you mean 'unit'"),
        ('key = "tenant"\ncapacity = 1\n[[limit]]\nkey = "tenant"\ncapacity = 2', "key", "limit[0]"),
    ],
)
def test_what_can_not_be_is_refused_with_line_and_field(lines: str, field: str, words: str) -> None:
    text = f"[queue.mail]\n[[limit]]\n{lines}\n"
    at = max(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(f"{field} ="))
    index = text[: text.rindex(f"{field} =")].count("[[limit]]") - 1
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), f"fleet.toml:{at} limit[{index}].{field}", words)


def test_a_period_that_is_missing() -> None:
    text = '[[limit]]\nkey = "api"\nunit = "tokens"\ncapacity = 1\n'
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), "fleet.toml:1 limit[0].period", "used up for ever")


def test_slots_that_are_found_out() -> None:
    text = (
        '[[agent]]\nname = "a"\nslots = "auto"\n[[agent]]\nname = "b"\nslots = "auto"\nmin_slots = 2\nmax_slots = 9\n'
    )
    first, second = (agent.spec for agent in parse_fleet(text, "fleet.toml").agents)
    assert (first.slots, first.least_slots) == (16, 1)
    assert (second.slots, second.least_slots) == (9, 2)


@pytest.mark.parametrize(
    ("lines", "field", "words"),
    [
        ("slots = 3\nmax_slots = 9", "max_slots", 'slots = "auto"'),
        ('slots = "auto"\nmin_slots = 20', "min_slots", "more than the most, 16"),
        ('slots = "many"', "slots", "auto"),
        ('slots = "auto"\nmin_slots = 0', "min_slots", "1"),
    ],
)
def test_slots_that_can_not_be(lines: str, field: str, words: str) -> None:
    text = f'[[agent]]\nname = "a"\n{lines}\n'
    at = max(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(f"{field} ="))
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), f"fleet.toml:{at} agent[0].{field}", words)


def test_the_recipes_of_the_guide_load() -> None:
    text = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 9
    for block in blocks:
        fleet = parse_fleet(block, "fleet.toml")
        assert fleet.limits or fleet.agents
