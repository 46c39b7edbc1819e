"""An archive file: gzip of JSON lines. A head, a line for each task, and an end with the count.

It is written under another name and gets its own only once it is whole and synced.
"""

from __future__ import annotations

import gzip
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Any

import msgspec

from rota.model.errors import RotaError, invalid
from rota.model.times import rfc3339

FORMAT = 1
LINE_BYTES = 64_000_000
"""Longer than any task with its attempts can be; a line beyond it is not ours."""
_encode = msgspec.json.Encoder().encode


class Line(msgspec.Struct, kw_only=True):
    """Everything there is about one task: table rows as columns and values."""

    named: dict[str, Any]
    """Numbers of the rows as people know them: queue, tenant, agent, state, requirements."""
    task: dict[str, Any]
    body: dict[str, Any]
    attempts: list[dict[str, Any]] = []
    after: list[dict[str, Any]] = []


class _Head(msgspec.Struct, kw_only=True):
    rota_archive: int
    made: str


class _End(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    end: int


class Writer:
    """A file on its way. `finish` it or `discard` it; discarding a finished one changes nothing."""

    def __init__(self, folder: Path, now: int) -> None:
        self._folder = folder
        self._now = now
        self.count = 0
        self._part = folder / f".rota-archive-{secrets.token_hex(6)}.part"
        with said(self._part):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._zip = gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=6, filename="", mtime=now // 1_000_000)
        self._write(_Head(rota_archive=FORMAT, made=rfc3339(now)))

    def add(self, line: Line) -> None:
        """The next task."""
        self._write(line)
        self.count += 1

    def finish(self, first: int, last: int) -> Path:
        """The file under its own name, on disk: tasks `first` to `last` are in it."""
        self._write(_End(end=self.count))
        stamp = rfc3339(self._now).replace("-", "").replace(":", "").replace(".", "-")
        path = self._folder / f"rota-{stamp}-tasks-{first}-{last}.jsonl.gz"
        with said(path):
            self._zip.close()
            self._raw.flush()
            os.fsync(self._raw.fileno())
            self._raw.close()
            if path.exists():
                raise invalid("folder", f"{path} exists already; name another folder")
            self._part.rename(path)
            _sync(self._folder)
        return path

    def discard(self) -> None:
        """Leave nothing of an unfinished file."""
        self._raw.close()
        self._part.unlink(missing_ok=True)

    def _write(self, value: msgspec.Struct) -> None:
        with said(self._part):
            self._zip.write(_encode(value) + b"\n")


def read_lines(path: Path) -> Iterator[Line]:
    """The tasks of a file; refused where it is damaged, which may be after some of them."""
    with said(path), _damage(path), gzip.open(path, "rb") as file:
        head = msgspec.json.decode(file.readline(LINE_BYTES), type=_Head)
        if head.rota_archive > FORMAT:
            raise invalid("file", f"{path} has format {head.rota_archive}; this Rota knows up to {FORMAT}")
        count, waiting = 0, file.readline(LINE_BYTES)
        while following := file.readline(LINE_BYTES):
            count += 1
            yield msgspec.json.decode(waiting, type=Line)
            waiting = following
        if msgspec.json.decode(waiting, type=_End).end != count:
            raise EOFError(f"it ends after {count} tasks")


def check_whole(path: Path) -> int:
    """How many tasks a file holds; refused unless every one of them can be read."""
    return sum(1 for _ in read_lines(path))


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid("file", f"{path} is damaged or not an archive file: {error}") from None


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turn errors of the file system into refusals that say what to do."""
    try:
        yield
    except gzip.BadGzipFile:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in (ENOSPC, EDQUOT, EFBIG):
            raise RotaError("full_disk", f"no space left for {path}: {reason}") from error
        if isinstance(error, FileNotFoundError):
            raise RotaError("no_archive", f"there is no file {path}", field="file") from error
        raise RotaError("read_only", f"{path} can not be used: {reason}") from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
