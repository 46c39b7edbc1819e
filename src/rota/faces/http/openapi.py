"""The OpenAPI 3.1 document, made from the table of operations and the structs of requests and answers."""

from __future__ import annotations

import sys
from functools import cache
from inspect import cleandoc
from typing import Any

import msgspec

from rota import __version__
from rota.faces.http.examples import EXAMPLES
from rota.faces.http.field_notes import field_notes, structs_in
from rota.faces.http.links import LINKS, links_of
from rota.faces.http.operations import PREFIX
from rota.model.errors import KINDS
from rota.operations.table import OPERATIONS, Operation
from rota.owner.safe import KEYED

_REF = "#/components/schemas/{name}"
_PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457). `code` is stable and the same in every face of Rota.",
    "required": ["type", "title", "status", "detail", "code", "message", "fix"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(KINDS)},
        "message": {"type": "string"},
        "fix": {"type": "string", "description": "What to do next."},
        "field": {"type": "string", "description": "What it is about."},
        "data": {"type": "object", "description": "Facts for programs."},
    },
}
_OF_HTTP = {400, 401, 403, 404, 405, 408, 413, 415, 500}
"""What any operation may be answered with, besides its own refusals."""


@cache
def document() -> bytes:
    """The document as JSON."""
    return msgspec.json.format(msgspec.json.encode(described()), indent=2) + b"\n"


def described() -> dict[str, Any]:
    """The document as plain data."""
    every = list(OPERATIONS.values())
    structs = [struct for operation in every for struct in (operation.request, operation.answer)]
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    for struct in structs_in(structs):
        _note_fields(struct, schemas[struct.__name__])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rota",
            "version": __version__,
            "summary": "Gives the right task to the right agent.",
            "description": "Every operation is a POST with a JSON object; those that only read are a GET too.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}, {}],
        "paths": {PREFIX + operation.name: _path(operation, schemas) for operation in every} | _pages(),
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "responses": {"Problem": _refusal("The request was refused.")},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _note_fields(struct: type, schema: dict[str, Any]) -> None:
    for name, text in field_notes(struct).items():
        shown = schema["properties"].get(name)
        if shown is not None:
            shown.setdefault("description", text)


def _path(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    found = {"post": _post(operation)}
    if operation.look is not None:
        found["get"] = _get(operation, schemas)
    return found


def _post(operation: Operation) -> dict[str, Any]:
    request = operation.request
    needed = any(field.required for field in msgspec.structs.fields(request))
    return _common(operation, "") | {
        "parameters": _headers(operation),
        "requestBody": {
            "required": needed,
            "content": {
                "application/json": {
                    "schema": {"$ref": _REF.format(name=request.__name__)},
                    **({"example": EXAMPLES[operation.name]} if operation.name in EXAMPLES else {}),
                }
            },
        },
    }


def _get(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[operation.request.__name__]
    required = schema.get("required", [])
    example = EXAMPLES.get(operation.name, {})
    plain: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": name in required, "schema": shown}
        | ({"example": example[name]} if name in example else {})
        for name, shown in schema["properties"].items()
        if shown.get("type") != "object"
    ]
    known = "The `ETag` of an earlier answer: 304 while it would be the same."
    plain.append({"name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": known})
    found = _common(operation, "_by_query") | {"parameters": plain}
    found["responses"]["304"] = {"description": "It is as in the answer with that ETag."}
    return found


def _common(operation: Operation, suffix: str) -> dict[str, Any]:
    statuses = _OF_HTTP | {KINDS[code].status for code in operation.errors}
    if "version" in operation.request.__struct_fields__:
        statuses.add(412)
    summary, _, more = cleandoc(operation.documentation).partition("\n\n")
    return {
        "operationId": operation.name + suffix,
        "tags": [operation.scope],
        "summary": " ".join(summary.split()),
        "description": "\n\n".join(
            filter(None, [more, f"Scope: `{operation.scope}`. Refusals: {', '.join(operation.errors)}."])
        ),
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": {"$ref": _REF.format(name=operation.answer.__name__)}}},
                **({"links": links_of(operation.name)} if operation.name in LINKS and not suffix else {}),
            },
            **{str(status): {"$ref": "#/components/responses/Problem"} for status in sorted(statuses)},
        },
    }


def _headers(operation: Operation) -> list[dict[str, Any]]:
    found = []
    if operation.name in KEYED:
        text = f"The same call again answers the same: what `{KEYED[operation.name]}` is in the body."
        found.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}, "description": text})
    if "version" in operation.request.__struct_fields__:
        text = "The ETag of the task as `get_task` sent it: refused when it was edited since."
        found.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}, "description": text})
    return found


def _pages() -> dict[str, Any]:
    return {
        "/health": {"get": _page("health", "The process answers.", "application/json", secured=False)},
        "/ready": {"get": _page("ready", "The database answers too.", "application/json", secured=False)},
        "/openapi.json": {"get": _page("openapi", "This document.", "application/json", secured=False)},
        "/metrics": {"get": _page("metrics", "Figures as Prometheus reads them.", "text/plain")},
        "/mcp": {
            "post": _page("mcp", "MCP over streamable HTTP, without sessions.", "application/json")
            | {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
        },
        "/v1/events": {
            "get": _page("events", "What happens, as server-sent events.", "text/event-stream")
            | {
                "parameters": [
                    _query("kind", "Only events of these kinds."),
                    _query("task", "Only events about these tasks."),
                    _query("state", "Only events by which tasks came into these states."),
                    _query("since", "Begin there: RFC 3339, or a span that counts back from now."),
                    _query("after", "Begin after the event with this id, as with the header."),
                    {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
                ]
            }
        },
    }


def _page(name: str, about: str, kind: str, *, secured: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": name,
        "tags": ["service"],
        "summary": about,
        "responses": {
            "200": {"description": "As asked.", "content": {kind: {"schema": {}}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    return found if secured else found | {"security": []}


def _query(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "array", "items": {"type": "string"}}, "description": about}


def _refusal(about: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": about, "content": {"application/problem+json": {"schema": schema}}}


if __name__ == "__main__":
    sys.stdout.write(document().decode())
