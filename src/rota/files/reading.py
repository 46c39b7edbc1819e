"""Opening files and reading them as lines of text, whatever is in them."""

from __future__ import annotations

import codecs
import errno
from collections.abc import Iterator
from typing import IO

from rota.files.place import bad
from rota.model.errors import RotaError

LINE_BYTES = 16 * 1_048_576
"""The longest line taken: room for the largest payload and description with every character escaped."""

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WHY = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file: a part of its path is not a folder",
    errno.EISDIR: "this is a folder; name a file in it",
    errno.EACCES: "this file may not be read by this user; change its permissions",
    errno.EPERM: "this file may not be read by this user; change its permissions",
    errno.ELOOP: "this is a symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "this name is too long for a file",
}


def open_file(file: str) -> IO[bytes]:
    """The file, opened for reading bytes; whatever the system says against it is an error naming the file."""
    try:
        return open(file, "rb")
    except OSError as error:
        raise unreadable(file, error) from None
    except ValueError:
        raise bad(file, "this cannot be the name of a file") from None


def unreadable(file: str, error: OSError) -> RotaError:
    """Why the system did not let the file be read."""
    why = _WHY.get(error.errno or 0) or f"it cannot be read: {(error.strerror or str(error)).lower()}"
    return bad(file, why)


def read_text(file: str, limit: int) -> str:
    """All of a UTF-8 text file of at most `limit` bytes, line ends as they are."""
    with open_file(file) as stream:
        try:
            raw = stream.read(limit + 1)
        except OSError as error:
            raise unreadable(file, error) from None
    if len(raw) > limit:
        raise bad(file, f"this file is larger than {limit:,} bytes")
    return "".join(text for _, text in _decoded(raw.splitlines(keepends=True) if raw else [], file))


def lines(stream: IO[bytes], file: str) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 stream, numbered from 1, each ending in one newline; one in memory at a time."""
    for number, text in _decoded(_raw_lines(stream, file), file):
        yield number, text.rstrip("\r\n") + "\n"


def _raw_lines(stream: IO[bytes], file: str) -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(LINE_BYTES + 1)
        except OSError as error:
            raise unreadable(file, error) from None
        if not line:
            return
        if len(line) > LINE_BYTES:
            raise bad(file, f"this line is longer than {LINE_BYTES:,} bytes", line=number, code="too_large")
        yield line


def _decoded(raw_lines: Iterator[bytes] | list[bytes], file: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(raw_lines, 1):
        if number == 1:
            if raw.startswith(_WIDE):
                raise bad(file, "this file is UTF-16 text; save it as UTF-8", line=1)
            raw = raw.removeprefix(codecs.BOM_UTF8)
        nul = raw.find(b"\0")
        if nul >= 0:
            raise bad(file, f"column {nul + 1}: there is a NUL byte; this is not a text file", line=number)
        try:
            yield number, raw.decode()
        except UnicodeDecodeError as error:
            byte = f"column {error.start + 1}: byte 0x{raw[error.start]:02x}"
            raise bad(file, f"{byte} is not UTF-8 text; save the file as UTF-8", line=number) from None
