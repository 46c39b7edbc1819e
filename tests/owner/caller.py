"""A `link_process`, as the test sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Caller:
    """Use as a context: it is killed at the end, if it still lives."""

    def __init__(self, database: str, *, idle: float = 300.0, version: str = "") -> None:
        program = [sys.executable, "-m", "tests.owner.link_process", database, str(idle)]
        program += [version] if version else []
        self._process = subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def ask(self, operation: str, arguments: dict[str, Any] | None = None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([operation, arguments or {}]) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def call(self, operation: str, arguments: dict[str, Any] | None = None) -> Any:
        self.ask(operation, arguments)
        said = self.hear()
        assert "answer" in said, said
        return said["answer"]

    def end(self) -> None:
        """Lets it close its link."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
