"""The command `rota mcp`. Its arguments are few, and read without a library: it must stand at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from rota.faces.mcp.proxy.backend import Backend
from rota.faces.mcp.proxy.serve import Server
from rota.faces.mcp.proxy.toolbox import CHOICES, groups_of
from rota.faces.mcp.proxy.wire import Outgoing

USAGE = """Usage: rota mcp [--database DATABASE] [--tools classic|worker|dispatcher|all]

Speak MCP over the standard input and output, for one client.

  --database DATABASE  A SQLite file or a postgresql:// address; else the database of the repository, or your own.
  --tools GROUP        Which tools to show (classic, the 14 tools of taskqueue-mcp).
"""
MISUSED = 2


class Options(NamedTuple):
    """What was said on the command line."""

    database: str | None = None
    tools: str = "classic"


class Misused(Exception):
    """A command line that can not be understood."""


def options_of(arguments: Sequence[str]) -> Options:
    """The options; raises `Misused`."""
    found = Options()
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in ("--database", "--tools"):
            raise Misused(f"there is no option {name!r}")
        if not equals:
            if not rest:
                raise Misused(f"{name} needs a value")
            value = rest.pop(0)
        found = found._replace(**{name.removeprefix("--"): value})
    if found.tools not in CHOICES:
        raise Misused(f"--tools must be one of {', '.join(CHOICES)}")
    return found


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
    backend = _backend(options)
    try:
        Server(backend, groups_of(options.tools), sys.stdin.buffer, Outgoing(own)).run()
    except KeyboardInterrupt:
        return 130
    finally:
        backend.close()
    return 0


def _backend(options: Options) -> Backend:
    from rota.faces.mcp.proxy.owner_backend import OwnerBackend

    return OwnerBackend(options.database)
