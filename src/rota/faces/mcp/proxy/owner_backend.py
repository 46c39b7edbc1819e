"""Calls passed on to the owner of the database, as frames over its socket."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rota.faces.mcp.proxy.backend import Answered, Notice
from rota.faces.mcp.proxy.claude_session import is_worker, shared_session
from rota.faces.mcp.proxy.held_file import HeldFile
from rota.faces.mcp.proxy.renewing import TERM_S, Renewing
from rota.faces.mcp.proxy.wire import INTERNAL_ERROR, INVALID_PARAMS
from rota.files.session import database_of_session
from rota.model.errors import RotaError
from rota.owner.address import address_of
from rota.owner.link import Link, LinkError, Opening

REPEATABLE = frozenset({"list_projects", "read_project", "list_tasks", "read_task", "get_next_task", "update_task",
                        "create_project", "create_task", "add_tasks_to_project", "claim_tasks", "assign_tasks",
                        "submit_tasks", "complete_task", "give_back_task", "ask",
                        "heartbeat", "register_roster", "match_agents", "list_agents", "list_queues", "explain_task",
                        "explain_agent", "get_distribution_context", "distribution_status", "simulate"})  # fmt: skip
"""Tools that may be called again when nobody knows whether they were: they change nothing, or answer the same."""
NAMED = {"claim_tasks": "request", "assign_tasks": "request", "submit_tasks": "key"}
"""Tools that answer the same to the same call where an argument names it."""
GENERATE = "generate_project_plan"
BYE_S = 5.0


class OwnerBackend:
    """One session with whoever owns the database now."""

    def __init__(self, database: str | None) -> None:
        self._database = database
        self._link: Link | None = None
        self._kept: HeldFile | None = None
        self._client = ""
        self._hello: dict[str, Any] = {}
        self._renewing = Renewing(self._renew)
        self._idle_term: float | None = None
        """As whose term it renews when it knows of nothing in its hands; None = not at all."""
        self._closed = False

    def begin(self, client: str) -> None:
        """The name is the first part of the agent's."""
        self._client = client
        if shared_session(client, os.environ) and is_worker(os.environ):
            # Its hooks take tasks that this process has not heard of; their leases live as long as it does.
            self._idle_term = TERM_S
            self._renewing.have(TERM_S)
            with suppress(RotaError):
                self._linked()

    def call(self, tool: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        """Pass a call on."""
        self._renewing.called()
        if tool == GENERATE:
            # The keys of the providers and the attachments are this process's, not the owner's.
            threading.Thread(target=self._generate, args=(arguments, answered, notice), daemon=True).start()
            return lambda: None
        return self._pass_on(tool, arguments, answered, notice)

    def ask(self, operation: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        """Pass on what is no tool."""

        def done(answer: dict[str, Any] | LinkError) -> None:
            answered(_refused(answer) if isinstance(answer, LinkError) else answer)

        try:
            link = self._linked()
            number = link.ask(operation, arguments, done=done, on_notice=notice, safe=True)
        except RotaError as error:
            answered(_refused(error))
            return lambda: None
        return lambda: link.cancel(number)

    def close(self) -> None:
        """Give back what is in hands, at once."""
        self._renewing.close()
        self._closed = True
        if self._link is None:
            return
        # Without it the owner sees that the connection ends, and waits a little.
        with suppress(LinkError):
            self._link.call("mcp.bye", {}, timeout=BYE_S, safe=True)
            if self._kept is not None:
                self._kept.forget()
        self._link.close()

    def _pass_on(self, tool: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        def done(answer: dict[str, Any] | LinkError) -> None:
            if isinstance(answer, LinkError):
                answered({"result": _told(answer)})
                return
            if "held" in answer:
                self._have(answer["held"], answer.get("term"))
            answered(answer)

        try:
            link = self._linked()
            call = {"tool": tool, "arguments": _named(tool, arguments), "request": os.urandom(16).hex()}
            number = link.ask("mcp.call", call, done=done, on_notice=notice, safe=_is_repeatable(tool, arguments))
        except RotaError as error:
            answered({"result": _told(error)})
            return lambda: None
        return lambda: link.cancel(number)

    def _generate(self, arguments: Any, answered: Answered, notice: Notice) -> None:
        from rota.faces.mcp.classic import generate
        from rota.faces.mcp.classic.arguments import check
        from rota.faces.mcp.classic.errors import ProtocolError, ToolError, failed

        try:
            project = generate.project_of(check(GENERATE, arguments))
        except ProtocolError as error:
            answered({"error": {"code": error.code, "message": error.message}})
        except ToolError as error:
            answered({"result": failed(error)})
        else:
            self._pass_on("create_project", project, answered, notice)

    def _linked(self) -> Link:
        """Raises `RotaError` where there is no database to be found; the next call looks again."""
        if self._link is None:
            database = database_of_session(self._database)
            address = address_of(database)
            session = shared_session(self._client, os.environ) or os.urandom(16).hex()
            self._hello = {"session": session, "client": self._client, "folder": _folder(), "held": []}
            self._link = Link(database, opening=Opening("mcp.hello", self._hello))
            self._kept = HeldFile(address, session)
        return self._link

    def _have(self, held: list[list[str]], term: float | None) -> None:
        # The next owner is told of it with the opening.
        self._hello["held"] = held
        if self._kept is not None:
            self._kept.keep(held)
        self._renewing.have(term if held else self._idle_term)

    def _renew(self) -> None:
        if self._link is None or self._closed:
            return

        def done(answer: dict[str, Any] | LinkError) -> None:
            if not isinstance(answer, LinkError) and "held" in answer:
                self._have(answer["held"], answer.get("term"))

        try:
            self._link.ask("mcp.renew", {}, done=done, safe=True)
        except LinkError:
            return


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None  # removed meanwhile


def _named(tool: str, arguments: Any) -> Any:
    """The arguments with a name for the call, where the tool takes one and its caller gave none."""
    name = NAMED.get(tool)
    if name is None or not isinstance(arguments, dict) or arguments.get(name) is not None:
        return arguments
    return {**arguments, name: os.urandom(16).hex()}


def _is_repeatable(tool: str, arguments: Any) -> bool:
    if tool == "fail_task":
        # With new tasks it would submit them once more.
        return isinstance(arguments, dict) and not arguments.get("blocked_by")
    return tool in REPEATABLE


def _refused(error: RotaError) -> dict[str, Any]:
    code = INVALID_PARAMS if error.kind.status < 500 else INTERNAL_ERROR
    return {"error": {"code": code, "message": str(error), "data": error.as_dict()}}


def _told(error: RotaError) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": f"Tool execution failed: {error}"}], "isError": True}
