"""New files that are there whole and synced, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from rota.model.errors import RotaError, invalid

FULL, QUOTA, READ_ONLY = 28, 122, 30


@contextmanager
def new_file(path: str) -> Iterator[IO[bytes]]:
    """The new file `path`, to be written in the block; it is gone when the block raises."""
    part = Path(f"{path}.part")
    try:
        with said_of_file(path), part.open("wb") as file:
            part.chmod(0o600)
            yield file
        publish(part, Path(path))
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
        if error.errno in (FULL, QUOTA):
            raise RotaError("full_disk", f"no space left for {path}") from error
        if error.errno == READ_ONLY or isinstance(error, PermissionError):
            raise RotaError("read_only", f"{path} can not be written") from error
        raise RotaError("unavailable", f"{path} can not be written: {error.strerror or error}") from error
