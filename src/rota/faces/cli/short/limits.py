"""`rota limits`, with `show`, `set`, `reset`, `remove`."""

from __future__ import annotations

from rota.faces.cli.amounts import count
from rota.faces.cli.columns import columns
from rota.faces.cli.say import json_line, talk
from rota.faces.cli.short.calls import Call, reading
from rota.faces.cli.short.confirm import DECLINED, confirmed
from rota.faces.cli.short.deed import PLACED, changed, deed
from rota.faces.cli.short.listing import Item, Listing, listed
from rota.faces.cli.short.lists import second
from rota.faces.cli.short.options import PLACE, WATCH, YES
from rota.faces.cli.short.shape import Given, Noun, Option, Verb, Word, picked

KEY = Word("key", "Its key, such as tenant, tenant:acme or anthropic:account.", "KEY")
SPEC = (
    Option("capacity", "How much there is.", "number", needed=True),
    Option("unit", "concurrency, tasks, money, tokens, or what agents report as usage.", default="concurrency"),
    Option("period", "The time in which it may be used: 60s, 1h.", "span"),
    Option("burst", "Makes it a rate: how much may be used at one moment.", "number"),
    Option("on_empty", "What happens when it is used up.", choices=("wait", "refuse", "pause_and_ask")),
    Option("estimate", "What one task is taken to use until it has ended.", "number"),
)


def limits(given: Given) -> int:
    """List them, with what is parked at providers."""
    if given.get("watch") or given.get("json"):
        return listed(given, LISTING)
    with reading(given.get("database")) as call:
        _show(call, "list_limits", {})
    return 0


def show(given: Given) -> int:
    """The limits of one key."""
    with reading(given.get("database")) as call:
        if given.get("json"):
            json_line(call("get_limit", {"key": given["key"]}))
        else:
            _show(call, "get_limit", {"key": given["key"]})
    return 0


def set_(given: Given) -> int:
    """Create it, or replace the one of the same key, unit and period."""
    spec = picked(given, ("key", *(option.field for option in SPEC)))
    return deed(
        picked(given, PLACED),
        "set_limit",
        changed(f"{given['key']} is set", "it was so before"),
        makes=True,
        limit=spec,
    )


def reset(given: Given) -> int:
    """Start it anew."""
    key = given["key"]
    return deed(given, "reset_limit", changed(f"{key} starts anew", f"of {key} nothing was used"))


def remove(given: Given) -> int:
    """Remove the limits of a key."""
    key, unit = given["key"], given.get("unit")
    with reading(given.get("database")) as ask:
        found = ask("get_limit", {"key": key})["limits"]
    fitting = [one for one in found if unit is None or one["limit"].get("unit", "concurrency") == unit]
    if not confirmed(given, f"remove {count(len(fitting), 'limit')} of {key}"):
        return DECLINED
    return deed(given, "remove_limit", lambda _answer: f"{key} is removed")


def _show(call: Call, operation: str, asked: Item) -> None:
    answer = call(operation, asked)
    columns(HEADS, [row for view in answer["limits"] for row in _rows(view)])
    for key, until in sorted(answer.get("parked", {}).items()):
        talk(f"{key} is used up at its provider until {second(until)}")


def _rows(view: Item) -> list[tuple[object, ...]]:
    limit = view["limit"]
    capacity = f"{limit['capacity']:g}"
    rows = [
        (view["name"], capacity, use["key"], f"{use['used']:g}", f"{use['left']:g}", second(use.get("opens")),
         use.get("waiting", 0))
        for use in view.get("uses", [])
    ]  # fmt: skip
    return list(rows) or [(view["name"], capacity, None, None, None, None, None)]


HEADS = ("LIMIT", "CAPACITY", "KEY", "USED", "LEFT", "OPENS", "WAITING")
LISTING = Listing("list_limits", "limits", "name", HEADS, lambda view: _rows(view)[0])
LIMITS = Noun(
    "limits",
    "List limits and what of them is used; set, reset or remove one",
    Verb("limits", "List limits, with what of each is used", limits, options=(WATCH, *PLACE)),
    (
        Verb("show", "Show the limits of one key with up to 1,000 of its values", show, (KEY,), PLACE),
        Verb("set", "Create a limit, or replace the one of the same key, unit and period", set_, (KEY,),
             (*SPEC, *PLACE)),
        Verb("reset", "Start a limit anew with nothing used; a provider's limit opens", reset, (KEY,), PLACE),
        Verb("remove", "Remove the limits of a key; tasks that waited for them wait no longer", remove, (KEY,),
             (Option("unit", "Only those of this unit."), YES, *PLACE)),
    ),
)  # fmt: skip
