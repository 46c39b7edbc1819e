"""The life of a `load_process`, as the test sees it: it starts, tells what it does, and is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.durability import wire
from tests.durability.ledger import Ledger

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Life:
    """One process. Use as a context: it is killed at the end, if it still lives."""

    def __init__(self, database: str, seed: int, number: int, names: Sequence[str]) -> None:
        self.number = number
        self.local = {name.rstrip("+") for name in names if name.endswith("+")}
        self.lines: list[wire.Line] = []
        self.first = ""
        self._changed = threading.Condition()
        self._ended = False
        program = [sys.executable, "-m", "tests.durability.load_process"]
        self._process = subprocess.Popen(
            [*program, database, str(seed), str(number), *names],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def __enter__(self) -> Life:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def opened(self) -> str:
        """Waits until it has opened the database, or was refused; its first line."""
        self._wait(lambda: self.first != "")
        return self.first

    def await_lines(self, n: int) -> None:
        """Waits until it has told `n` things."""
        self._wait(lambda: len(self.lines) >= n)

    def await_answer(self, since: int) -> None:
        """Waits until it has got an answer, no refusal, to something it asked after `time.monotonic_ns` was `since`."""

        def got_one() -> bool:
            asked = {line.number for line in self.lines if line.what == "asked" and line.at > since}
            return any(line.what == "answered" and line.number in asked for line in self.lines)

        self._wait(got_one)

    def kill(self) -> None:
        """kill -9; all that it ever wrote is in `lines` then. Fails if it wrote a traceback."""
        self._process.kill()
        self._close()

    def end(self) -> None:
        """Lets it finish and close the database."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._close()

    def _close(self) -> None:
        self._process.wait()
        self._reading.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        if self._process.stderr is not None and not self._process.stderr.closed:
            with self._process.stderr as stderr:
                said = stderr.read().decode()
            assert said == "", said

    def _wait(self, until: Callable[[], bool]) -> None:
        with self._changed:
            came = self._changed.wait_for(lambda: until() or self._ended, PATIENCE_S)
            assert came, f"process {self.pid} said nothing new for {PATIENCE_S} s"
            if not until():
                self._process.wait()
                raise AssertionError(f"process {self.pid} has ended")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            # The last line may be torn: then nobody was told, either.
            if text.endswith(b"\n"):
                with self._changed:
                    if self.first:
                        self.lines.append(wire.read(text))
                    else:
                        self.first = text.decode().strip()
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def write_down(lives: Iterable[Life], ledger: Ledger) -> None:
    """What these processes told, in the order in which it happened; all of them are dead now."""
    told = sorted(((line, life.number) for life in lives for line in life.lines), key=lambda pair: pair[0].at)
    for line, life in told:
        if line.what == "asked":
            ledger.asked((life, line.number), line.command)
        else:
            ledger.answered((life, line.number), line.answer)
    ledger.crash()
    for dead in lives:
        ledger.given_back(dead.local)
