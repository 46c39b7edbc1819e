"""The command `rota mcp`. Its arguments are few, and read without a library: it must stand at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from rota.faces.mcp.file_mode.place import VARIABLE, file_of
from rota.faces.mcp.proxy.backend import Backend
from rota.faces.mcp.proxy.serve import Server
from rota.faces.mcp.proxy.toolbox import CHOICES, FILE, groups_of
from rota.faces.mcp.proxy.wire import Outgoing

USAGE = """Usage: rota mcp [--database DATABASE] [--tools classic|worker|dispatcher|all]
       rota mcp --file PATH [--strict]
       rota mcp --url URL

Speak MCP over the standard input and output, for one client.

  -d, --database DATABASE
                       A SQLite file or a postgresql:// address; else the database of the repository, or your own.
  --tools GROUP        Which tools to show (classic, the 14 tools of taskqueue-mcp).
  --file PATH          Work on the JSON file of taskqueue-mcp and on nothing else; '' is where that keeps its own.
                       TASK_MANAGER_FILE_PATH in the environment does the same.
  --url URL            A service started with `rota serve`: the tools for workers and dispatchers. A key is taken
                       from ROTA_KEY in the environment.
  --strict             With a file: autoApprove does what it says; left out, approval is by hand.
"""
MISUSED = 2
_SHORT = {"-d": "--database"}


class Options(NamedTuple):
    """What was said on the command line."""

    database: str | None = None
    tools: str = "classic"
    file: str | None = None
    url: str | None = None
    strict: bool = False


class Misused(Exception):
    """A command line that can not be understood."""


def options_of(arguments: Sequence[str]) -> Options:
    """The options; raises `Misused`."""
    found = Options()
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        name = _SHORT.get(name, name)
        if name == "--strict" and not equals:
            found = found._replace(strict=True)
            continue
        if name not in ("--database", "--tools", "--file", "--url"):
            raise Misused(f"there is no option {name!r}")
        if not equals:
            if not rest:
                raise Misused(f"{name} needs a value")
            value = rest.pop(0)
        said: dict[str, Any] = {name.removeprefix("--"): value}
        found = found._replace(**said)
    if found.tools not in CHOICES:
        raise Misused(f"--tools must be one of {', '.join(CHOICES)}")
    return _placed(found)


def _placed(found: Options) -> Options:
    """The options with the file that is meant, if it is file mode. A database that is named goes before a variable."""
    if found.url is not None:
        if found != Options(url=found.url):
            raise Misused("--url stands alone: the service has its own database and tools")
        return found
    if found.file is not None and found.database is not None:
        raise Misused("--file and --database exclude each other")
    file = None if found.database is not None else file_of(found.file, os.environ)
    if file is None and found.strict:
        raise Misused(f"--strict is for --file, or {VARIABLE}")
    if file is not None and found.tools != "classic":
        raise Misused(f"a file has only the classic tools; leave out --tools, or --file and {VARIABLE}")
    return found._replace(file=file)


def main(arguments: Sequence[str]) -> int:
    """Serve one client until it has gone; the exit code."""
    if any(argument in ("-h", "--help") for argument in arguments):
        sys.stdout.write(USAGE)
        return 0
    try:
        options = options_of(arguments)
    except Misused as error:
        sys.stderr.write(f"rota mcp: {error}\n\n{USAGE}")
        return MISUSED
    # What a library prints must not come between the messages.
    own = os.dup(1)
    os.dup2(2, 1)
    if options.url is not None:
        return _passed_on(options.url, own)
    backend = _backend(options)
    groups = groups_of(options.tools) if options.file is None else (FILE,)
    try:
        Server(backend, groups, sys.stdin.buffer, Outgoing(own)).run()
    except KeyboardInterrupt:
        return 130
    finally:
        backend.close()
    return 0


def _passed_on(url: str, own: int) -> int:
    from rota.faces.mcp.proxy.url import Misplaced, UrlProxy, key_of_environment

    try:
        UrlProxy(url, key_of_environment(), sys.stdin.buffer, Outgoing(own)).run()
    except Misplaced as error:
        sys.stderr.write(f"rota mcp: {error}\n")
        return MISUSED
    except KeyboardInterrupt:
        return 130
    return 0


def _backend(options: Options) -> Backend:
    if options.file is not None:
        from rota.faces.mcp.file_mode.backend import FileBackend
        from rota.faces.mcp.file_mode.call import Place

        return FileBackend(Place(options.file, options.strict))
    from rota.faces.mcp.proxy.owner_backend import OwnerBackend

    return OwnerBackend(options.database)
