"""The guard on this machine: looks at load and memory, and shuts the gate while there is too little left."""

from __future__ import annotations

import os
import threading

from rota.agents.board import Board
from rota.agents.gate import Gate
from rota.files.guard import Guard

EVERY_S = 2.0
MEMORY = "/proc/meminfo"
AVAILABLE = b"MemAvailable:"


class GuardWatch:
    """Start it, stop it. What it finds is told on the board."""

    def __init__(self, guard: Guard, gate: Gate, board: Board, every_s: float = EVERY_S) -> None:
        self._guard = guard
        self._gate = gate
        self._board = board
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="rota-guard", daemon=True)

    def start(self) -> None:
        """The first look is taken before anything is claimed."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.wait(self._every_s):
            self._look()

    def _look(self) -> None:
        why = too_busy(self._guard, load(), free_memory())
        self._gate.busy(why)
        self._board.notice(why)


def too_busy(guard: Guard, load: float | None, memory: int | None) -> str | None:
    """Why no more is to be started; None when nothing speaks against it. None = the system does not tell."""
    if guard.max_load is not None and load is not None and load > guard.max_load:
        return f"no more is started: the load is {load:.1f}, over {guard.max_load:g}"
    least = guard.min_free_memory
    if least is not None and memory is not None and memory < least:
        return f"no more is started: {memory / 1e6:,.0f} MB of memory are free, less than {least / 1e6:,.0f}"
    return None


def load() -> float | None:
    """The load of the last minute."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def free_memory() -> int | None:
    """Memory that a new process could have, bytes; None where the system does not say it as Linux does."""
    try:
        with open(MEMORY, "rb") as file:
            for line in file:
                if line.startswith(AVAILABLE):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None
