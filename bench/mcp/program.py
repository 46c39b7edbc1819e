"""An MCP server as a process, spoken to a line at a time, with as little work on this side as can be."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
WAIT_S = 30.0


class Program:
    """One server. `memory` is asked for while it lives."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
        )
        self._last = 0

    def greet(self) -> float:
        """Shake hands; seconds from the start of the process to its answer."""
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        self.ask("initialize", hello)
        took = time.perf_counter() - self.began
        self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return took

    def send(self, line: bytes) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        os.write(self.process.stdin.fileno(), line)

    def line(self) -> bytes:
        """The next line that it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def request(self, method: str, parameters: Any) -> bytes:
        """A request as a line."""
        self._last += 1
        message = {"jsonrpc": "2.0", "id": self._last, "method": method, "params": parameters}
        return json.dumps(message).encode() + b"\n"

    def tool(self, name: str, arguments: Any) -> bytes:
        """A call of a tool as a line."""
        return self.request("tools/call", {"name": name, "arguments": arguments})

    def ask(self, method: str, parameters: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self.send(self.request(method, parameters))
        line = self.line()
        if not line:
            raise RuntimeError("the server has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(str(answer["error"]))
        return answer

    def told(self, name: str, **arguments: Any) -> Any:
        """What a tool says; it must be able to."""
        return told(self.ask("tools/call", {"name": name, "arguments": arguments}))

    def megabytes(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1_024

    def seconds_of_processor(self) -> float:
        """What it has used so far."""
        return seconds_of_processor(self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()


def told(answer: dict[str, Any]) -> Any:
    """What a tool says."""
    result = answer["result"]
    if result.get("isError"):
        raise RuntimeError(result["content"][0]["text"])
    return json.loads(result["content"][0]["text"])


def seconds_of_processor(process: int) -> float:
    """Time a process has used, in itself and in the system for it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
