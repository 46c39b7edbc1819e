"""Several node processes, and what they told."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.nodes.node_process import Work

PATIENCE_S = 100.0
ROOT = Path(__file__).parents[2]


class Member:
    """A running node and its lines."""

    def __init__(self, work: Work, told: threading.Condition) -> None:
        self.work = work
        self.lines: list[dict[str, Any]] = []
        self._told = told
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nodes.node_process", msgspec.json.encode(work).decode()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def say(self, word: str) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """kill -9, and all it had told is read."""
        self._process.kill()
        self.await_end()

    def await_end(self) -> int:
        """Its exit code."""
        code = self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        return code

    def all(self, fact: str) -> list[Any]:
        """Every value it told of this."""
        return [line[fact] for line in list(self.lines) if fact in line]

    def many(self, fact: str) -> list[Any]:
        """The elements of every list it told of this."""
        return [element for told in self.all(fact) for element in told]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._told:
                # A killed process may leave half a line.
                if line.endswith("\n"):
                    self.lines.append(msgspec.json.decode(line))
                self._told.notify_all()


class Crew:
    """Some nodes on one database."""

    def __init__(self) -> None:
        self._told = threading.Condition()
        self.members: list[Member] = []

    def start(self, *works: Work) -> list[Member]:
        """Start nodes together; they wait for `go`."""
        new = [Member(work, self._told) for work in works]
        self.members += new
        for member in new:
            self.until(lambda member=member: bool(member.all("ready")))  # type: ignore[misc]
        return new

    def go(self, *members: Member) -> None:
        """Let them begin."""
        for member in members or self.members:
            member.say("go")

    def until(self, seen: Callable[[], bool]) -> None:
        """Wait until what they told makes this true."""
        with self._told:
            assert self._told.wait_for(seen, PATIENCE_S), self.summary()

    def stop(self, *members: Member) -> None:
        """Let them end in good order."""
        for member in members:
            member.say("stop")
        for member in members:
            assert member.await_end() == 0, self.summary()

    def many(self, fact: str) -> list[Any]:
        """The elements of every list that anybody told of this."""
        return [element for member in self.members for element in member.many(fact)]

    def done(self) -> Counter[str]:
        """How often each task was done."""
        return Counter(self.many("done"))

    def summary(self) -> str:
        """For a failed test."""
        return "\n".join(
            f"{member.work.name}: {len(member.many('submitted'))} submitted, {len(member.many('given'))} given,"
            f" {len(member.many('done'))} done; {member.lines[-3:]}; again {member.all('again')[-3:]}"
            for member in self.members
        )

    def end(self) -> None:
        """Leave nobody behind."""
        for member in self.members:
            if member._process.poll() is None:
                member.kill()


@contextmanager
def crew() -> Iterator[Crew]:
    """A crew that is gone after the block."""
    nodes = Crew()
    try:
        yield nodes
    finally:
        nodes.end()
