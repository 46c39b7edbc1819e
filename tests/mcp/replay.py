"""Plays the stories of `tests.mcp.exchanges` against whatever answers calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.mcp.exchanges import Step, Story, ToolFailure, WrongCall

_ID = re.compile(r"\b(proj|task)-[0-9]+\b")


class Refused(Exception):
    """An error of JSON-RPC, with its code and its whole message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Names:
    """Ids of a story and those that stand for them: the first new one is proj-1 or task-1, and so on."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}
        self._told: dict[str, str] = {}

    def real(self, value: Any) -> Any:
        return self._in(value, lambda one: self._real.get(one, one))

    def told(self, value: Any) -> Any:
        return self._in(value, self._name)

    def _name(self, real: str) -> str:
        if real not in self._told:
            kind = real.partition("-")[0]
            name = f"{kind}-{1 + sum(one.startswith(kind) for one in self._real)}"
            self._told[real], self._real[name] = name, real
        return self._told[real]

    def _in(self, value: Any, name: Callable[[str], str]) -> Any:
        return json.loads(_ID.sub(lambda found: name(found[0]), json.dumps(value)))


def replay(story: Story, call: Callable[[str, Any], dict[str, Any]], names: Names | None = None) -> None:
    """Each call in turn; `call` answers the whole result or raises `Refused`. With `names` ids may be any."""
    for number, step in enumerate(story.steps):
        arguments = step.arguments if names is None else names.real(step.arguments)
        found = _answered(call, step.tool, arguments)
        if names is not None and not isinstance(found, ToolFailure | WrongCall):
            found = names.told(found)
        elif names is not None and isinstance(found, ToolFailure):
            found = ToolFailure(_known(names, found.text))
        where = f"{story.name}, step {number}: {step.tool}({step.arguments})"
        assert found == step.answer, where
        _same_order(found, step, where)


def _known(names: Names, text: str) -> str:
    told = {real: name for name, real in names._real.items()}
    return _ID.sub(lambda found: told.get(found[0], found[0]), text)


def _answered(call: Callable[[str, Any], dict[str, Any]], tool: str, arguments: Any) -> Any:
    try:
        result = call(tool, arguments)
    except Refused as error:
        return WrongCall(error.message.replace(f"MCP error {error.code}: ", "", 1), error.code)
    [content] = result["content"]
    assert content["type"] == "text"
    if result.get("isError"):
        assert content["text"].startswith("Tool execution failed: "), content["text"]
        return ToolFailure(content["text"].removeprefix("Tool execution failed: "))
    assert set(result) == {"content"}
    answer = json.loads(content["text"])
    assert content["text"] == json.dumps(answer, indent=2, ensure_ascii=False)
    return answer


def _same_order(found: Any, step: Step, where: str) -> None:
    """The keys stand in the same order too."""
    if isinstance(found, dict):
        assert json.dumps(found) == json.dumps(step.answer), where
