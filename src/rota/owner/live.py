"""The life of an owner that serves others alone: it opens the database, serves, and leaves when nobody needs it."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress

from rota.model.errors import RotaError
from rota.model.times import SECOND
from rota.operations.distributor import Distributor, open_store
from rota.owner.address import POSTGRES, Address
from rota.owner.face import Face
from rota.owner.serve import Server
from rota.owner.start_lock import StartLock, start_lock_at_once
from rota.store.owner import OwnerLock
from rota.store.sql.leases import COUNT_LEASES

MOST_FILES = 65_536

Faces = Callable[[Distributor], Mapping[str, Face]]
"""Makes the faces that are plugged in."""


def live(address: Address, idle: float, faces: Faces, ready: Callable[[], None], say: Callable[[str], None]) -> None:
    """Own the database until nobody needs it for `idle` seconds, somebody takes over, or SIGTERM.

    `ready` is called when others may come; raises `RotaError` when the database can not be used, before that.
    """
    postgres = address.database.startswith(POSTGRES)
    lock = OwnerLock(address.owner.removesuffix(".owner")) if postgres else None
    out = _Out(address)
    try:
        _raise_file_limit()
        distributor = opened(address)
        try:
            server = Server(
                distributor,
                address,
                faces(distributor),
                may_leave=True,
                idle=idle,
                at_rest=lambda: _is_at_rest(distributor, idle),
                keep_out=out.keep,
                # Who removes the file means the tasks: what was written from then on would go with it.
                is_there=_is_there(address),
                say=say,
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: server.stop())
            say(f"serves {'a PostgreSQL database' if postgres else address.database}")
            ready()
            server.run()
        finally:
            distributor.close()
        server.let_go()
        say("left")
    finally:
        if lock is not None:
            lock.release()
        out.let_in()


class _Out:
    """Whoever wants to start an owner, while this one is on its way out."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock: StartLock | None = None

    def keep(self) -> bool:
        self._lock = start_lock_at_once(self._address.start)
        return self._lock is not None

    def let_in(self) -> None:
        if self._lock is not None:
            self._lock.remove()
            self._lock.release()


def opened(address: Address) -> Distributor:
    """The distributor of the address; its errors name the database as the user does."""
    store, lock = open_store(address.database)
    return Distributor(store, lock).start()


def _is_there(address: Address) -> Callable[[], bool]:
    """Says whether the database's file is still the one that it is now. Where that can not be known, it is."""
    if address.database.startswith(POSTGRES):
        return lambda: True
    first = os.stat(address.database)

    def is_there() -> bool:
        try:
            return os.path.samestat(first, os.stat(address.database))
        except FileNotFoundError:
            return False
        except OSError:
            return True

    return is_there


def _is_at_rest(distributor: Distributor, idle: float) -> bool:
    """Whether nothing is in anybody's hands and nothing is due soon. One node of many may leave at any time."""
    node = distributor.node
    if distributor.store.nodes_share:
        return True
    with suppress(RotaError), distributor.store.read() as reader:
        if reader.one(COUNT_LEASES)[0][0]:
            return False
    due = node.next_due()
    return due is None or due >= node.clock() + round(idle * SECOND)


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
