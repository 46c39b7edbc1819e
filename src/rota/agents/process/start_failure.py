"""Why a command could not be started, in words that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal


class StartFailure(Exception):
    """A process that never was."""

    def __init__(self, why: Literal["not_found", "not_executable", "broken"], detail: str) -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail


def explain(error: OSError | ValueError, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> StartFailure:
    """What `subprocess.Popen` raised, told so that it can be mended."""
    if isinstance(error, ValueError):
        return StartFailure("broken", f"the command or its environment cannot be passed on: {error}")
    name = argv[0]
    if cwd is not None and str(error.filename) == str(cwd):
        return StartFailure(
            "broken",
            f"the working folder {str(cwd)!r} cannot be entered: {error.strerror}; create it",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return _not_found(name, env, cwd)
    if error.errno == errno.EACCES:
        return _no_access(name, env, cwd)
    if error.errno == errno.ENOEXEC:
        return StartFailure(
            "not_executable",
            f"{name!r} is neither a program for this machine nor a script with a #! line; "
            "add one, or name its interpreter",
        )
    if error.errno == errno.E2BIG:
        return StartFailure(
            "broken",
            f"the arguments and variables for {name!r} are too long for this system; "
            "let it read the task from its standard input instead",
        )
    return StartFailure("broken", f"{name!r} could not be started: {error.strerror}")


def _not_found(name: str, env: Mapping[str, str], cwd: Path | None) -> StartFailure:
    path = _locate(name, env, cwd)
    if path is not None:
        # The file is there: the kernel missed what its first line, or its ELF header, asks for.
        interpreter = _interpreter(path)
        missing = f"the interpreter {interpreter!r} of its first line" if interpreter else "its loader"
        return StartFailure("not_executable", f"{str(path)!r} exists, but {missing} does not; install or correct it")
    if os.sep in name:
        place = f" (looked in {str(cwd or Path.cwd())!r})" if not os.path.isabs(name) else ""
        return StartFailure("not_found", f"the command {name!r} does not exist{place}; correct its path")
    return StartFailure("not_found", f"the command {name!r} was not found on PATH; install it, or write its full path")


def _no_access(name: str, env: Mapping[str, str], cwd: Path | None) -> StartFailure:
    path = _locate(name, env, cwd, executable=False)
    if path is None and os.sep in name:
        return StartFailure("not_executable", f"a folder on the way to {name!r} may not be entered; change its mode")
    if path is None:
        # A folder on PATH may not be looked into, and what was looked for is nowhere else.
        return _not_found(name, env, cwd)
    if path.is_dir():
        return StartFailure("not_executable", f"{str(path)!r} is a folder, not a program")
    if (interpreter := _interpreter(path)) and os.access(path, os.X_OK):
        return StartFailure("not_executable", f"the interpreter {interpreter!r} of {str(path)!r} may not be executed")
    return StartFailure("not_executable", f"{str(path)!r} may not be executed; try: chmod +x {path}")


def on_path(name: str, env: Mapping[str, str]) -> str | None:
    """Where a program's name leads to, as an absolute path; None leaves the search to the system.

    The system's own search ends with the first error it met: a folder that may not be looked into would hide that
    the program it found afterwards could not be started for quite another reason.
    """
    found = None if os.sep in name else shutil.which(name, path=env.get("PATH", os.defpath))
    return found if found is not None and os.path.isabs(found) else None


def _locate(name: str, env: Mapping[str, str], cwd: Path | None, *, executable: bool = True) -> Path | None:
    if os.sep in name:
        path = (cwd or Path()) / name
        return path if os.path.exists(path) else None
    mode = os.F_OK | os.X_OK if executable else os.F_OK
    found = shutil.which(name, mode=mode, path=env.get("PATH", os.defpath))
    return Path(found) if found else None


def _interpreter(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            first = file.readline(256)
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    # Split at spaces only: a carriage return belongs to the name, and is the usual reason.
    words = [word for word in first[2:].rstrip(b"\n").decode("utf-8", "replace").split(" ") if word]
    return words[0] if words else None
