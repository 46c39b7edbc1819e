"""Which database an agent's session works on, so that all sessions of one piece of work meet. Standard library only.

It is the first of: what the session was told; what the fleet.toml above the folder says; ROTA_DATABASE; `.rota/rota.db`
beside that fleet.toml; `rota/rota.db` in the common directory of the git repository; the user's own. A fleet.toml in a
linked worktree counts as if it lay at the same place in the main one, so that worktrees meet there too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from rota.files.git import git_place
from rota.model.errors import invalid

POSTGRES = ("postgresql://", "postgres://")
FILE = "fleet.toml"
VARIABLE = "ROTA_DATABASE"
BESIDE_FLEET = os.path.join(".rota", "rota.db")
IN_FOLDER = os.path.join("rota", "rota.db")


def database_of_session(
    argument: str | None, environment: Mapping[str, str] | None = None, folder: str | None = None
) -> str:
    """The database as an absolute path or a PostgreSQL address. Refused when what should name one does not."""
    environment = os.environ if environment is None else environment
    if argument is not None and (os.path.isabs(argument) or argument.startswith(POSTGRES)):
        return _database(argument, os.sep, "database")
    folder = _current_folder() if folder is None else folder
    if argument is not None:
        return _database(argument, folder, "database")
    place = git_place(folder)
    fleet = _fleet(folder)
    home = None if fleet is None else _home(os.path.dirname(fleet), place)
    if fleet is not None and home is not None:
        named = _named(fleet)
        if named is not None:
            return _database(named, home, f"{fleet} database")
    if environment.get(VARIABLE):
        return _database(environment[VARIABLE], folder, VARIABLE)
    if home is not None:
        return os.path.join(home, BESIDE_FLEET)
    if place is not None:
        return os.path.join(place[1], IN_FOLDER)
    return os.path.join(_data_folder(environment), IN_FOLDER)


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        text = "the folder this was started in is gone; start it anew in another, or name a database by its whole path"
        raise invalid("folder", text) from None


def _fleet(folder: str) -> str | None:
    here = os.path.abspath(folder)
    while not os.path.isfile(os.path.join(here, FILE)):
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above
    return os.path.join(here, FILE)


def in_main_tree(folder: str) -> str:
    """The folder of the same place in the repository's main working tree; itself outside of repositories."""
    return _home(folder, git_place(folder))


def _home(folder: str, place: tuple[str, str] | None) -> str:
    if place is None:
        return folder
    tree, common = place
    within = os.path.relpath(os.path.realpath(folder), tree)
    if within.startswith(os.pardir) or os.path.basename(common) != ".git":
        return folder
    return os.path.normpath(os.path.join(os.path.dirname(common), within))


def _named(fleet: str) -> str | None:
    """The database that the file names."""
    import tomllib  # lazily: most sessions have no fleet.toml

    try:
        with open(fleet, "rb") as file:
            value = tomllib.load(file).get("database")
    except (OSError, ValueError, RecursionError) as error:
        raise invalid(FILE, f"{fleet} can not be read: {error}") from None
    if value is not None and not isinstance(value, str):
        raise invalid(FILE, f"{fleet}: database is no text")
    return value


def _database(text: str, folder: str, field: str) -> str:
    if text.startswith(POSTGRES):
        return text
    name = text.removeprefix("sqlite:///")
    if not name.strip() or "\0" in name or name == ":memory:" or "://" in name or name.startswith("sqlite:"):
        # Not repeated: an address may hold a password.
        raise invalid(field, "this names no database; write a file name or a postgresql:// address")
    return os.path.join(os.path.abspath(folder), os.path.expanduser(name))


def _data_folder(environment: Mapping[str, str]) -> str:
    data = environment.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):
        return data
    return os.path.join(environment.get("HOME") or os.path.expanduser("~"), ".local", "share")
