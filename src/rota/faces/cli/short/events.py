"""`rota events`."""

from __future__ import annotations

import time

from rota.faces.cli.short.calls import Call, reading
from rota.faces.cli.short.listing import EVERY_S, Item, Listing, listed, show
from rota.faces.cli.short.options import PLACE, WATCH, page
from rota.faces.cli.short.shape import Given, Option, Verb, picked

NAMED = 3
"""Tasks of an event that are named to people."""


def events(given: Given) -> int:
    """List what happened, or follow it."""
    given = {"limit": 500, **given}
    if not given.pop("watch", False):
        return listed(given, EVENTS_LISTING)
    with reading(given.get("database")) as call:
        _follow(call, picked(given, ("limit", "cursor", "since")), given)
    return 0


def _follow(call: Call, asked: Item, given: Given) -> None:
    """Without a place to start from, from now on."""
    if "cursor" not in asked:
        asked = {"since": "0s", **asked}
    heads = EVENTS_LISTING.heads
    while True:
        page_ = call("list_events", asked)
        asked = {"limit": asked["limit"], "cursor": page_["cursor"]}
        show(page_["events"], EVENTS_LISTING, heads, given.get("json", False))
        if page_["events"]:
            heads = ()
        if len(page_["events"]) < asked["limit"]:
            time.sleep(EVERY_S)


def _event(event: Item) -> tuple[object, ...]:
    tasks = event.get("tasks", [])
    named = ", ".join(tasks[:NAMED]) + (f" and {len(tasks) - NAMED} more" if len(tasks) > NAMED else "")
    return (event["seq"], event["at"], event["kind"], event.get("state"), named, _agent(event))


def _agent(event: Item) -> str | None:
    """Whom it is about, or whose hands its tasks came into."""
    about = event.get("data", {}).get("agent")
    if isinstance(about, str):
        return about
    hands = list(dict.fromkeys(move["agent"] for move in event.get("moves", []) if move.get("agent")))
    return ", ".join(hands[:NAMED]) + (f" and {len(hands) - NAMED} more" if len(hands) > NAMED else "") or None


EVENTS_LISTING = Listing("list_events", "events", "seq", ("EVENT", "AT", "KIND", "STATE", "TASKS", "AGENT"), _event)
EVENTS = Verb(
    "events",
    "List what happened, oldest first",
    events,
    options=(
        Option("since", "Leave out what was before: RFC 3339, or so long ago: 1h."),
        *page(500),
        WATCH,
        *PLACE,
    ),
    text="With --watch it follows the history from now on, or from --since or --cursor.",
)
