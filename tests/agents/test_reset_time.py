"""When a provider's limit opens, as it is said in many ways."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from rota.agents.reported import reported_cost
from rota.agents.reset_time import reset_after_s

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=ZoneInfo("Europe/Berlin"))
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (f"Claude AI usage limit reached|{EPOCH + 600}", 600),
        (f'{{"resets_at": {EPOCH + 60}}}', 60),
        ("You've hit your limit · resets 2:30pm", 5_400),
        ("session limit, resets 2:30pm (Europe/London)", 9_000),
        ("limit resets at 09:15", 20 * 3_600 + 900),
        ("5-hour limit reached: resets 3pm", 7_200),
        ("it resets at 2026-03-02T12:05:00Z", 300),
        ("429: Retry-After: 30", 30),
        ("Rate limit reached. Please try again in 1m30s.", 90),
        ("try again in 2 hours and 5 minutes", 7_500),
        ("quota will reset after 12h3m0s", 43_380),
        ("retry in 7.5s", 7.5),
        ("wait 20 seconds", 20),
        ("weekly limit: try again in 2 days 3h", 183_600),
    ],
)
def test_it_is_found(text: str, seconds: float) -> None:
    assert reset_after_s(f"exit code 75: {text}", NOW) == seconds


def test_in_the_night_when_clocks_are_changed() -> None:
    late = datetime(2026, 3, 28, 23, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert reset_after_s("resets 9am (Europe/Berlin)", late) == 9 * 3_600


@pytest.mark.parametrize(
    "text",
    [
        "exit code 75",
        "no space left on device",
        "version 2:30 of the file",
        "resets 25:70",
        "resets 3pm (Nowhere/Land)",
        "it resets at 2026-99-02T12:05:00Z",
        "reset by peer 10.0.0.1:8080",
        f"limit reached|{EPOCH - 5}",
        "try again in 900 hours",
        "resets 1pm",
        "resets 12:50pm",
    ],
)
def test_nothing_is_made_up(text: str) -> None:
    assert reset_after_s(text, NOW) is None


@pytest.mark.parametrize(
    ("result", "cost"),
    [
        ({"total_cost_usd": 0.25, "result": "done"}, 0.25),
        ({"usage": {"cost": 2}}, 2.0),
        ('working\n{"type": "result", "total_cost_usd": 1.5}\n', 1.5),
        ("{not json", None),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": "3"}, None),
        ([1], None),
        (None, None),
    ],
)
def test_what_an_answer_says_it_cost(result: object, cost: float | None) -> None:
    assert reported_cost(result) == cost
