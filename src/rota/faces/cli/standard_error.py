"""The standard error, which outlasts whoever reads it: what is said there is never worth the work it tells of."""

from __future__ import annotations

import io
import sys
from typing import TextIO

STANDARD_ERROR = 2


class Unheard(io.FileIO):
    """A descriptor that takes what nobody reads any more: the terminal was closed, the reader of the pipe has ended."""

    def write(self, data: object, /) -> int:
        """As of any file, and all of it when the reader is gone or the disk is full."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BlockingIOError:
            raise
        except OSError:
            return memoryview(data).nbytes  # type: ignore[arg-type]


def outlasting(stream: TextIO) -> TextIO:
    """The standard error as it is, but that no write to it fails. Any other stream is given back."""
    if stream is not sys.__stderr__ or stream.fileno() != STANDARD_ERROR:
        return stream
    raw = io.BufferedWriter(Unheard(STANDARD_ERROR, "wb", closefd=False))
    return io.TextIOWrapper(raw, stream.encoding, "backslashreplace", line_buffering=True)
