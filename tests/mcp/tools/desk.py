"""A client at the tools: calls them on a test kit and checks what every answer has to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.calling import call_tool
from rota.faces.mcp.tools import TOOLS
from rota.model.commands.work import Claim
from rota.model.task import Given
from rota.operations.distributor import Distributor
from rota.operations.table import Scope
from rota.owner.face import Handed
from rota.testing import TestDistributor
from tests.mcp.tools.conforming import conforms

ALL: frozenset[Scope] = frozenset({"read", "submit", "work", "approve", "route", "admin"})


class DeskSession:
    """A connection, as tools see it."""

    def __init__(self, agent: str = "desk", scopes: frozenset[Scope] = ALL, folder: str | None = None) -> None:
        self.agent = agent
        self.scopes = scopes
        self.folder = folder
        self.held: dict[str, str] = {}
        """The tokens of what was handed over and has not ended."""

    def registered(self, agent: str) -> None:
        del agent

    def own_claim(self, rota: Asking, request: Claim) -> Claim:
        del rota
        return request

    def took(self, given: Sequence[Given]) -> None:
        self.held.update({one.task: one.token for one in given})

    def ended(self, tasks: Sequence[str]) -> None:
        for task in tasks:
            self.held.pop(task, None)


class Desk:
    """Calls tools."""

    def __init__(self, rota: TestDistributor, session: DeskSession | None = None) -> None:
        self.rota = rota
        self.session = session or DeskSession()
        self.notices: list[dict[str, Any]] = []

    @property
    def distributor(self) -> Distributor:
        return self.rota._distributor

    def begin(self, tool: str, **arguments: Any) -> Any:
        """What the call answers: a result, a `Handed`, or a future."""
        return call_tool(self.distributor, self.session, tool, arguments, self.notices.append)

    def result(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result as it goes over the wire; time passes for a call that waits."""
        answer = self.begin(tool, **arguments)
        if isinstance(answer, Future) and tool in ("simulate", "distribution_status"):
            # Worked out by another process, whose time is not that of the kit's clock.
            answer = answer.result(timeout=60)
        if isinstance(answer, Future):
            for _ in range(100):
                if answer.done():
                    break
                self.rota.clock.advance(1)
            answer = answer.result(timeout=0)
        return answer.answer if isinstance(answer, Handed) else answer

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a call that is done."""
        assert conforms(arguments, TOOLS[tool].input_schema) == []
        result = self.result(tool, **arguments)
        assert result["isError"] is False, result
        structured: dict[str, Any] = result["structuredContent"]
        assert json.loads(text_of(result)) == structured
        assert conforms(structured, TOOLS[tool].output_schema) == []
        return structured

    def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The error of a call that is refused."""
        result = self.result(tool, **arguments)
        assert result["isError"] is True, result
        assert "structuredContent" not in result
        error: dict[str, Any] = json.loads(text_of(result))["error"]
        assert error["message"]
        assert error["fix"]
        return error

    def claim(self, agent: str = "ada", **more: Any) -> dict[str, Any]:
        """Exactly one task."""
        (task,) = self.call("claim_tasks", agent=agent, **more)["tasks"]
        found: dict[str, Any] = task
        return found

    def submit(self, *titles: str, **more: Any) -> list[str]:
        """Tasks of these titles; their ids."""
        ids: list[str] = self.call("submit_tasks", tasks=[{"title": title, **more} for title in titles])["ids"]
        return ids


def text_of(result: dict[str, Any]) -> str:
    """The one text of a result."""
    (content,) = result["content"]
    assert content["type"] == "text"
    text: str = content["text"]
    return text


def told(task: dict[str, Any]) -> dict[str, str]:
    """Task and token, as every word about it carries them."""
    return {"task": task["task"], "token": task["token"]}


def texts_in(value: Any) -> Iterator[str]:
    """All texts somewhere in an answer."""
    if isinstance(value, str):
        yield value
    inner: Callable[[], Any] = value.values if isinstance(value, dict) else lambda: value
    if isinstance(value, dict | list):
        for one in inner():
            yield from texts_in(one)
