"""`rota tenants`, with `set`."""

from __future__ import annotations

from rota.faces.cli.columns import columns
from rota.faces.cli.say import json_line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.deed import changed, deed
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.shape import Given, Noun, Verb, Word


def tenants(given: Given) -> int:
    """List them by name."""
    with reading(given.get("database")) as call:
        answer = call("list_tenants", {})
    if given.get("json"):
        json_line(answer)
    else:
        columns(("TENANT", "WEIGHT"), sorted(answer["tenants"].items()))
    return 0


def set_(given: Given) -> int:
    """Give it its weight."""
    name, weight = given["tenant"], given["weight"]
    return deed(given, "set_tenant", changed(f"{name} has weight {weight}", "it was so before"), makes=True)


TENANTS = Noun(
    "tenants",
    "List tenants with their weights; set one",
    Verb("tenants", "List tenants with their weights", tenants, options=PLACE),
    (
        Verb(
            "set",
            "Give a tenant its weight: its share of the work against the other tenants that wait",
            set_,
            (
                Word("tenant", "Its name.", "TENANT"),
                Word("weight", "A whole number from 1.", "WEIGHT", kind="integer"),
            ),
            PLACE,
        ),
    ),
)
