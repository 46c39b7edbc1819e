"""The reference of the agent tools, made from their definitions and from calls that were really made.

`python -m rota.faces.mcp.reference > docs/mcp-tools.md` writes the page; a test says whether it is up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rota.faces.mcp.prompts.getting import list_prompts
from rota.faces.mcp.resources.catalogue import KINDS
from rota.faces.mcp.sample import Exchange, exchanges
from rota.faces.mcp.tool import Group, Tool
from rota.faces.mcp.tools import CLASSIC, tools_of

LINES = 60
"""Lines of an answer that are shown."""
_GROUPS: dict[Group, str] = {
    "worker": "For whoever does tasks: the task-queue of an agent's tool list.",
    "dispatcher": "For whoever gives tasks to others: its load-balancer and its scheduler.",
}
_INTRODUCTION = """\
# Agent tools: reference

What `rota mcp --tools worker`, `--tools dispatcher` and `--tools all` show. How they are used together stands in
[mcp.md](mcp.md). This page is made from the code, and the answers are those of real calls, in their order:
`python -m rota.faces.mcp.reference > docs/mcp-tools.md`.

Every answer is structured content and the same JSON as text. A call that is refused is a tool error: `isError`, and as
text `{"error": {"code", "message", "fix", "field"}}`. Spans are seconds, or text such as `"90s"`, `"5m"`, `"2h"`;
moments are RFC 3339, or a span from now. What may be left out may be null too.
"""


def page() -> Iterator[str]:
    """The page, piece by piece."""
    yield _INTRODUCTION
    called = exchanges()
    for group, story in _GROUPS.items():
        yield f"\n## {group.capitalize()}\n\n{story}\n"
        yield from _table(group)
        for tool in tools_of(group):
            yield from _section(tool, called[tool.name])
    yield from _rest()


def _table(group: Group) -> Iterator[str]:
    yield "\n| tool | what it does | scope | changes |\n|---|---|---|---|\n"
    for tool in tools_of(group):
        first = tool.description.partition(". ")[0].rstrip(".")
        yield f"| [`{tool.name}`](#{tool.name}) | {_cell(first)} | {tool.scope} | {_changes(tool)} |\n"
    for name in CLASSIC[group]:
        yield f"| `{name}` | as among the [classic tools](mcp.md) | approve | yes |\n"


def _changes(tool: Tool) -> str:
    if tool.hints.reads:
        return "nothing"
    return "yes, once" if tool.hints.idempotent else "yes"


def _section(tool: Tool, called: Exchange) -> Iterator[str]:
    yield f"\n### {tool.name}\n\n{tool.description}\n"
    schema = tool.input_schema
    if schema["properties"]:
        yield "\n| argument | value | |\n|---|---|---|\n"
    for name, field in schema["properties"].items():
        needed = " (needed)" if name in schema.get("required", ()) else ""
        yield f"| `{name}`{needed} | {_cell(_kind(field))} | {_cell(field.get('description', ''))} |\n"
    yield f"\n```json\n{json.dumps(called.arguments, ensure_ascii=False)}\n```\n"
    yield f"answers\n```json\n{_clipped(called.answer)}\n```\n"


def _kind(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_kind(option) for option in field["anyOf"])
    kind = field.get("type", "any JSON")
    bounds = [f"from {field['minimum']:g}"] if "minimum" in field else []
    bounds += [f"to {field['maximum']:g}"] if "maximum" in field else []
    if kind == "array":
        return f"list of {_kind(field['items'])}"
    return " ".join([{"object": "object", "string": "text"}.get(kind, kind), *bounds])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _clipped(answer: Mapping[str, Any]) -> str:
    lines = json.dumps(answer, indent=2, ensure_ascii=False).splitlines()
    return "\n".join(lines if len(lines) <= LINES else [*lines[:LINES], "..."])


def _rest() -> Iterator[str]:
    yield "\n## Resources\n\n| address | what it is |\n|---|---|\n"
    for kind in KINDS.values():
        place = kind.definition()
        yield f"| `{place.get('uri') or place['uriTemplate']}` | {kind.description} |\n"
    yield "\n## Prompts\n\n| prompt | arguments | what it is for |\n|---|---|---|\n"
    for prompt in list_prompts()["prompts"]:
        named = ", ".join(f"`{one['name']}`" + (" (needed)" if one["required"] else "") for one in prompt["arguments"])
        yield f"| `{prompt['name']}` | {named} | {prompt['description']} |\n"


if __name__ == "__main__":
    sys.stdout.write("".join(page()))
