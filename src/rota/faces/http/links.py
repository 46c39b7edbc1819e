"""Where an answer leads: what of it goes into which next call, as links of the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple


class Link(NamedTuple):
    """The body of a call that can follow. Texts that begin with `$` are found in the request or the answer."""

    operation: str
    body: dict[str, Any]


_FIRST = "$response.body#/ids/0"
_PROJECT = "$response.body#/project"
_AGENT = "$request.body#/agent/name"
_QUEUE = "$request.body#/queue"
_KEY = "$request.body#/limit/key"
_SCHEDULE = "$request.body#/schedule/name"
_GIVEN = {"task": "$response.body#/tasks/0/task", "token": "$response.body#/tasks/0/token"}

LINKS: dict[str, tuple[Link, ...]] = {
    "submit": (
        Link("get_task", {"task": _FIRST}),
        Link("explain", {"task": _FIRST}),
        Link("get_history", {"task": _FIRST}),
        Link("edit", {"task": _FIRST, "priority": "high"}),
        Link("describe", {"task": _FIRST, "title": "another title"}),
        Link("hold", {"tasks": [_FIRST]}),
        Link("cancel", {"tasks": [_FIRST]}),
    ),
    "create_project": (
        Link("get_project", {"project": _PROJECT}),
        Link("add_to_project", {"project": _PROJECT, "tasks": [{"title": "one more"}]}),
        Link("finalize_project", {"project": _PROJECT}),
        Link("delete_project", {"project": _PROJECT}),
    ),
    "register_agent": (
        Link("get_agent", {"agent": _AGENT}),
        Link("explain_agent", {"agent": _AGENT}),
        Link("claim", {"agent": _AGENT}),
        Link("heartbeat", {"agent": _AGENT}),
        Link("drain_agent", {"agent": _AGENT}),
    ),
    "claim": (
        Link("complete", {"outcomes": [_GIVEN]}),
        Link("fail", {"outcomes": [{**_GIVEN, "error": "it did not work"}]}),
        Link("give_back", {"tasks": [_GIVEN]}),
    ),
    "set_queue": (
        Link("get_queue", {"queue": _QUEUE}),
        Link("pause_queue", {"queue": _QUEUE}),
        Link("purge_queue", {"queue": _QUEUE}),
    ),
    "set_limit": (Link("get_limit", {"key": _KEY}), Link("remove_limit", {"key": _KEY})),
    "set_schedule": (
        Link("pause_schedule", {"schedule": _SCHEDULE}),
        Link("remove_schedule", {"schedule": _SCHEDULE}),
    ),
}


def links_of(operation: str) -> dict[str, Any]:
    """The links of its answer, as the document has them."""
    return {
        link.operation: {"operationId": link.operation, "requestBody": link.body} for link in LINKS.get(operation, ())
    }
