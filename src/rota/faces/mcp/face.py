"""MCP inside the owner: sessions of the processes that clients start, and the calls of their tools."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any

from rota.faces.mcp.calling import call_tool
from rota.faces.mcp.classic.call import call
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.described import described
from rota.faces.mcp.later import later
from rota.faces.mcp.serving import SERVED, Serving
from rota.faces.mcp.session import Session
from rota.faces.mcp.tools import TOOLS
from rota.model.errors import invalid
from rota.operations.distributor import Distributor
from rota.operations.same_view import SameView
from rota.owner.face import Answer, Handed, Notify

GRACE_S = 2.0
"""How long a session may be without a connection before what it has goes back, seconds."""
FORGET_S = 86_400.0
"""After so long without a word from hooks a session that has nothing but them is over, seconds."""


class McpFace:
    """Operations that begin with `mcp.`."""

    def __init__(
        self, distributor: Distributor, grace_s: float = GRACE_S, gone: Callable[[str], None] = lambda _session: None
    ) -> None:
        """`gone` is told the number of each session that has ended."""
        self._gone = gone
        self.distributor = distributor
        self.grace_s = grace_s
        self.serving = Serving(distributor)
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._connections: dict[str, int] = {}
        """By session, how many connections it has."""
        self._hooked: dict[str, float] = {}
        """By session that has hooks, when one last spoke."""

    def open(self) -> Connection:
        """The session of a connection, as the owner calls it."""
        return Connection(self)

    def join(self, number: str, client: str) -> Session:
        """A connection says whose it is."""
        with self._lock:
            session = self._session(number, client)
            self._connections[number] = self._connections.get(number, 0) + 1
            return session

    def look_in(self, number: str, client: str) -> tuple[Session, bool]:
        """A hook of the session speaks: it comes and goes without ending it. Whether it is the first one."""
        now = monotonic()
        with self._lock:
            first = number not in self._hooked
            self._hooked[number] = now
            session = self._session(number, client)
            forgotten = [one for one, last in self._hooked.items() if now - last > FORGET_S]
        for one in forgotten:
            self.end(one)
        return session, first

    def _session(self, number: str, client: str) -> Session:
        session = self._sessions.get(number)
        if session is None:
            session = self._sessions[number] = Session(number, client, self._live)
        return session

    def _live(self) -> list[Session]:
        return list(self._sessions.values())

    def leave(self, number: str, *, leaving: bool) -> None:
        """A connection of the session has ended: soon it is over, unless it comes again."""
        with self._lock:
            self._connections[number] = self._connections.get(number, 0) - 1
            if leaving or self._connections[number] > 0:
                return
        waiting = threading.Timer(self.grace_s, self.end, (number,))
        waiting.daemon = True
        waiting.start()

    def end(self, number: str, *, surely: bool = False) -> None:
        """The session is over, unless it has a connection again."""
        with self._lock:
            if not surely and self._connections.get(number, 0) > 0:
                return
            session = self._sessions.pop(number, None)
            self._connections.pop(number, None)
            self._hooked.pop(number, None)
        if session is not None:
            session.end(self.distributor)
        self._gone(number)


class Connection:
    """One connection, which says first whose it is."""

    def __init__(self, face: McpFace) -> None:
        self._face = face
        self._number: str | None = None
        self._hooks: str | None = None
        """The session, when it is one of its hooks that speaks."""
        self._session: Session | None = None

    def call(self, operation: str, arguments: dict[str, Any], notify: Notify) -> Answer | Future[Answer]:
        """One of `mcp.hello`, `mcp.call`, `mcp.renew`, `mcp.bye`, or of what is served to read."""
        if operation in SERVED:
            return self._face.serving.call(str(id(self)), operation, arguments, notify)
        if operation == "mcp.hello":
            return self._hello(arguments)
        if self._session is None:
            raise invalid("operation", "say mcp.hello first")
        if operation == "mcp.call":
            return self._call(self._session, arguments, notify)
        if operation == "mcp.renew":
            renewed = self._session.renew(self._face.distributor)
            news = {"lost": renewed.lost, "cancel": renewed.cancel, "preempt": renewed.preempt}
            return self._in_hands(self._session) | news
        if operation == "mcp.register":
            return {"agent": self._register(self._session, arguments)}
        if operation == "mcp.give_back":
            return self._give_back(self._session, arguments)
        if operation == "mcp.bye" and self._number is not None:
            self._face.end(self._number, surely=True)
            return {}
        raise invalid("operation", f"there is no operation {operation[:60]!r}")

    def closed(self, *, leaving: bool) -> None:
        """The connection has ended."""
        self._face.serving.closed(str(id(self)))
        if self._number is not None:
            self._face.leave(self._number, leaving=leaving)

    def _hello(self, arguments: dict[str, Any]) -> Answer:
        number = arguments.get("session")
        if not isinstance(number, str) or not 16 <= len(number) <= 64 or not number.isalnum():
            raise invalid("session", "must be 16 to 64 letters and digits")
        if self._session is not None:
            return {}
        client = str(arguments.get("client") or "")
        is_new = True
        if arguments.get("hook"):
            self._hooks = number
            self._session, is_new = self._face.look_in(number, client)
        else:
            self._number = number
            self._session = self._face.join(number, client)
        folder = arguments.get("folder")
        self._session.folder = folder if isinstance(folder, str) else None
        if is_new:
            # What a hook remembers counts only for an owner that has not heard of it.
            self._session.take_on(arguments.get("held") or ())
        return {}

    def _register(self, session: Session, arguments: dict[str, Any]) -> str:
        role, skills = described(arguments.get("role"), arguments.get("skills"), session.folder)
        return session.identity(self._face.distributor, role=role, skills=skills).name

    def _give_back(self, session: Session, arguments: dict[str, Any]) -> Answer:
        session.give_back(self._face.distributor, list(session.in_hands), str(arguments.get("reason") or ""))
        if self._hooks is not None:
            # Over, unless its MCP server is there still.
            self._face.end(self._hooks)
        return self._in_hands(session)

    def _call(self, session: Session, arguments: dict[str, Any], notify: Notify) -> Answer | Future[Answer]:
        tool, given = str(arguments.get("tool")), arguments.get("arguments")
        if tool in TOOLS:
            answer = call_tool(self._face.distributor, session, tool, given, notify)
            if isinstance(answer, Future):
                return later(answer, lambda found: self._shown(session, found))
            return self._shown(session, answer)
        rota = self._face.distributor
        session.begin_call()
        try:
            with SameView(rota) as view:
                result = call(view, session, tool, given, _request_of(arguments))
        except ProtocolError as error:
            return {"error": {"code": error.code, "message": error.message}} | self._in_hands(session)
        fresh = session.fresh
        if not fresh:
            return self._shown(session, result)
        return self._shown(session, Handed(result, lambda: session.give_back(rota, fresh, "the answer did not arrive")))

    def _shown(self, session: Session, answer: Answer) -> Answer:
        if isinstance(answer, Handed):
            return Handed({"result": answer.answer} | self._in_hands(session), answer.lost)
        return {"result": answer} | self._in_hands(session)

    def _in_hands(self, session: Session) -> dict[str, Any]:
        held = list(session.in_hands.values())
        term = min((one.term for one in held), default=None)
        return {"held": [[one.task, one.agent, one.token] for one in held], "term": term}


def _request_of(arguments: dict[str, Any]) -> str | None:
    """What the client's process calls the call, so that it may come twice."""
    request = arguments.get("request")
    if request is None or (isinstance(request, str) and 16 <= len(request) <= 64 and request.isalnum()):
        return request
    raise invalid("request", "must be 16 to 64 letters and digits")
