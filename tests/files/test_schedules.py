"""`[[schedule]]` tables: what they become, and what is refused with line, field and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.agents.apply import apply_fleet
from rota.files.toml import parse_fleet
from rota.model.commands.schedules import ListSchedules
from rota.testing import TestDistributor
from tests.files.refusal import assert_refused

FLEET = """
[queue.reports]
max_attempts = 2

[[schedule]]
name = "morning"
cron = "0 7 * * mon-fri"
time_zone = "Europe/Berlin"
overlap = "skip"
catch_up = "none"
task = { title = "Report of the day", queue = "reports", skills = { writing = 2 }, deadline = "2h" }

[[schedule]]
name = "beat"
every = "15m"
enabled = false

[schedule.task]
title = "Look after the inbox"
payload = { box = "support" }
"""


def test_they_are_set() -> None:
    fleet = parse_fleet(FLEET, "fleet.toml")
    assert [(one.name, one.every, one.task.title) for one in fleet.schedules] == [
        ("morning", None, "Report of the day"),
        ("beat", 900.0, "Look after the inbox"),
    ]
    with TestDistributor() as rota:
        apply_fleet(rota, fleet)  # type: ignore[arg-type]
        beat, morning = rota.call(ListSchedules()).schedules
        assert (morning.next, beat.next) == ("2026-01-06T06:00:00.000000Z", None)
        apply_fleet(rota, fleet)  # type: ignore[arg-type]
        rota.clock.advance("22h")
        rota.assert_submitted(title="Report of the day", queue="reports", count=1)
        rota.refute_submitted(title="Look after the inbox")


NAMED = '[[schedule]]\nname = "s"\n'
TASK = 'task = { title = "x" }\n'
WRONG = [
    (f"{NAMED}{TASK}", "fleet.toml:1 schedule[0].cron", ['every = "15m"']),
    (f"{NAMED}every = 60", "fleet.toml:1 schedule[0].task", ["needed and missing"]),
    (f'{NAMED}{TASK}cron = "0 25 * * *"', "fleet.toml:4 schedule[0].cron", ["bad hour", "hour 0-23"]),
    (f'{NAMED}{TASK}cron = "0 0 31 2 *"', "fleet.toml:4 schedule[0].cron", ["bad day"]),
    (f'{NAMED}{TASK}cron = "@daily"\ntime_zone = "Berlin"', "fleet.toml:5 schedule[0].time_zone", ["no time zone"]),
    (f"{NAMED}{TASK}every = 0", "fleet.toml:4 schedule[0].every", ["between 1 second"]),
    (f'{NAMED}{TASK}every = "1h"\noverlap = "wait"', "fleet.toml:5 schedule[0].overlap", ["allow, skip"]),
    (f"{NAMED}{TASK}every = 60\nevry = 1", "fleet.toml:5 schedule[0].evry", ["did you mean 'every'"]),
    (
        f'{NAMED}every = 60\n[schedule.task]\ntitle = "x"\nqueue = "q"',
        "fleet.toml:6 schedule[0].task.queue",
        ["no queue"],
    ),
    (f'{NAMED}every = 60\n[schedule.task]\ntitle = ""', "fleet.toml:5 schedule[0].task.title", ["empty"]),
    (f'{NAMED}every = 60\n[schedule.task]\ntitel = "x"', "fleet.toml:5 schedule[0].task.titel", ["'title'"]),
    (
        f'{NAMED}every = 60\n[schedule.task]\ntitle = "x"\ndeadline = "2027-01-01T00:00:00Z"',
        "fleet.toml:6 schedule[0].task.deadline",
        ["span from each tick"],
    ),
    (f"{NAMED}{TASK}every = 60\n{NAMED}{TASK}every = 60", "fleet.toml:6 schedule[1].name", ["already"]),
    (
        f"{NAMED}{TASK}every = 60".replace("[[", "[").replace("]]", "]"),
        "fleet.toml:1 schedule",
        ["[[schedule]]"],
    ),
]


@pytest.mark.parametrize(("text", "field", "words"), WRONG, ids=range(len(WRONG)))
def test_what_can_not_be(text: str, field: str, words: list[str]) -> None:
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), field, *words)


STARTED = '[[agent]]\nname = "ann"\ncommand = ["true"]\nskills = { python = 1 }\n'
ASKS = '[[schedule]]\nname = "s"\nevery = 60\ntask = { title = "x", skills = { rust = 1 } }\n'


def test_a_task_for_nobody() -> None:
    assert_refused(lambda: parse_fleet(STARTED + ASKS, "fleet.toml"), "fleet.toml:8 schedule[0].task", "rust")
    outside = parse_fleet(f'{STARTED}{ASKS}[[agent]]\nname = "bob"\n', "fleet.toml")
    assert ["rust" in caution.text for caution in outside.cautions] == [True]
    routed = (
        '[[rule]]\nmatch = { kind = "task" }\nset = { pin = "eve" }\n[[agent]]\nname = "eve"\nskills = { rust = 1 }\n'
    )
    assert parse_fleet(STARTED + ASKS + routed, "fleet.toml").cautions == ()
    assert parse_fleet(ASKS, "fleet.toml").cautions == ()


def test_the_page_about_them() -> None:
    page = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text()
    (text,) = [block.split("```")[0] for block in page.split("```toml\n")[1:]]
    assert [one.name for one in parse_fleet(text, "fleet.toml").schedules] == ["morning-report", "inbox"]
