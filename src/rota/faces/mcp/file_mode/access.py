"""Looking at the file and changing it, with what can go wrong told in the words of taskqueue-mcp."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, TypeVar

from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.file_mode.document import BrokenJson, Document, OtherShape, empty, parsed, written
from rota.faces.mcp.file_mode.file import Found, Part, read, stamp_of
from rota.faces.mcp.file_mode.lock import PATIENCE_S, Lock, take

Answer = TypeVar("Answer")

TRIES = 10
"""How often a change is made anew because somebody who knows no lock changed the file meanwhile."""
_NO_ROOM = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
"""Why no lock can be made beside a file that can be read all the same."""


def look(path: str, ask: Callable[[Document], Answer]) -> Answer:
    """What `ask` answers of the document as it is now. `ToolError` when it can not be read."""
    with _at(path) as file:
        return ask(_document(_found(file.real)))


def change(path: str, make: Callable[[Document], Answer]) -> Answer:
    """What `make` answers, once what it changed is on disk; when it raises, nothing was changed.

    It may be called several times, each time with the document as it is then.
    """
    for _ in range(TRIES):
        with _at(path) as file:
            found = _found(file.real)
            document = _document(found)
            answer = make(document)
            if _saved(file, document, found):
                return answer
    raise ToolError("Failed to save tasks file")


class _File(NamedTuple):
    """The file, with nobody else at it who knows the lock."""

    real: str
    locks: list[Lock]
    refused: OSError | None
    """Why the lock beside the file itself can not be made, so that it may be looked at and not be changed."""


@contextmanager
def _at(path: str) -> Iterator[_File]:
    with ExitStack() as held:
        try:
            file = _taken(path, held)
        except (OSError, ValueError):
            raise ToolError("Failed to reload tasks from disk") from None
        yield file


def _taken(path: str, held: ExitStack) -> _File:
    real = os.path.realpath(path)
    locks: list[Lock] = []
    refused: OSError | None = None
    patient_until = time.monotonic() + PATIENCE_S
    for one in _locks_of(path, real):
        try:
            lock = take(one, patient_until)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            refused = error
            continue
        held.callback(lock.release)
        locks.append(lock)
        refused = None
    return _File(real, locks, refused)


def _locks_of(path: str, real: str) -> list[str]:
    """Beside the file as it was named, where others look for it, then beside the file that this leads to."""
    named = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return [f"{one}.lock" for one in dict.fromkeys((named, real))]


def _found(real: str) -> Found:
    try:
        return read(real)
    except OSError as error:
        raise ToolError(f"Failed to read tasks file: {_node_text(error, real)}") from None


def _document(found: Found) -> Document:
    if found.data is None:
        return empty()
    try:
        return parsed(found.data)
    except BrokenJson as error:
        raise ToolError(f"Failed to read tasks file: {error}") from None
    except OtherShape:
        raise ToolError("Failed to reload tasks from disk") from None


def _saved(file: _File, document: Document, found: Found) -> bool:
    """Whether it is on disk; not when the file or a lock is another than it was."""
    try:
        if file.refused is not None:
            raise file.refused
        part = Part(file.real, written(document))
        try:
            if stamp_of(file.real) != found.stamp or not all(lock.is_held() for lock in file.locks):
                part.discard()
                return False
            part.put()
        except BaseException:
            part.discard()
            raise
    except OSError as error:
        if error.errno == errno.EROFS:
            raise ToolError("Cannot save tasks: read-only file system") from None
        raise ToolError("Failed to save tasks file") from None
    except RecursionError:
        raise ToolError("Failed to save tasks file") from None
    return True


def _node_text(error: OSError, path: str) -> str:
    """As programs on Node tell it: `EACCES: permission denied, open 'tasks.json'`."""
    name = errno.errorcode.get(error.errno or 0, "EIO")
    text = (error.strerror or str(error)).lower()
    return f"{name}: {text}, open '{path}'"
