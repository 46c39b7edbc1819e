"""The OpenAPI document: as committed, and true. Schemathesis asks what it says can be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS

from rota.faces.http.openapi import described, document
from rota.operations.table import OPERATIONS
from tests.http.client import Client

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
EXAMPLES = 10
"""Requests made of each route."""
_SLOW = list(HealthCheck)


def test_the_committed_document_is_up_to_date() -> None:
    assert FILE.read_bytes() == document(), "python -m rota.faces.http.openapi > docs/openapi.json"


def test_every_operation_is_in_it() -> None:
    paths = described()["paths"]
    for name, operation in OPERATIONS.items():
        routes = paths[f"/v1/{name}"]
        assert set(routes) == ({"post"} if operation.look is None else {"get", "post"}), name
        assert operation.documentation.split()[0] in routes["post"]["summary"]


def test_every_reference_leads_somewhere() -> None:
    whole = described()

    def look(part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                look(one)
        if not isinstance(part, dict):
            return
        reference = part.get("$ref")
        if isinstance(reference, str):
            found: Any = whole
            for name in reference.removeprefix("#/").split("/"):
                found = found[name]
        for one in part.values():
            look(one)

    look(whole)
    for schema in whole["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "components": whole["components"]})


def test_answers_are_as_the_document_says(client: Client) -> None:
    client.ok("submit", {"tasks": [{"title": "x", "payload": {"a": [1]}, "deadline": "1h"}, {"title": "y"}]})
    client.ok("register_agent", {"agent": {"name": "ann"}})
    client.ok("claim", {"agent": "ann"})
    whole = described()
    asked: dict[str, Any] = {
        "get_task": {"task": "task-1"}, "list_tasks": {}, "get_history": {"task": "task-1"},
        "explain": {"task": "task-2"}, "explain_agent": {"agent": "ann"}, "list_agents": {}, "list_queues": {},
        "get_statistics": {}, "list_events": {}, "match": {}, "list_tenants": {}, "list_projects": {},
    }  # fmt: skip
    for name, request in asked.items():
        reference = f"#/components/schemas/{OPERATIONS[name].answer.__name__}"
        validator = jsonschema_rs.validator_for({"$ref": reference, "components": whole["components"]})
        validator.validate(client.ok(name, request))


BUSINESS = ("positive_data_acceptance", "ignored_auth")
"""Not looked at: JSON Schema can not say all that an operation refuses, and here nobody needs a key."""
LEFT_OUT = ("/v1/events", "/v1/backup", "/v1/archive", "/v1/restore_archive", "/v1/create_key")
"""A stream, files anywhere on this machine, and a key that would shut us out."""


@pytest.mark.timeout(110)
@pytest.mark.filterwarnings("ignore::Warning")
def test_whatever_can_be_asked_is_answered_as_documented(client: Client) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(document()))
    schema.config.update(base_url=client.url)
    without = CHECKS.get_by_names(list(BUSINESS))
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path not in LEFT_OUT:
            _ask(operation, without)


def _ask(operation: Any, without: list[Any]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=_SLOW)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if isinstance(case.body, dict):
            # Waiting is tried elsewhere.
            case.body.pop("wait", None)
        case.call_and_validate(excluded_checks=without)

    ask()
