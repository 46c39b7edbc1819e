"""The log of an owner in the background: a file beside its socket that stays small."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime

from rota.owner.background import LOG_BYTES


class Log:
    """Lines with their time on the standard error, which is the log's file; emptied when it has grown too long."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Write a line, or several. A disk that is full is no reason to end."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = f"{at} [{os.getpid()}] {text}\n".encode(errors="backslashreplace")
        with self._lock:
            try:
                if os.fstat(2).st_size > LOG_BYTES:
                    os.ftruncate(2, 0)
                os.write(2, line)
            except OSError:
                return
