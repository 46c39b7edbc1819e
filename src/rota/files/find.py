"""Where fleet.toml is and which database a command works on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from rota.files.fleet import Fleet
from rota.files.place import quoted
from rota.files.session import in_main_tree
from rota.model.errors import RotaError, invalid

FILE = "fleet.toml"
VARIABLE = "ROTA_DATABASE"
DEFAULT = Path(".rota", "rota.db")

_POSTGRES = ("postgresql://", "postgres://")
_SQLITE = "sqlite:///"


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """A database to work on: `at` is an absolute path of a SQLite file, or a PostgreSQL address."""

    kind: Literal["sqlite", "postgresql"]
    at: str
    source: str
    """Who said so, for people: `argument`, `fleet.toml`, `ROTA_DATABASE` or `default`."""


def find_fleet(folder: Path) -> Path | None:
    """The fleet.toml of this folder, or of the nearest folder above it that has one."""
    start = folder.absolute()
    for above in (start, *start.parents):
        try:
            if (above / FILE).is_file():
                return above / FILE
        except OSError:  # a folder that may not be looked into hides what is in it, not what is above it
            continue
    return None


def find_database(argument: str | None, fleet: Fleet | None, environment: Mapping[str, str], folder: Path) -> Database:
    """The database to use: the argument, else fleet.toml's, else ROTA_DATABASE, else `.rota/rota.db`.

    Relative paths count from the working directory `folder`, in fleet.toml from the file's own folder; the
    default lies beside fleet.toml, or in `folder` without one. A fleet.toml in a linked worktree of git counts as if
    it lay at the same place in the main one (`files/session.py` says the same). `sqlite:///` is followed by such a
    path, so an absolute one makes four slashes.
    """
    home = folder if fleet is None else Path(in_main_tree(fleet.folder))
    if argument is not None:
        return _database(argument, folder, "argument", "database")
    if fleet is not None and fleet.database is not None:
        return _database(fleet.database, home, FILE, f"{fleet.file or FILE} database")
    if environment.get(VARIABLE):
        return _database(environment[VARIABLE], folder, VARIABLE, VARIABLE)
    return Database(kind="sqlite", at=str((home / DEFAULT).absolute()), source="default")


def _database(text: str, folder: Path, source: str, field: str) -> Database:
    if "\0" in text or not text.strip():
        raise invalid(field, "this names no database; write a file name or a postgresql:// address")
    if text.startswith(_POSTGRES):
        return Database(kind="postgresql", at=text, source=source)
    name = text.removeprefix(_SQLITE)
    scheme, colon, _ = name.partition("://")
    if colon or name.startswith("sqlite:"):
        # Only the scheme is repeated: an address may hold a password.
        message = f"{quoted(scheme)} is no kind of database; write a file name, sqlite:///FILE or postgresql://..."
        raise invalid(field, message)
    if not name or name == ":memory:" or (text.startswith(_SQLITE) and "?" in name):
        raise invalid(field, "this names no file; write a file name or sqlite:///FILE, without options")
    return Database(kind="sqlite", at=str((folder / _home(name, field)).absolute()), source=source)


def _home(name: str, field: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise RotaError(
            "invalid", f"{quoted(name)} starts in the home folder of nobody known here", field=field
        ) from None
