"""Where the owner of a database is spoken to: a socket in a folder that only this user can look into.

Standard library only. The name is a hash of the database's real path, or of a PostgreSQL address, so that everybody
who means the same database comes to the same socket.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import NamedTuple

from rota.owner.link_error import LinkError

try:  # hashlib loads a library of four megabytes for more kinds of hash
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

LONGEST = 100
"""The most bytes of a socket's path that every system takes."""
POSTGRES = ("postgresql://", "postgres://")
PRIVATE = 0o700


class Address(NamedTuple):
    """All files about the owner of one database but the database's own."""

    database: str
    """The real path, or the PostgreSQL address."""
    socket: str
    start: str
    """Locked by whoever starts an owner, or takes over from one."""
    owner: str
    """Locked by the owner: beside a SQLite file, else beside the socket."""
    log: str


def address_of(database: str, environment: Mapping[str, str] | None = None) -> Address:
    """The address of a path, `sqlite:///path` or PostgreSQL DSN. Makes the folder; refused when it is not private."""
    known = database if database.startswith(POSTGRES) else os.path.realpath(database.removeprefix("sqlite:///"))
    name = blake2b(os.fsencode(known), digest_size=12).hexdigest()
    within = os.path.join(runtime_folder(os.environ if environment is None else environment), name)
    own = f"{within}.owner" if known.startswith(POSTGRES) else f"{known}.owner"
    return Address(known, f"{within}.sock", f"{within}.start", own, f"{within}.log")


def runtime_folder(environment: Mapping[str, str], user: int | None = None) -> str:
    """The private folder of this user's sockets, made if it is not there: in the runtime directory of the session,
    else in the folder for temporary files. Refused when somebody else might have put something there.
    """
    user = os.geteuid() if user is None else user
    session = environment.get("XDG_RUNTIME_DIR", "")
    temporary = environment.get("TMPDIR", "")
    places = [os.path.join(session, "rota")] if os.path.isabs(session) and _is_own(session, user) else []
    places += [os.path.join(place, f"rota-{user}") for place in (temporary, "/tmp") if os.path.isabs(place)]
    short = [place for place in places if len(os.fsencode(place)) + len("/.start") + 24 <= LONGEST]
    return _private(short[0], user)


def check_own(path: str, user: int | None = None) -> None:
    """Refuse a socket that is not this user's own."""
    found = os.lstat(path)
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != (os.geteuid() if user is None else user):
        raise LinkError("not_allowed", f"{path} is not a socket of this user; remove it")


def _is_own(folder: str, user: int) -> bool:
    """Whether this user's session means it: after `su` the variable still names the folder of somebody else."""
    try:
        return os.stat(folder).st_uid == user
    except OSError:
        return False


def _private(folder: str, user: int) -> str:
    try:
        os.mkdir(folder, PRIVATE)
    except FileExistsError:
        pass
    except OSError as error:
        raise LinkError("unavailable", f"the folder {folder} can not be made: {error.strerror}") from None
    found = os.lstat(folder)
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        raise LinkError("not_allowed", f"{folder} is no folder but a link or a file; remove it")
    if found.st_uid != user:
        raise LinkError(
            "not_allowed", f"{folder} belongs to somebody else; set XDG_RUNTIME_DIR to a folder of your own"
        )
    if found.st_mode & 0o077:
        raise LinkError("not_allowed", f"others may look into {folder}; `chmod 700` it, when nothing in it is foreign")
    return folder
