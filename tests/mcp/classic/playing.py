"""Exchanges as a table, and what plays them: in process, or over the streams of a real process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Answer = dict[str, Any]
"""`{"result": ...}` or `{"error": ...}`."""
Caller = Callable[[str, Any], Answer]


class Anything:
    """Stands for a value that differs from time to time."""

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = Anything()


class Error(NamedTuple):
    """The call is wrong in itself."""

    code: int
    text: str


class Failure(NamedTuple):
    """The tool could not do it."""

    text: str


class Step(NamedTuple):
    """One call and what it answers. `$p` is the newest project, `$1` its first task, `$2` the next, `$me` the agent."""

    tool: str
    arguments: Any
    expected: Any


def play(call: Caller, steps: Sequence[Step], agent: str) -> None:
    """Play an exchange; every answer must be exactly as written, with its keys in that order."""
    names = {"$me": agent}
    for number, step in enumerate(steps, 1):
        answer = call(step.tool, _named(step.arguments, names))
        found = answer["error"] if "error" in answer else _told(answer["result"])
        if step.tool == "create_project" and isinstance(found, dict) and "projectId" in found:
            names = {"$me": agent, "$p": found["projectId"]}
            _bind(names, found["tasks"])
        elif isinstance(found, dict) and "newTasks" in found:
            _bind(names, found["newTasks"])
        wanted = _named(_shape(step.expected), names)
        assert same(found, wanted), f"step {number}, {step.tool}:\n  found  {found}\n  wanted {wanted}"


def _bind(names: dict[str, str], tasks: Sequence[dict[str, str]]) -> None:
    for task in tasks:
        names[f"${sum(name[1:].isdigit() for name in names) + 1}"] = task["id"]


def _shape(expected: Any) -> Any:
    if isinstance(expected, Error):
        return {"code": expected.code, "message": f"MCP error {expected.code}: {expected.text}"}
    if isinstance(expected, Failure):
        return f"Tool execution failed: {expected.text}"
    return expected


def _told(result: dict[str, Any]) -> Any:
    """What a result says; its shape is checked on the way."""
    assert len(result["content"]) == 1
    assert list(result["content"][0]) == ["type", "text"]
    assert result["content"][0]["type"] == "text"
    text: str = result["content"][0]["text"]
    if "isError" in result:
        assert list(result) == ["content", "isError"]
        assert result["isError"] is True
        return text
    assert list(result) == ["content"]
    told = json.loads(text)
    assert text == json.dumps(told, indent=2, ensure_ascii=False), "two spaces, characters as they are"
    return told


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name in sorted(names, key=len, reverse=True):
            value = value.replace(name, names[name])
        return value
    if isinstance(value, dict):
        return {key: _named(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, names) for part in value]
    return value


def same(found: Any, wanted: Any) -> bool:
    """Whether they are equal, keys in their order too."""
    if wanted is ANY:
        return True
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(wanted)
            and all(same(found[key], wanted[key]) for key in wanted)
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(same(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return type(found) is type(wanted) and bool(found == wanted)
