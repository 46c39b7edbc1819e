"""A real file system without space, in a process of its own.

    python -m tests.durability.tiny_disk limit FOLDER
    python -m tests.durability.tiny_disk tmpfs FOLDER      (inside a mount namespace: `unshare -rm`)

Works until the database refuses for want of space, makes room, finishes; prints what it saw as JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from tests.durability.client import Client
from tests.durability.crowd import LedgerWitness
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger

MANY = 100_000
"""Commands after which a file system is not as small as it should be."""
ROOM = 1_500_000


def main(how: str, folder: Path) -> None:
    make_room = _limit() if how == "limit" else _tmpfs(folder)
    ledger = Ledger()
    with Distributor.open(str(folder / "work.db")) as distributor:
        refusals = _work(distributor, ledger)
        then = look(distributor.store, ledger)
        make_room()
        after = finish(distributor.store, ledger, distributor.call)
    said = {"codes": [refusal.code for refusal in refusals], "message": refusals[-1].message}
    print(json.dumps({**said, "acknowledged": ledger.acknowledged, "then": then, "after": after}))


def _work(distributor: Distributor, ledger: Ledger) -> list[RotaError]:
    """Works until something was refused ten times; the refusals."""
    client, witness, refusals = Client("ann", 0), LedgerWitness(ledger), list[RotaError]()
    for _ in range(MANY):
        command = client.next()
        number = witness.asked(command)
        try:
            answer = distributor.call(command)
        except RotaError as error:
            answer = error
            refusals.append(error)
        witness.answered(number, answer)
        client.heard(command, answer)
        if len(refusals) == 10:
            return refusals
    raise AssertionError(f"after {MANY} commands there was still room")


def _limit() -> Callable[[], object]:
    # A file may not grow beyond this. Python ignores the signal that comes with it.
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def _tmpfs(folder: Path) -> Callable[[], object]:
    """Mounts a small file system on the folder, half of it taken. It goes with the process's mount namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, b"size=%d" % (2 * ROOM)) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(ROOM))
    return ballast.unlink


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
