"""The owners in the background that a test has brought about, as the system knows them."""

from __future__ import annotations

from pathlib import Path

import psutil


def owners(runtime: Path) -> list[psutil.Process]:
    """All that live and have this runtime directory."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if command[-2:] == ["owner", "--background"] and process.environ().get("XDG_RUNTIME_DIR") == str(runtime):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found
