"""What does not fit a request's type is refused in a caller's words, the same from text and from plain data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota.model.errors import RotaError
from rota.operations.decode import decode
from rota.operations.table import OPERATIONS


@pytest.mark.parametrize(
    ("operation", "arguments", "field", "message"),
    [
        ("submit", {"tasks": [{"title": "x", "priority": "urgent"}]}, "tasks[0].priority",
         "'urgent' is none of emergency, critical, high, normal, low"),
        ("submit", {"tasks": [{"title": "x", "prio": 1}]}, "tasks[0].prio",
         "there is no such field; did you mean 'priority'?"),
        ("submit", {"tasks": [{}]}, "tasks[0].title", "is needed and missing"),
        ("submit", {"tasks": {}}, "tasks", "must be a list, not an object"),
        ("submit", {"tasks": [{"title": "x", "estimate": {}}]}, "tasks[0].estimate",
         "must be a number or text, not an object"),
        ("submit", {"tasks": [{"title": "x", "skills": {"a": "b"}}]}, "tasks[0].skills[...]",
         "must be a whole number, not text"),
        ("get_task", {"task": None}, "task", "must be text, not null"),
        ("register_agent", {"agent": {"name": "x", "slots": 2.5}}, "agent.slots",
         "must be a whole number, not one with a fraction"),
    ],
)  # fmt: skip
def test_it_names_the_field_and_what_it_must_be(
    operation: str, arguments: dict[str, Any], field: str, message: str
) -> None:
    for given in (arguments, json.dumps(arguments).encode()):
        with pytest.raises(RotaError) as refused:
            decode(OPERATIONS[operation], given)
        assert (refused.value.code, refused.value.field, refused.value.message) == ("invalid", field, message)
