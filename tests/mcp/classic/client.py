"""Clients of real `rota mcp` processes, and the end of whatever owner they started."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self

from rota.owner.address import address_of
from rota.owner.connection import dial
from tests.mcp.classic.playing import Answer

WAIT_S = 30.0


class Client:
    """One process, spoken to a line at a time."""

    def __init__(
        self,
        *arguments: str,
        name: str = "tester",
        environment: dict[str, str] | None = None,
        folder: str | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rota", "mcp", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
        self._last = 0
        self._lock = threading.Lock()
        self._answers: dict[Any, dict[str, Any]] = {}
        self.notices: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._came = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()
        self.greeting = self.ask(
            "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": name}}
        )
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def say(self, message: Any) -> None:
        """Send a message; bytes as they are."""
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        assert self.process.stdin is not None
        with self._lock:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def begin(self, method: str, parameters: Any) -> int:
        """Send a request; its id."""
        with self._lock:
            self._last += 1
            number = self._last
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
        return number

    def answer(self, number: Any, seconds: float = WAIT_S) -> dict[str, Any]:
        """The answer to a request: `{"result": ...}` or `{"error": ...}`."""
        with self._came:
            came = self._came.wait_for(lambda: number in self._answers or self._ended, seconds)
            assert came, f"no answer to {number}"
            assert number in self._answers, "the process has ended"
            return self._answers.pop(number)

    def ask(self, method: str, parameters: Any) -> Answer:
        """Send a request and wait for its answer."""
        return self.answer(self.begin(method, parameters))

    def tool(self, name: str, arguments: Any) -> Answer:
        """Call a tool."""
        return self.ask("tools/call", {"name": name, "arguments": arguments})

    def told(self, name: str, **arguments: Any) -> Any:
        """What a tool says; it must be able to."""
        answer = self.tool(name, arguments)
        assert "result" in answer, answer
        assert "isError" not in answer["result"], answer
        return json.loads(answer["result"]["content"][0]["text"])

    def close(self) -> int:
        """Say no more, and wait for the end of the process."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        return self.process.wait(WAIT_S)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(WAIT_S)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            if "id" not in message:
                self.notices.put(message)
                continue
            with self._came:
                self._answers[message["id"]] = {key: message[key] for key in ("result", "error") if key in message}
                self._came.notify_all()
        with self._came:
            self._ended = True
            self._came.notify_all()


class Clients:
    """Processes that share a database."""

    def __init__(self, database: str) -> None:
        self.database = database
        self._all: list[Client] = []

    def new(self, *arguments: str, name: str = "tester", environment: dict[str, str] | None = None) -> Client:
        """One more process."""
        client = Client("--database", self.database, *arguments, name=name, environment=environment)
        self._all.append(client)
        return client

    def owner(self) -> int | None:
        """The process that owns the database now."""
        connection = dial(address_of(self.database), WAIT_S)
        if connection is None:
            return None
        connection.close()
        return connection.process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._all:
            client.process.kill()
            client.process.wait(WAIT_S)
            for stream in (client.process.stdin, client.process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        owner = self.owner()
        if owner is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(owner, signal.SIGKILL)
