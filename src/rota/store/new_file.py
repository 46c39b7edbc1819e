"""New files that are there whole and synced, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, ENAMETOOLONG, ENOSPC, EROFS
from pathlib import Path
from typing import IO

from rota.model.errors import RotaError, invalid

_FULL = {
    ENOSPC: "no space left for {path}",
    EDQUOT: "this account's quota is used up; there is no room for {path}",
    EFBIG: "{path} would be larger than a file may be (`ulimit -f`, or the file system's limit)",
}


@contextmanager
def new_file(path: str) -> Iterator[IO[bytes]]:
    """The new file `path`, to be written in the block; it is gone when the block raises."""
    with part_of(path) as part:
        with said_of_file(path), part.open("wb") as file:
            yield file
        publish(part, Path(path))


@contextmanager
def part_of(path: str) -> Iterator[Path]:
    """An empty file beside `path` that only its owner may read, to become `path` by `publish`; else it is gone after
    the block. Its name is its own, so that no file of anybody is touched.
    """
    part = Path(path).absolute().parent / f".rota-{secrets.token_hex(8)}.part"
    with said_of_file(path):
        if os.path.lexists(path):
            raise invalid("path", f"{path} exists; give a new name")
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        yield part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def publish(part: Path, path: Path) -> None:
    """Give the finished file `part` its name, for good. A file of that name is never replaced."""
    with said_of_file(str(path)):
        _sync(part)
        try:
            os.link(part, path)
        except FileExistsError:
            raise invalid("path", f"{path} exists; give a new name") from None
        except OSError:
            # Not every file system knows links.
            if path.exists():
                raise invalid("path", f"{path} exists; give a new name") from None
            part.rename(path)
        _sync(path.absolute().parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def said_of_file(path: str) -> Iterator[None]:
    """Turn the operating system's errors into refusals that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise RotaError("full_disk", _FULL[error.errno].format(path=path)) from error
        if error.errno == EROFS or isinstance(error, PermissionError):
            raise RotaError("read_only", f"{path} can not be written: {error.strerror}", field="path") from error
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise invalid("path", f"there is no folder {Path(path).absolute().parent}; make it first") from error
        if error.errno == ENAMETOOLONG:
            raise invalid("path", f"{path[:60]}... is too long for a name; shorten it") from error
        raise RotaError("unavailable", f"{path} can not be written: {error.strerror or error}", field="path") from error
