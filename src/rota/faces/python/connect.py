"""From a target to the way there."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rota.faces.python.after_fork import AfterFork, refused_again
from rota.faces.python.client import Client
from rota.faces.python.transport import Transport
from rota.model.errors import invalid

if TYPE_CHECKING:
    from rota.operations.distributor import Distributor
    from rota.testing import TestDistributor

KEY = "ROTA_KEY"
TIMEOUT_S = 60.0
MEMORY = ":memory:"


def connect(
    target: str | os.PathLike[str] | Distributor | TestDistributor | None = None,
    *,
    key: str | None = None,
    timeout: float = TIMEOUT_S,
    own: bool = False,
) -> Client:
    """A client of the database that `target` names; the same whatever it is:

    - None: the database of this folder, as every `rota` command finds it;
    - a path or `sqlite:///path`: through the process that owns the file, started in the background when none runs;
    - `postgresql://...`: through a node on this machine, started when none runs;
    - `http://host:port`, `https://host`: a `rota serve`, with `key` (or ROTA_KEY) where it wants one;
    - `:memory:`, or a `Distributor` or `TestDistributor` that is open: in this process. What was open stays open when
      the client is closed.

    `own`: open the file or the PostgreSQL database in this very process; others use it through our socket meanwhile.
    `timeout`: how long a call may take, seconds, its repetitions included; a claim's own `wait` comes on top.

    Use it with `with`, with `async with` (then every method is awaited), or close it yourself. Nothing is connected
    before the first call, except with `own`. A process that is forked from this one may use it too, unless
    the database is open in this very process. Raises `RotaError` as every call does.
    """
    if not timeout > 0:
        raise invalid("timeout", "must be above 0 seconds")
    return Client(transport_to(target, key, own), timeout)


def transport_to(
    target: str | os.PathLike[str] | Distributor | TestDistributor | None, key: str | None, own: bool
) -> Transport:
    """The way to what `target` names; see `connect`."""
    if isinstance(target, str) and target.startswith(("http://", "https://")):
        if own:
            raise invalid("own", "a service has its owner; leave it out")
        from rota.faces.python.over_http import OverHttp

        key = key or os.environ.get(KEY)
        return AfterFork(OverHttp(target, key), lambda: OverHttp(target, key))
    if key is not None:
        raise invalid("key", "only a service over HTTP asks for a key; leave it out")
    if target is not None and not isinstance(target, str | os.PathLike):
        if not callable(getattr(target, "call", None)):
            kind = type(target).__name__
            raise invalid("target", f"must be a path, an address or an open Distributor, not {kind}")
        return _in_process(target, lambda: None)
    text = None if target is None else os.fspath(target)
    if text == MEMORY:
        from rota.operations.distributor import Distributor

        distributor = Distributor.open(MEMORY)
        return _in_process(distributor, distributor.close)
    from rota.files.session import database_of_session

    database = database_of_session(text)
    if own:
        return _owned(database)
    from rota.faces.python.over_socket import OverSocket

    return AfterFork(OverSocket(database), lambda: OverSocket(database))


def _in_process(distributor: Distributor | TestDistributor, end: Callable[[], object]) -> Transport:
    from rota.faces.python.in_process import InProcess

    return AfterFork(InProcess(distributor, end), refused_again)


def _owned(database: str) -> Transport:
    from rota.faces.plugged import plugged
    from rota.owner.own import owned

    open_until_closed = ExitStack()
    distributor = open_until_closed.enter_context(owned(database, plugged, lambda _trouble: None))
    return _in_process(distributor, open_until_closed.close)
