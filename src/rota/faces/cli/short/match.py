"""`rota match`: who would be best for a task, before there is any."""

from __future__ import annotations

from rota.faces.cli.amounts import share, span
from rota.faces.cli.columns import columns
from rota.faces.cli.say import json_line, line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.deed import NOT_ASKED
from rota.faces.cli.short.listing import Item
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.shape import Given, Option, Verb
from rota.faces.cli.short.spec import ASKS, ONCE

_TAKEN = (
    "queue", "kind", "priority", "tenant", "skills", "role", "regions", "pin", "ban", "resources", "near", "max_cost",
    "affinity",
)  # fmt: skip


def match(given: Given) -> int:
    """Show who would do, best first, and why each of the others would not."""
    asked = {name: value for name, value in given.items() if name not in NOT_ASKED}
    with reading(given.get("database")) as call:
        found = call("match", asked)
    if given.get("json"):
        json_line(found)
        return 0
    if found["recommended"]:
        columns(
            ("RANK", "AGENT", "SCORE", "EXPECTED", "SUCCESS", "RUNNING", "WAITS FOR"),
            map(_row, found["recommended"]),
        )
    if found["refusals"]:
        if found["recommended"]:
            line()
        refused = sorted((agent, refusal["text"]) for agent, refusal in found["refusals"].items())
        columns(("AGENT", "WOULD NOT DO BECAUSE"), refused)
    return 0


def _row(one: Item) -> tuple[object, ...]:
    waits = one.get("waits")
    used = f"{one['running']}/{one['slots']}"
    score = f"{one['score']:.3g}"
    expected, success = span(one["expected_s"]), share(one["success"])
    return (one["rank"], one["agent"], score, expected, success, used, None if waits is None else waits["text"])


MATCH = Verb(
    "match",
    "Say which agents would be best for such a task, and why the others would not do",
    match,
    options=(
        *(option for option in (*ASKS, *ONCE) if option.field in _TAKEN),
        Option("n", "How many to recommend.", "integer", ("--number", "-n"), default=5),
        *PLACE,
    ),
)
