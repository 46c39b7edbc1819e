"""`rota up`, `down`, `status`, `log`: the service in the background."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from typing import Any

from rota import __version__
from rota.faces.cli.asking import HTTP, place_of
from rota.faces.cli.columns import facts
from rota.faces.cli.say import json_line, line, shown, talk
from rota.faces.cli.short import background
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.listing import EVERY_S
from rota.faces.cli.short.options import DATABASE, PLACE, WATCH
from rota.faces.cli.short.shape import Given, Option, Verb, Word
from rota.model.errors import RotaError, invalid
from rota.owner.address import Address, address_of

FLEET = Word(
    "fleet",
    "The fleet.toml; without it, the nearest from this folder upward, if any.",
    "FLEET",
    optional=True,
    kind="path",
)
DOWN_S = 60.0


def up(given: Given) -> int:
    """Start it unless it is up, and say where it listens."""
    address = _address(given)
    arguments = _arguments(given, address)
    service = background.settled(address)
    if service is None:
        try:
            service = background.start(address, arguments)
        except background.Ended as ended:
            talk(ended.said)
            return ended.code or 1
    elif service.arguments != arguments:
        raise RotaError(
            "wrong_state", f"it is up already, otherwise than wanted now ({service.url}); `rota down` first"
        )
    else:
        talk("it is up already")
    if given.get("json"):
        json_line(_plain(service))
    else:
        line(service.url)
        talk(f"process {service.process}; `rota log` shows its log, `rota down` ends it")
    return 0


def down(given: Given) -> int:
    """End it in good order: what is at work is answered or given back."""
    address = _address(given)
    service = background.living(address)
    if service is not None and not background.end(address, service, given.get("patience", DOWN_S)):
        raise RotaError("unavailable", f"process {service.process} does not end; {service.log} may say why")
    if given.get("json"):
        json_line({"ended": None if service is None else _plain(service)})
    else:
        talk("nothing was up" if service is None else f"process {service.process} has ended")
    return 0


def status(given: Given) -> int:
    """Say what is up, and what waits and runs."""
    place = place_of(given.get("database"))
    found: dict[str, Any] = {"version": __version__, "service": None, "owner": None, "statistics": None}
    if not place.startswith(HTTP):
        service = background.living(address_of(place))
        found["service"] = None if service is None else _plain(service)
        found["owner"] = _owner(place)
    try:
        with reading(given.get("database")) as call:
            found["statistics"] = call("get_statistics", {"minutes": given.get("minutes", 60)})
    except RotaError as error:
        if error.code != "no_database" or place.startswith(HTTP):
            raise
    if given.get("json"):
        json_line(found)
    else:
        _show(found)
    return 0


def log(given: Given) -> int:
    """Show its last lines, and follow it."""
    path = background.log_of(_address(given))
    try:
        file = open(path, encoding="utf-8", errors="replace")  # noqa: SIM115
    except OSError:
        raise invalid("database", "nothing was ever up here; `rota up` starts it") from None
    with file:
        for text in deque(file, maxlen=given.get("lines", 50)):
            sys.stdout.write(shown(text))
        while given.get("watch"):
            sys.stdout.flush()
            text = file.readline()
            if text:
                sys.stdout.write(shown(text))
            else:
                time.sleep(EVERY_S)
    return 0


def _address(given: Given) -> Address:
    if "fleet" in given and "database" not in given:
        from pathlib import Path

        from rota.files.find import find_database
        from rota.files.toml import load_fleet

        return address_of(find_database(None, load_fleet(given["fleet"]), os.environ, Path.cwd()).at)
    place = place_of(given.get("database"))
    if place.startswith(HTTP):
        raise invalid("database", "a service elsewhere is not started from here")
    return address_of(place)


def _arguments(given: Given, address: Address) -> list[str]:
    arguments = [os.path.abspath(given["fleet"])] if "fleet" in given else []
    for field in ("host", "port"):
        if field in given:
            arguments += [f"--{field}", str(given[field])]
    for name in given.get("name", []):
        arguments += ["--name", name]
    if given.get("quiet"):
        arguments.append("--quiet")
    return [*arguments, "--database", address.database]


def _owner(place: str) -> dict[str, Any] | None:
    from rota.owner.connection import dial

    connection = dial(address_of(place), 2.0)
    if connection is None:
        return None
    connection.close()
    return {"process": connection.process, "version": connection.version}


def _show(found: dict[str, Any]) -> None:
    service, owner, counts = found["service"], found["owner"], found["statistics"]
    up_ = "down" if service is None else f"{service['url']} (process {service['process']})"
    owned = "nobody; it is started when needed" if owner is None else f"process {owner['process']}"
    facts([("service", up_), ("owner", owned)])
    if counts is None:
        facts([("database", "not there yet")])
        return
    aside = ", ".join(f"{n:,} {state}" for state, n in sorted(counts["aside"].items()))
    lately = ", ".join(f"{n:,} {what}" for what, n in sorted(counts["counts"].items(), key=lambda one: -one[1]))
    facts(
        [
            ("waiting", f"{counts['waiting']:,}"),
            ("running", f"{counts['running']:,}"),
            ("aside", aside),
            ("agents", f"{counts['agents']:,}"),
            (f"last {counts['minutes']} min", lately or "nothing"),
        ]
    )


def _plain(service: background.Service) -> dict[str, Any]:
    return {"process": service.process, "url": service.url, "log": service.log}


_SERVED = (
    Option("host", "The address to listen at; one that others can reach needs a key.", default="127.0.0.1"),
    Option("port", "The port to listen at; 0 takes one that is free.", "integer", default=8357),
    Option("name", "A name under which it is spoken to, such as that of a proxy.", many=True),
    Option("quiet", "No log of requests.", "switch"),
)
UP = Verb(
    "up",
    "Start `rota serve` in the background, and print where it listens",
    up,
    (FLEET,),
    (*_SERVED, *PLACE),
    text="It waits until the service is ready; what keeps it from starting is said here. One for each database.",
)
DOWN = Verb(
    "down",
    "End what `rota up` started, in good order",
    down,
    (FLEET,),
    (Option("patience", "How long it may take.", "span", default="60s"), *PLACE),
    text="Calls that are at work are answered, and what the fleet's own agents have is given back.",
)
STATUS = Verb(
    "status",
    "Say what is up, and how much waits and runs",
    status,
    options=(Option("minutes", "The time that is counted.", "integer", default=60), *PLACE),
)
LOG = Verb(
    "log",
    "Show the log of what `rota up` started",
    log,
    (FLEET,),
    (Option("lines", "How many of the last lines.", "integer", ("--lines", "-n"), default=50), WATCH, DATABASE),
)
