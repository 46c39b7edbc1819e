"""`rota keys create`, `list`, `revoke`."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from cyclopts import App, Parameter

from rota.faces.cli.asking import asking
from rota.faces.cli.columns import columns
from rota.faces.cli.options import Database, Json
from rota.faces.cli.say import json_line, line, talk
from rota.faces.cli.short.calls import changing
from rota.model.commands.keys import KeyPage, KeyScope, ListKeys

app = App(name="keys", help="Make, list and revoke the keys of those who ask over HTTP.", version_flags=[])


@app.command
def create(
    name: Annotated[str, Parameter(help="What it is for.")],
    /,
    *,
    scope: Annotated[
        tuple[KeyScope, ...], Parameter(help=f"What it may do, once for each: {', '.join(get_args(KeyScope))}.")
    ],
    tenant: Annotated[str | None, Parameter(help="It sees and changes tasks of this tenant alone.")] = None,
    agent: Annotated[str | None, Parameter(help="It speaks for this agent alone.")] = None,
    urgent_per_hour: Annotated[
        int | None, Parameter(help="So many tasks an hour may be emergency or critical, with the scope urgent.")
    ] = None,
    expires: Annotated[str | None, Parameter(help="After how long it is worth nothing: seconds, or 12h, 30d.")] = None,
    database: Database = None,
    json: Json = False,
) -> int:
    """Make a key. It is shown this once: the database keeps only its SHA-256."""
    asked = {"name": name, "scopes": list(scope), "tenant": tenant, "agent": agent,
             "urgent_per_hour": urgent_per_hour, "expires": expires}  # fmt: skip
    made = _asked(database, "create_key", asked)
    if json:
        json_line(made)
    else:
        line(made["secret"])
        talk(f"key {made['id']}: keep it well, it is not shown again")
    return 0


@app.command(name="list")
def listing(*, database: Database = None, json: Json = False) -> int:
    """List all keys, also those that were revoked or have expired."""
    with asking(database) as ask:
        page: KeyPage = ask(ListKeys())
    if json:
        json_line(page)
        return 0
    rows = [
        [str(key.id), key.name, ",".join(key.scopes), key.tenant or "", key.agent or "", key.used or "never",
         "revoked" if key.revoked else key.expires or ""]
        for key in page.keys
    ]  # fmt: skip
    columns(["id", "name", "scopes", "tenant", "agent", "used", "ends"], rows)
    return 0


@app.command
def revoke(
    key: Annotated[int, Parameter(help="Its id, as `rota keys list` shows it.")],
    /,
    *,
    database: Database = None,
    json: Json = False,
) -> int:
    """Let a key be worth nothing from now on."""
    answer = _asked(database, "revoke_key", {"key": key})
    if json:
        json_line(answer)
    else:
        line(f"key {key} revoked" if answer["changed"] else f"key {key} was revoked before")
    return 0


def _asked(database: str | None, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask whoever owns the database, or a service elsewhere."""
    with changing(database, makes=True) as call:
        return call(operation, arguments)
