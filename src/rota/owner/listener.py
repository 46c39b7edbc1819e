"""The socket at which an owner is spoken to. Only who holds the owner's lock may put one there."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from rota.model.errors import RotaError
from rota.owner.address import Address

BACKLOG = 1_024


def listening(address: Address) -> socket.socket:
    """A socket in the place of whatever a former owner left there, for this user alone."""
    path = f"{address.socket[:-5]}.{os.getpid()}"
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
        stream.bind(path)
        os.chmod(path, 0o600)
        stream.listen(BACKLOG)
        stream.setblocking(False)
        # Whoever comes meets the old one, or this one and it listens.
        os.rename(path, address.socket)
        _tell(address)
    except OSError as error:
        stream.close()
        raise RotaError("unavailable", f"{address.socket} can not be made: {error.strerror}") from None
    return stream


def withdraw(address: Address, stream: socket.socket) -> None:
    """Listen no more. The owner still holds its lock, so the path is its own."""
    with suppress(OSError):
        os.unlink(address.socket)
    stream.close()


def _tell(address: Address) -> None:
    """Write beside the owner's number where it is spoken to, for those with another runtime directory."""
    with open(address.owner, "w") as file:
        file.write(f"{os.getpid()}\n{address.socket}\n")
