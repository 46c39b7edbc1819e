"""File mode as the process that speaks MCP uses it: calls are done one after another, in the order they came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from rota.faces.mcp.classic.errors import METHOD_NOT_FOUND, ProtocolError, ToolError, failed
from rota.faces.mcp.file_mode.call import GENERATE, Place, call
from rota.faces.mcp.proxy.backend import Answered, Notice

Job = Callable[[], None]


class FileBackend:
    """Does calls on one file. They have a thread of their own, so that one that waits for a lock holds up no ping."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, client: str) -> None:
        """Nobody is known by name here."""

    def call(self, tool: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        """Do a call when those before it are done. Cancelled before its turn, nothing is done."""
        del notice
        cancelled = threading.Event()

        def job() -> None:
            if not cancelled.is_set():
                answered(self._answer(tool, arguments))

        if tool == GENERATE:
            # A language model takes its time; the file is not touched before it has answered.
            threading.Thread(target=job, name="rota-plan", daemon=True).start()
            return cancelled.set
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="rota-file", daemon=True)
            self._thread.start()
        self._jobs.put(job)
        return cancelled.set

    def ask(self, operation: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        """A file has nothing to read but by tools."""
        del arguments, notice
        answered({"error": {"code": METHOD_NOT_FOUND, "message": f"Method not found: {operation}"}})
        return lambda: None

    def close(self) -> None:
        """Do no more."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _answer(self, tool: str, arguments: Any) -> dict[str, Any]:
        try:
            return {"result": call(self._place, tool, arguments)}
        except ProtocolError as error:
            return {"error": {"code": error.code, "message": error.message}}
        except Exception as error:  # nothing that a file holds may end the server
            return {"result": failed(ToolError(f"{type(error).__name__}: {error}"))}
