"""Fleets in folders of their own, and `rota` as a real process; they tell each other when to go on by named pipes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from rota.faces.cli.main import execute

SOURCE = Path(__file__).parents[2] / "src"
TIMEOUT_S = 60

Json = dict[str, Any]


class Ended(NamedTuple):
    """A `rota` that has ended."""

    code: int
    out: str
    err: str

    @property
    def card(self) -> Json:
        """The final object of `run --json`: one line, nothing else."""
        found: Json = json.loads(self.out)
        assert self.out.count("\n") == 1
        return found

    @property
    def lines(self) -> list[Json]:
        """The lines of `each`."""
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A `rota` at work."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def says(self, text: str) -> None:
        """Waits until it has said so on its standard error."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if text in line:
                return
        raise AssertionError(f"it never said {text!r}")

    def heard(self, pipe: Path) -> str:
        """Waits until an agent has written into the pipe and closed it; what it wrote."""
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        watching = os.pidfd_open(self.process.pid)
        try:
            written = b""
            while True:
                ready, _, _ = select.select([reading, watching], [], [], TIMEOUT_S)
                if reading in ready and (data := os.read(reading, 4096)):
                    written += data
                elif written:
                    return written.decode().strip()
                elif watching in ready or not ready:
                    raise AssertionError(f"no agent said a word; rota ended: {watching in ready}")
        finally:
            os.close(reading)
            os.close(watching)

    def ended(self) -> Ended:
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        return Ended(self.process.returncode, out, err)

    def descendants(self) -> list[psutil.Process]:
        """Every process it started, keeper included."""
        return psutil.Process(self.process.pid).children(recursive=True)


class Folder:
    """A fleet.toml, its tasks, and what its agents write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self._started: list[subprocess.Popen[str]] = []

    def fleet(self, text: str) -> None:
        (self.path / "fleet.toml").write_text('database = "work.db"\n' + text)

    def tasks(self, *tasks: Json, name: str = "tasks.jsonl") -> None:
        (self.path / name).write_text("".join(json.dumps(task) + "\n" for task in tasks))

    def script(self, name: str, text: str) -> None:
        """A shell script beside the fleet; it has the task on its standard input and in variables."""
        (self.path / name).write_text("#!/bin/sh\n" + text)
        (self.path / name).chmod(0o755)

    def pipe(self, name: str) -> Path:
        os.mkfifo(self.path / name)
        return self.path / name

    def log(self) -> list[str]:
        """What the agents wrote into `log`."""
        file = self.path / "log"
        return file.read_text().splitlines() if file.exists() else []

    def start(self, *arguments: str, stdin: Any = subprocess.DEVNULL, **environment: str) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "rota", *arguments],
            cwd=self.path,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        )
        self._started.append(process)
        return Running(process)

    def rota(self, *arguments: str, **environment: str) -> Ended:
        return self.start(*arguments, **environment).ended()

    def here(self, *arguments: str) -> Ended:
        """`rota` in this very process, for what needs no process of its own: it starts faster."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = execute(arguments)
        return Ended(code, out.getvalue(), err.getvalue())

    def run(self, *more: str) -> Ended:
        """`rota run` with this fleet and these tasks, to its end."""
        return self.rota("run", "fleet.toml", "tasks.jsonl", "--json", *more)

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    made.close()


def tell(pipe: Path, text: str = "go\n") -> None:
    """Waits until an agent reads the pipe, and writes into it."""
    pipe.write_text(text)
