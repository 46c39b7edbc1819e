"""The reference of the HTTP face, made from its OpenAPI document, and so from the table of operations.

`python -m rota.faces.http.reference > docs/http-reference.md` writes the page; a test says whether it is up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, get_args

from rota.faces.http.examples import EXAMPLES
from rota.faces.http.openapi import described
from rota.faces.http.operations import PREFIX
from rota.model.errors import KINDS
from rota.operations.table import OPERATIONS, Operation, Scope
from rota.owner.safe import KEYED

_SCOPES: dict[Scope, str] = {
    "read": "Everything that only looks. Each is a `GET` too, with its fields as query parameters.",
    "submit": "For whoever has work to be done.",
    "work": "For agents, and whoever claims for them.",
    "approve": "For whoever decides whether it is good.",
    "route": "For whoever directs the fleet.",
    "admin": "For whoever sets it up.",
}
_INTRODUCTION = """\
# HTTP: reference

Every operation of `rota serve`, by the scope that a key needs for it. How it is spoken to (keys, problems, pages,
idempotency, streams) stands in [http.md](http.md); the same for programs in [openapi.json](openapi.json). This page is
made from the code: `python -m rota.faces.http.reference > docs/http-reference.md`.

A request is a JSON object, sent with `POST /v1/OPERATION`. Fields with a default may be left out, and those that nobody
knows are refused. Spans are seconds, or text such as `"90s"`, `"5m"`, `"2h"`; moments are RFC 3339, or a span from now.
"""
_REF = "#/components/schemas/"


def page() -> Iterator[str]:
    """The page, piece by piece."""
    document = described()
    schemas = document["components"]["schemas"]
    yield _INTRODUCTION
    for scope in get_args(Scope):
        every = [operation for operation in OPERATIONS.values() if operation.scope == scope]
        yield f"\n## Scope `{scope}`\n\n{_SCOPES[scope]}\n\n| operation | what it does |\n|---|---|\n"
        for operation in every:
            summary = document["paths"][PREFIX + operation.name]["post"]["summary"]
            yield f"| [`{operation.name}`](#{operation.name}) | {_cell(summary)} |\n"
        for operation in every:
            yield from _section(operation, schemas)
    yield from _types(schemas)
    yield from _errors()


def _section(operation: Operation, schemas: dict[str, Any]) -> Iterator[str]:
    request, answer = schemas[operation.request.__name__], schemas[operation.answer.__name__]
    yield f"\n### {operation.name}\n\n{request.get('description', '')}\n\n"
    example = json.dumps(EXAMPLES.get(operation.name, {}))
    yield f"```\ncurl localhost:8357{PREFIX}{operation.name} -H 'content-type: application/json' -d '{example}'\n```\n"
    if request.get("properties"):
        yield from _fields(request)
    yield from _answer(answer)
    yield f"\nRefusals: {', '.join(f'`{code}`' for code in operation.errors)}."
    if operation.name in KEYED:
        yield f" `Idempotency-Key` is its `{KEYED[operation.name]}`."
    elif operation.idempotent:
        yield " The same again changes nothing more."
    if "version" in operation.request.__struct_fields__:
        yield " `If-Match` is its `version`."
    yield "\n"


def _types(schemas: dict[str, Any]) -> Iterator[str]:
    """What requests and answers are made of."""
    own = {struct.__name__ for one in OPERATIONS.values() for struct in (one.request, one.answer)}
    yield "\n## Types\n"
    told = json.dumps(schemas)
    for name, schema in sorted(schemas.items()):
        is_named = name not in own or f'"{_REF}{name}"' in told
        if is_named and schema.get("properties") and name != "Problem":
            yield f"\n### {name}\n\n{schema.get('description', '')}\n"
            yield from _fields(schema)


def _errors() -> Iterator[str]:
    yield "\n## Refusals\n\n| code | status | what to do |\n|---|---|---|\n"
    for code, kind in KINDS.items():
        yield f"| `{code}` | {kind.status} | {_cell(kind.fix)} |\n"


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    yield "\n| field | type | default | what it is |\n|---|---|---|---|\n"
    for name, shown in schema["properties"].items():
        default = f"`{json.dumps(shown['default'])}`" if "default" in shown else "needed" if name in required else ""
        yield f"| `{name}` | {_type(shown)} | {default} | {_cell(shown.get('description', ''))} |\n"


def _answer(schema: dict[str, Any]) -> Iterator[str]:
    yield "\n| answer | type | what it is |\n|---|---|---|\n"
    for name, shown in schema["properties"].items():
        yield f"| `{name}` | {_type(shown)} | {_cell(shown.get('description', ''))} |\n"


def _type(shown: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in shown:
        name = shown["$ref"].removeprefix(_REF)
        return f"[{name}](#{name.lower()})"
    if "enum" in shown:
        return ", ".join(f"`{one}`" for one in shown["enum"])
    if "anyOf" in shown:
        return " or ".join(dict.fromkeys(_type(one) for one in shown["anyOf"]))
    kind = shown.get("type", "anything")
    if kind == "array":
        inner = shown.get("items", {})
        return f"list of {_type(inner)}" if inner else "list"
    if kind == "object":
        inner = shown.get("additionalProperties", {})
        return f"object of {_type(inner)}" if isinstance(inner, dict) and inner else "object"
    return str(kind)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write("".join(page()))
