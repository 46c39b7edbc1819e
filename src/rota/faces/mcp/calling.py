"""Calling a tool: from its name and arguments as they came to what goes over the wire."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from rota.faces.mcp.arguments import taken
from rota.faces.mcp.later import later
from rota.faces.mcp.result import refusal_of, result_of
from rota.faces.mcp.tool import Call, Notify, Reply, Session, Tool
from rota.faces.mcp.tools import TOOLS
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.owner.face import Answer, Handed


def call_tool(
    distributor: Distributor,
    session: Session,
    name: str,
    arguments: Any,
    notify: Notify = lambda _notice: None,
) -> Answer | Future[Answer]:
    """The result of a call, or a future of it when it waits. A refusal is a result too.

    A tool that there is not is a `RotaError` `invalid`: which error of the protocol that is, the face decides.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise RotaError("invalid", f"there is no tool {name[:60]!r}", field="name")
    try:
        _check_scope(tool, session)
        answer = tool.run(Call(distributor, session, taken(tool, arguments), notify))
    except RotaError as error:
        return refusal_of(tool.own(error))
    if isinstance(answer, Future):
        return later(answer, _shown, lambda error: _refused(tool, error))
    return _shown(answer)


def _check_scope(tool: Tool, session: Session) -> None:
    if tool.scope not in session.scopes:
        had = ", ".join(sorted(session.scopes)) or "none"
        raise RotaError(
            "not_allowed", f"{tool.name} needs the scope {tool.scope}; this session has {had}", field="scope"
        )


def _shown(answer: Any) -> Answer:
    if not isinstance(answer, Reply):
        return result_of(answer)
    shown = result_of(answer.answer)
    return shown if answer.lost is None else Handed(shown, answer.lost)


def _refused(tool: Tool, error: Exception) -> Answer:
    if isinstance(error, RotaError):
        return refusal_of(tool.own(error))
    raise error
