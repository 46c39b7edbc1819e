"""Owning a database in this process, and serving others meanwhile: what `rota run` does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.owner.address import POSTGRES, Address, address_of
from rota.owner.background import PATIENCE_S, ask_to_leave
from rota.owner.connection import dial
from rota.owner.live import Faces
from rota.owner.serve import Server
from rota.owner.start_lock import start_lock
from rota.store.owner import OwnerLock


@contextmanager
def owned(database: str, faces: Faces, warn: Callable[[str], None]) -> Iterator[Distributor]:
    """An open database that others may use through its socket until the block ends.

    An owner in the background leaves for it; those that use it go on here, and start another one afterwards. Raises
    `owned` when the owner is no such one. Without a socket (`warn` is told why) it goes on alone.
    """
    try:
        address = address_of(database)
    except RotaError as error:
        warn(f"others can not join in: {error}")
        with Distributor.open(database) as distributor:
            yield distributor
        return
    with start_lock(address.start):
        distributor = _taken_over(address, database)
        served = _served(distributor, address, faces, warn)
    try:
        yield distributor
    finally:
        # Whoever goes on elsewhere waits until the database is free.
        with start_lock(address.start) as lock:
            if served is not None:
                served.stop()
            distributor.close()
            lock.remove()


def _taken_over(address: Address, database: str) -> Distributor:
    if not address.database.startswith(POSTGRES):
        connection = dial(address, PATIENCE_S)
        if connection is not None:
            ask_to_leave(connection)
    return Distributor.open(database)


class _Served:
    def __init__(self, server: Server, lock: OwnerLock | None) -> None:
        self._server = server
        self._lock = lock
        self._thread = threading.Thread(target=server.run, name="rota-owner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join()
        if self._lock is not None:
            self._lock.release()


def _served(distributor: Distributor, address: Address, faces: Faces, warn: Callable[[str], None]) -> _Served | None:
    lock = None
    try:
        if address.database.startswith(POSTGRES):
            # Another node of this machine may serve the others; one is enough.
            with suppress(RotaError):
                lock = OwnerLock(address.owner.removesuffix(".owner"))
            if lock is None:
                return None
        return _Served(Server(distributor, address, faces(distributor)), lock)
    except RotaError as error:
        warn(f"others can not join in: {error}")
        if lock is not None:
            lock.release()
        return None
    except BaseException:
        distributor.close()
        raise
