"""`rota top`: who works on what, what waits and why, when it is likely to be done."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.columns import columns
from rota.faces.cli.options import Json, flag
from rota.faces.cli.say import json_line, line
from rota.faces.cli.short.calls import changing
from rota.faces.top import words
from rota.faces.top.opening import looking
from rota.faces.top.picture import Picture
from rota.model.errors import RotaError

SHOWN = 10
"""Events on paper."""


def top(
    database: Annotated[
        str | None,
        Parameter(
            name=("--database", "-d"),
            help="A SQLite file, a postgresql:// address, or the http:// address of a `rota serve` (with ROTA_KEY). "
            "Without it: the database of this folder's session.",
        ),
    ] = None,
    *,
    once: Annotated[bool, flag("Print it once and end, as it does where there is no terminal.")] = False,
    json: Json = False,
) -> int:
    """Watch who works on what since when at which cost, what waits and why, and when it is likely to be done.

    Tab goes from table to table. p: pause or resume the queue, d: drain or
    resume the agent, c: cancel the task, r: redrive a dead task; each asks
    first. /: show only rows with a text. q: quit.

    It looks once a second at most, and less often where a look takes long.
    """
    if once or json or not (sys.stdout.isatty() and sys.stdin.isatty()):
        with looking(database) as looker:
            picture = looker.look()
        if json:
            json_line(picture)
        else:
            _print(picture)
        return 0
    try:
        from rota.faces.top.screen import Top
    except ImportError as error:
        message = f"`rota top` needs the extra 'top': {error}; `rota top --once` does without"
        raise RotaError("no_driver", message) from None
    with looking(database) as looker:
        looker.look()
    Top(partial(looking, database), partial(changing, database)).run()
    return 0


def _print(picture: Picture) -> None:
    for text in words.head(picture):
        line(text)
    rows = [cells for agent in picture.agents for _task, cells in words.agent_rows(agent)]
    _table(words.WORK, rows)
    _table(words.QUEUES, map(words.queue_row, picture.queues))
    _table(words.APART, map(words.apart_row, picture.apart))
    _table(words.WAITS, map(words.wait_row, picture.waits))
    _table(words.EVENTS, map(words.event_row, picture.events[-SHOWN:]))


def _table(heads: words.Cells, rows: Iterable[words.Cells]) -> None:
    found = list(rows)
    if found:
        line()
        columns(heads, found)
