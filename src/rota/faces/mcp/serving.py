"""Resources and prompts as the owner serves them to the processes that clients start."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rota.faces.mcp.prompts.getting import get_prompt
from rota.faces.mcp.resources.reading import list_resources, read_resource
from rota.faces.mcp.resources.watching import Watching
from rota.model.errors import invalid
from rota.operations.distributor import Distributor
from rota.owner.face import Answer, Notify

SERVED = frozenset({"mcp.resources", "mcp.read", "mcp.prompt", "mcp.watch"})


class Serving:
    """What one owner serves."""

    def __init__(self, distributor: Distributor) -> None:
        self._distributor = distributor
        self._watching = Watching(distributor)

    def call(
        self, connection: str, operation: str, arguments: dict[str, Any], notify: Notify
    ) -> Answer | Future[Answer]:
        """One of `SERVED`. Whoever watches has a call that does not end: its notices are the news."""
        if operation == "mcp.resources":
            return {"result": list_resources(self._distributor)}
        if operation == "mcp.read":
            return {"result": read_resource(self._distributor, arguments.get("uri"))}
        if operation == "mcp.prompt":
            return {"result": get_prompt(self._distributor, arguments.get("name"), arguments.get("arguments"))}
        return self._watch(connection, arguments.get("uri"), notify)

    def closed(self, connection: str) -> None:
        """The connection has ended."""
        self._watching.unwatch(connection)

    def _watch(self, connection: str, uri: object, notify: Notify) -> Future[Answer]:
        if not isinstance(uri, str):
            raise invalid("uri", "must be a text")
        self._watching.watch(connection, uri, notify)
        notify({"watching": uri})
        return _Watched(self._watching, connection, uri)


class _Watched(Future[Answer]):
    """A call that lasts until it is cancelled."""

    def __init__(self, watching: Watching, connection: str, uri: str) -> None:
        super().__init__()
        self._unwatch: Callable[[], None] = lambda: watching.unwatch(connection, uri)

    def cancel(self) -> bool:
        self._unwatch()
        return super().cancel() and self.set_running_or_notify_cancel() is False
