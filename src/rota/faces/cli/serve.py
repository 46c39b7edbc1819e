"""`rota serve`: the distributor as a service over HTTP."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from rota.faces.cli.asking import database_of
from rota.faces.cli.options import Database, flag
from rota.faces.cli.say import talk
from rota.faces.plugged import plugged
from rota.files.find import find_database, find_fleet
from rota.model.errors import RotaError
from rota.owner.own import owned

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PORT = 8357


def serve(
    fleet: Annotated[
        str | None, Parameter(help="The fleet.toml; without it, the nearest one from this folder upward, if any.")
    ] = None,
    /,
    *,
    host: Annotated[
        str, Parameter(help="The address to listen at. One that others can reach needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen at; 0 takes one that is free.")] = _PORT,
    name: Annotated[
        tuple[str, ...], Parameter(help="A name under which the service is spoken to, such as that of a proxy.")
    ] = (),
    quiet: Annotated[bool, flag("No log of requests on the standard error.")] = False,
    database: Database = None,
) -> int:
    """Serve a database over HTTP, with the agents of a fleet if it has any.

    Each request is a line of JSON on the standard error. SIGTERM or Ctrl-C:
    what is at work is answered, claims that wait are answered with nothing,
    tasks of the fleet's own agents are given back.
    """
    try:
        from rota.faces.http.request_log import to_stderr
        from rota.faces.http.server import HttpServer, Listening
    except ImportError as error:
        raise RotaError("no_driver", f"`rota serve` needs the extra 'http': {error}") from None
    loaded = _fleet(fleet)
    at = database_of(database) if loaded is None else find_database(database, loaded, os.environ, Path.cwd()).at
    stop = _stopped_by_signals()
    with owned(at, plugged, talk) as distributor:
        supervisor = None
        if loaded is not None:
            from rota.agents.supervise import Supervisor

            for caution in loaded.cautions:
                talk(f"warning: {caution}")
            supervisor = Supervisor(distributor, loaded)
            supervisor.prepare()
        server = HttpServer(distributor, Listening(host, port, name, None if quiet else to_stderr, at))
        server.start()
        try:
            if supervisor is not None:
                supervisor.start()
            talk(f"listening at {server.url}")
            stop.wait()
        finally:
            server.stop()
            if supervisor is not None:
                supervisor.stop()
    return 0


def _fleet(named: str | None) -> Any:
    found = named or find_fleet(Path.cwd())
    if found is None:
        return None
    from rota.files.toml import load_fleet

    return load_fleet(str(found))


def _stopped_by_signals() -> threading.Event:
    """Set by the first signal; a second one ends this process at once, and nothing is lost then either."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)
    return stop
