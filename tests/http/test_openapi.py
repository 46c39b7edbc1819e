"""The OpenAPI document: as committed, and true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema_rs

from rota.faces.http import reference
from rota.faces.http.examples import EXAMPLES
from rota.faces.http.links import LINKS
from rota.faces.http.openapi import described, document
from rota.operations.decode import decode
from rota.operations.table import OPERATIONS
from tests.http.client import Client

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_document_is_up_to_date() -> None:
    assert FILE.read_bytes() == document(), "python -m rota.faces.http.openapi > docs/openapi.json"


def test_the_committed_reference_is_up_to_date() -> None:
    page = "".join(reference.page())
    assert (FILE.parent / "http-reference.md").read_text() == page, (
        "python -m rota.faces.http.reference > docs/http-reference.md"
    )
    for name in OPERATIONS:
        assert f"\n### {name}\n" in page
    targets = set(re.findall(r"\]\(#([a-z_]+)\)", page))
    assert targets <= {heading.lower() for heading in re.findall(r"\n### (\w+)\n", page)}


def test_every_operation_is_in_it() -> None:
    paths = described()["paths"]
    for name, operation in OPERATIONS.items():
        routes = paths[f"/v1/{name}"]
        assert set(routes) == ({"post"} if operation.look is None else {"get", "post"}), name
        assert operation.documentation.split()[0] in routes["post"]["summary"]


def test_every_operation_has_an_example_that_can_be_asked() -> None:
    assert set(EXAMPLES) == set(OPERATIONS)
    paths = described()["paths"]
    for name, operation in OPERATIONS.items():
        decode(operation, EXAMPLES[name])
        routes = paths[f"/v1/{name}"]
        assert routes["post"]["requestBody"]["content"]["application/json"]["example"] == EXAMPLES[name]


def test_every_link_can_be_followed() -> None:
    for name, links in LINKS.items():
        assert name in OPERATIONS
        for link in links:
            decode(OPERATIONS[link.operation], link.body)


def test_fields_are_described() -> None:
    schemas = described()["components"]["schemas"]
    assert schemas["Claim"]["properties"]["project"]["description"] == "Only tasks of this project, by id or key."
    assert schemas["Given"]["properties"]["until"]["description"].startswith("The lease ends then")


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
