"""Resources and prompts: asked of the owner; news of what is watched is passed on. Standard library only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rota.faces.mcp.proxy.backend import Backend
from rota.faces.mcp.proxy.wire import INVALID_PARAMS, Outgoing, Refused

Shape = Callable[[dict[str, Any], "str | None"], dict[str, Any]]
"""The result as the era of its request wants it."""
Cancel = Callable[[], None]

SHORT_MS = 1_000
"""How long what was read may be kept, milliseconds."""
UPDATED = "notifications/resources/updated"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
_PASSED = {"resources/list": "mcp.resources", "resources/read": "mcp.read", "prompts/get": "mcp.prompt"}


class Reading:
    """Answers the methods of resources and prompts for one client."""

    def __init__(self, backend: Backend, outgoing: Outgoing, shape: Shape, changed: threading.Condition) -> None:
        """`changed` is notified when a request has been answered."""
        self.at_work = 0
        """Requests that are still to be answered, without those that stay open."""
        self._changed = changed
        self._backend = backend
        self._outgoing = outgoing
        self._shape = shape
        self._lock = threading.Lock()
        self._watched: dict[str, Cancel] = {}
        """By address, what ends a subscription of the older era."""
        self._listening: dict[Any, list[Cancel]] = {}
        """By the id of the request that listens, what ends it."""

    def takes(self, method: str) -> bool:
        """Whether it is a method of these."""
        return method in _PASSED or method in ("resources/subscribe", "resources/unsubscribe", "subscriptions/listen")

    def ask(self, method: str, number: Any, parameters: dict[str, Any], version: str | None) -> None:
        """Do what the request says. Raises `Refused`."""
        if method in _PASSED:
            self._pass_on(_PASSED[method], number, parameters, version)
        elif method == "resources/subscribe":
            self._subscribe(number, _uri(parameters), version)
        elif method == "resources/unsubscribe":
            self._unsubscribe(number, _uri(parameters), version)
        else:
            self._listen(number, parameters)

    def cancel(self, number: Any) -> None:
        """The client listens no more."""
        with self._lock:
            ended = self._listening.pop(number, [])
        for end in ended:
            end()

    def _pass_on(self, operation: str, number: Any, parameters: dict[str, Any], version: str | None) -> None:
        given = {key: value for key, value in parameters.items() if key != "_meta"}

        def answered(answer: dict[str, Any]) -> None:
            if "error" in answer:
                self._outgoing.error(number, answer["error"])
            else:
                kept = {"ttlMs": SHORT_MS, "cacheScope": "private"} if version is not None else {}
                self._outgoing.result(number, self._shape({**answer["result"], **kept}, version))
            self._ended()

        self._begun()
        self._backend.ask(operation, given, answered, lambda _notice: None)

    def _begun(self) -> None:
        with self._changed:
            self.at_work += 1

    def _ended(self) -> None:
        with self._changed:
            self.at_work -= 1
            self._changed.notify_all()

    def _subscribe(self, number: Any, uri: str, version: str | None) -> None:
        def subscribed() -> None:
            self._outgoing.result(number, self._shape({}, version))
            self._ended()

        once = _Once(subscribed)
        self._begun()

        def refused(answer: dict[str, Any]) -> None:
            if "error" in answer and once.is_first():
                self._outgoing.error(number, answer["error"])
                self._ended()

        def told(notice: dict[str, Any]) -> None:
            if "uri" in notice:
                self._outgoing.notice(UPDATED, {"uri": notice["uri"]})
            else:
                once()

        cancel = self._backend.ask("mcp.watch", {"uri": uri}, refused, told)
        with self._lock:
            before = self._watched.get(uri)
            self._watched[uri] = cancel
        if before is not None:
            before()

    def _unsubscribe(self, number: Any, uri: str, version: str | None) -> None:
        with self._lock:
            cancel = self._watched.pop(uri, None)
        if cancel is not None:
            cancel()
        self._outgoing.result(number, self._shape({}, version))

    def _listen(self, number: Any, parameters: dict[str, Any]) -> None:
        """One request that stays open: first it says what will be told, then it tells."""
        wanted = parameters.get("notifications")
        uris = wanted.get("resourceSubscriptions", []) if isinstance(wanted, dict) else []
        if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
            raise Refused(INVALID_PARAMS, "Invalid params: resourceSubscriptions must be an array of strings")
        meta = {SUBSCRIPTION: number}
        heard: dict[str, bool] = {}
        early: list[str] = []

        def acknowledge() -> None:
            if len(heard) == len(set(uris)):
                agreed = [uri for uri in dict.fromkeys(uris) if heard[uri]]
                found = {"resourceSubscriptions": agreed} if agreed else {}
                self._outgoing.notice(ACKNOWLEDGED, {"notifications": found, "_meta": meta})
                for uri in early:
                    self._outgoing.notice(UPDATED, {"uri": uri, "_meta": meta})

        def listener(uri: str) -> Cancel:
            def hear(agreed: bool) -> None:
                with self._lock:
                    if uri in heard:
                        return
                    heard[uri] = agreed
                    acknowledge()

            def told(notice: dict[str, Any]) -> None:
                if "uri" not in notice:
                    hear(True)
                    return
                with self._lock:
                    if len(heard) < len(set(uris)):
                        early.append(uri)
                        return
                self._outgoing.notice(UPDATED, {"uri": uri, "_meta": meta})

            return self._backend.ask("mcp.watch", {"uri": uri}, lambda _answer: hear(False), told)

        if not uris:
            acknowledge()
        ends = [listener(uri) for uri in dict.fromkeys(uris)]
        with self._lock:
            self._listening[number] = ends


class _Once:
    """Does something the first time it is called."""

    def __init__(self, what: Callable[[], None]) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._done = False

    def is_first(self) -> bool:
        """Whether nobody asked before."""
        with self._lock:
            first, self._done = not self._done, True
            return first

    def __call__(self) -> None:
        if self.is_first():
            self._what()


def _uri(parameters: dict[str, Any]) -> str:
    uri = parameters.get("uri")
    if not isinstance(uri, str):
        raise Refused(INVALID_PARAMS, "Invalid params: uri must be a string")
    return uri
