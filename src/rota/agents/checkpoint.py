"""The checkpoint of a command: a file of its attempt, in which it writes down how far it has come.

The last checkpoint of the task is in it at the start. What the command leaves in it is handed on when the task is not
done: the next attempt begins with it, wherever that runs.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from rota.model.bounds import CHECKPOINT_BYTES
from rota.model.check import json_text
from rota.model.errors import RotaError

VARIABLE = "ROTA_CHECKPOINT"
"""Names the file."""


class Left(NamedTuple):
    """What a command left to hand on; None = nothing new. `trouble`: why what it left can not be kept."""

    text: str | None = None
    trouble: str | None = None


class CheckpointFile:
    """The file, in a private folder that goes when it is closed. Raises OSError where there is no room for it."""

    def __init__(self, last: Any) -> None:
        """`last`: the task's checkpoint so far; text is written as it is, anything else as JSON."""
        self._folder = tempfile.mkdtemp(prefix="rota-")
        self.path = os.path.join(self._folder, "checkpoint")
        self._began = None if last is None else last.encode() if isinstance(last, str) else msgspec.json.encode(last)
        try:
            if self._began is not None:
                with open(self.path, "xb") as file:
                    file.write(self._began)
        except OSError:
            self.close()
            raise

    def left(self) -> Left:
        """What is in it now. Blocks for nothing, whatever was put in its place; never raises for what is in it."""
        try:
            # A pipe without a writer, or a link to something else, is not followed.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return Left()
        except OSError as error:
            return _not_kept(f"it can not be read: {error.strerror}")
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return _not_kept("it is no plain file")
            return self._judged(_first(descriptor, CHECKPOINT_BYTES + 1))
        except OSError as error:
            return _not_kept(f"it can not be read: {error.strerror}")
        finally:
            os.close(descriptor)

    def _judged(self, found: bytes) -> Left:
        if found == (self._began or b""):
            return Left()
        if len(found) > CHECKPOINT_BYTES:
            return _not_kept(f"it is longer than {CHECKPOINT_BYTES:,} bytes")
        try:
            text = found.decode()
            json_text(text, "checkpoint", CHECKPOINT_BYTES)
        except UnicodeDecodeError:
            return _not_kept("it is not UTF-8 text")
        except RotaError as error:
            return _not_kept(f"it {error.message}")
        return Left(text)

    def close(self) -> None:
        """Remove it with its folder, whatever was put there."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _first(descriptor: int, most: int) -> bytes:
    found = bytearray()
    while len(found) < most and (data := os.read(descriptor, most - len(found))):
        found += data
    return bytes(found)


def _not_kept(why: str) -> Left:
    return Left(trouble=f"its checkpoint was not kept: {why}")
