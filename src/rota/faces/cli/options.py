"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Json = Annotated[
    bool, Parameter(negative=(), show_default=False, help="As JSON on the standard output; errors as JSON too.")
]
Database = Annotated[
    str | None,
    Parameter(
        name=("--database", "-d"),
        help="A SQLite file or a postgresql:// address. Without it: that of fleet.toml, else of ROTA_DATABASE, "
        "else the one that all sessions of this repository share.",
    ),
]
Limit = Annotated[int, Parameter(name=("--limit", "-n"), help="How many at most on this page, up to 1000.")]
Cursor = Annotated[str | None, Parameter(help="Go on after a page: what that page gave as its cursor.")]


def flag(text: str) -> Parameter:
    """An option that is there or not."""
    return Parameter(negative=(), show_default=False, help=text)
