"""Writing the history of a database into files that `rota simulate` reads: its tasks, and its fleet."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import msgspec

from rota.engine.book import Book
from rota.model.errors import RotaError, invalid
from rota.simulator.fleet_text import fleet_text
from rota.simulator.history import History, Recorded
from rota.store.protocol import Reader

_encode = msgspec.json.Encoder().encode


def check_target(file: str, option: str, endings: tuple[str, ...]) -> Path:
    """The file's path; refused when it exists, or its name or folder will not do."""
    path = Path(file).expanduser().absolute()
    if not path.name.lower().endswith(endings):
        raise invalid(
            option, f"{path.name[:60]!r} ends in none of {', '.join(endings)}; the ending says what is written"
        )
    if path.exists():
        raise invalid(option, f"{path} exists; give a new name")
    if not path.parent.is_dir():
        raise invalid(option, f"the folder of {file[:60]!r} does not exist; make it first")
    return path


def export_workload(reader: Reader, path: Path, progress: Callable[[int], None] | None = None) -> Recorded:
    """Write a task a line. What is half written is removed."""
    book = Book()
    book.refresh(reader)
    history = History(reader, book)
    with _written(path) as file:
        for number, line in enumerate(history.lines(), 1):
            file.write(_encode(line) + b"\n")
            if progress is not None and number % 1_000 == 0:
                progress(number)
    return history.recorded


def export_fleet(reader: Reader, path: Path) -> int:
    """Write agents, queues, pools and tenants as a fleet.toml; how many agents."""
    book = Book()
    book.refresh(reader)
    text, agents = fleet_text(reader, book)
    with _written(path) as file:
        file.write(text.encode())
    return agents


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("xb") as raw:
            if path.suffix.lower() != ".gz":
                yield raw
                return
            # No name and no time inside: the same history gives the same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                yield cast(IO[bytes], packed)
    except FileExistsError:
        raise invalid(str(path), "this file exists; give a new name") from None
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RotaError("invalid", f"this cannot be written: {error.strerror}", field=str(path)) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
