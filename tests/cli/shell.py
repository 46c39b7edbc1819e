"""`rota` as people and programs meet it: the whole command line, in this process or, where that matters, in its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from rota.faces.cli.main import execute


class Said(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    talk: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error of a command that was asked for JSON."""
        assert self.out == ""
        return json.loads(self.talk)["error"]


def environment(**more: str) -> dict[str, str]:
    """The environment without what would change how `rota` behaves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ROTA_", "NO_COLOR", "FORCE_"))}
    return {**kept, **more}


def rota(*arguments: str | Path, folder: Path | None = None, **more: str) -> Said:
    """Run one command line to its end, in this process: everything but the start of an interpreter is as in life."""
    out, talk = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment(**more), clear=True),
        contextlib.chdir(folder or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(talk),
    ):
        code = execute([str(argument) for argument in arguments])
    return Said(code, out.getvalue(), talk.getvalue())


def process(*arguments: str | Path, **more: str) -> Said:
    """The same as a process of its own."""
    command = [sys.executable, "-m", "rota", *map(str, arguments)]
    ran = subprocess.run(command, env=environment(**more), capture_output=True, text=True, timeout=60, check=False)
    return Said(ran.returncode, ran.stdout, ran.stderr)
