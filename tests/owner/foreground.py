"""`rota owner` in the foreground, of whatever version it believes to be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

_PROGRAM = """
import sys, rota
rota.__version__ = sys.argv.pop(1) or rota.__version__
from rota.__main__ import main
main()
"""


@contextmanager
def foreground(database: str, *options: str, version: str = "") -> Iterator[psutil.Process]:
    """The process, once it listens; killed at the end, if it still lives."""
    command = [sys.executable, "-c", _PROGRAM, version, "owner", database, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = [process.stderr.readline() for _ in range(2)]
            assert "listening at" in said[1], said
            yield psutil.Process(process.pid)
        finally:
            process.kill()
