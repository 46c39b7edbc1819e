"""Lists of things: a page, every page, or what changes from now on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from rota.faces.cli.columns import columns
from rota.faces.cli.say import Usage, json_line, talk
from rota.faces.cli.short.calls import Call, reading
from rota.faces.cli.short.shape import Given

EVERY_S = 0.5
"""How often `--watch` looks, seconds."""
NOT_ASKED = frozenset({"database", "json", "watch", "all"})
"""What is said to the command and not to the operation."""

Item = dict[str, Any]


class Listing(NamedTuple):
    """A list and how people see it."""

    operation: str
    items: str
    """The field of the answer that holds them."""
    known: str
    """The field that tells one from the others."""
    heads: Sequence[str]
    row: Callable[[Item], Sequence[object]]
    asked: tuple[tuple[str, Any], ...] = ()
    """What is always asked, by field."""


def listed(given: Given, listing: Listing) -> int:
    """Show the list as the command line asks for it."""
    arguments = {**{name: value for name, value in given.items() if name not in NOT_ASKED}, **dict(listing.asked)}
    as_json = given.get("json", False)
    with reading(given.get("database")) as call:
        if given.get("watch"):
            _check_alone(given)
            _follow(call, listing, arguments, as_json)
        elif given.get("all"):
            _every(call, listing, arguments, as_json)
        else:
            _page(call, listing, arguments, as_json)
    return 0


def _check_alone(given: Given) -> None:
    for name in ("all", "cursor"):
        if name in given:
            raise Usage(f"--watch and --{name} do not go together", f"leave out --{name}")


def _page(call: Call, listing: Listing, arguments: Item, as_json: bool) -> None:
    answer = call(listing.operation, arguments)
    if as_json:
        json_line(answer)
        return
    items = answer[listing.items]
    columns(listing.heads, map(listing.row, items))
    cursor = answer.get("cursor")
    # A list of events always has a cursor: more may come.
    if cursor is not None and len(items) == arguments.get("limit", len(items)):
        talk(f"there may be more: --cursor {cursor}, or --all")


def _every(call: Call, listing: Listing, arguments: Item, as_json: bool) -> None:
    heads = listing.heads
    for items in pages(call, listing, arguments):
        if as_json:
            for item in items:
                json_line(item)
        else:
            columns(heads, map(listing.row, items))
            heads = ()


def pages(call: Call, listing: Listing, arguments: Item) -> Iterator[list[Item]]:
    """All pages from the first on; the first one also when it is empty."""
    answer = call(listing.operation, arguments)
    yield answer[listing.items]
    while answer[listing.items] and answer.get("cursor") is not None:
        answer = call(listing.operation, {**arguments, "cursor": answer["cursor"]})
        if answer[listing.items]:
            yield answer[listing.items]


def _follow(call: Call, listing: Listing, arguments: Item, as_json: bool) -> None:
    """The page as it is, then each of its rows again whenever it has changed, until somebody interrupts."""
    seen: dict[str, Item] = {}
    heads = listing.heads
    while True:
        items = call(listing.operation, arguments)[listing.items]
        fresh = [item for item in items if seen.get(str(item[listing.known])) != item]
        seen = {str(item[listing.known]): item for item in items}
        show(fresh, listing, heads, as_json)
        heads = heads if not fresh and heads else ()
        time.sleep(EVERY_S)


def show(items: Sequence[Item], listing: Listing, heads: Sequence[str], as_json: bool) -> None:
    """Rows for people or one object a line, sent on their way at once."""
    if as_json:
        for item in items:
            json_line(item)
    elif items:
        columns(heads, map(listing.row, items))
    sys.stdout.flush()
