"""The way to the owner of a database: the one there is, else one started in the background. Standard library only."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import Any

from rota import __version__
from rota.owner.address import Address, address_of
from rota.owner.connection import Connection, dial
from rota.owner.link_error import LinkError, told
from rota.owner.start_lock import start_lock

IDLE_S = 300.0
"""After how long without anybody an owner in the background leaves, seconds."""
PATIENCE_S = 30.0
"""How long an owner may take to start, to answer or to leave, seconds."""
LET_GO_S, AGAIN_S = 1.0, 0.05
"""How long a process that is at its end may hold the database still, and how often that is looked at, seconds."""
LOG_BYTES = 262_144
_PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from rota.__main__ import main; main()"
"""`rota`, wherever this process has it from."""
_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def connected(database: str, *, idle: float = IDLE_S, patience: float = PATIENCE_S) -> Connection:
    """A connection to the owner of this database. One is started when none runs, by one process of all that ask.

    Raises `LinkError` with the reason when none can be started, or when the one there is speaks another version and
    does not leave.
    """
    address = address_of(database)
    connection = dial(address, patience)
    if connection is not None and connection.version == __version__:
        return connection
    if connection is not None:
        connection.close()
    with start_lock(address.start) as lock:
        connection = dial(address, patience)
        if connection is not None and connection.version == __version__:
            return connection
        if connection is not None:
            _replace(connection, patience)
        lock.raise_failure()
        try:
            connection = _started(address, idle, patience)
        except LinkError as error:
            lock.leave_failure(error)
            raise
    if connection is None:
        raise LinkError("unavailable", f"the owner that was started has ended; {address.log} may say why")
    return connection


def _started(address: Address, idle: float, patience: float) -> Connection | None:
    """Start an owner. One that is killed stops answering a moment before it lets go of the database."""
    until = time.monotonic() + LET_GO_S
    while True:
        owned: LinkError | None = None
        try:
            start(address, idle, patience)
        except LinkError as error:
            if error.code != "owned":
                raise
            owned = error
        connection = dial(address, patience)
        if connection is not None:
            return connection
        if time.monotonic() >= until:
            if owned is not None:
                raise owned
            return None
        if owned is not None:
            time.sleep(AGAIN_S)


def ask_to_leave(connection: Connection, patience: float = PATIENCE_S) -> None:
    """Ask the owner to leave and wait until it has let go of the database. Refused when it stays, with its reason.

    Whoever asks holds the start lock, so that nobody comes in between.
    """
    try:
        connection.send_frame({"id": 1, "operation": "owner.leave", "arguments": {}, "version": __version__})
        connection.wait_at_most(patience)
        for value in connection.frames:
            if value.get("id") == 1 and "error" in value:
                raise told(value["error"])
            if value.get("id") == 1:
                break
        connection.until_end(patience)
    except TimeoutError:
        message = f"the owner, process {connection.process}, does not answer"
        raise LinkError("owned", message, {"owner": str(connection.process)}) from None
    finally:
        connection.close()


def start(address: Address, idle: float, patience: float) -> None:
    """Start an owner in the background and wait until it answers; raises its reason when it can not."""
    # Lazily: most processes find an owner.
    import subprocess

    if not sys.executable:
        raise LinkError("unavailable", "this Python does not know its own name; start `rota owner DATABASE` yourself")
    command = [sys.executable, "-P", "-c", _PROGRAM, _FOLDER, "owner", "--background"]
    log = _log(address.log)
    try:
        # Its order comes over a pipe: an address may hold a password, which others could read in the list of processes.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd="/", start_new_session=True
        )
    except OSError as error:
        raise LinkError("unavailable", f"no owner can be started: {error.strerror}") from None
    finally:
        os.close(log)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        order = json.dumps({"address": address, "idle": idle}).encode()
        try:
            process.stdin.write(order)
            process.stdin.close()
        except BrokenPipeError:
            pass
        said = _first_line(process.stdout.fileno(), patience)
    # It goes on as a process of its own; what was started only started that one.
    process.wait()
    _check(said, address.log)


def _check(said: bytes | None, log: str) -> None:
    if said is None:
        raise LinkError("unavailable", f"the owner that was started says nothing; {log} may say why")
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        raise LinkError("unavailable", f"the owner that was started has ended; {log} may say why") from None
    if "error" in answer:
        raise told(answer["error"])


def _first_line(descriptor: int, seconds: float) -> bytes | None:
    """What is written until the end of the line or of the pipe; None when that takes too long."""
    deadline, text = time.monotonic() + seconds, b""
    while not text.endswith(b"\n"):
        readable, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            return None
        data = os.read(descriptor, 65_536)
        if not data:
            break
        text += data
    return text


def _log(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise LinkError("unavailable", f"{path} can not be written: {error.strerror}") from None
    if os.fstat(descriptor).st_size > LOG_BYTES:
        os.ftruncate(descriptor, 0)
    return descriptor


def _replace(connection: Connection, patience: float) -> None:
    """The owner speaks another version: it is to leave when it is older and at rest."""
    theirs, process = connection.version, connection.process
    about = f"the owner, process {process}, is Rota {theirs} and this is Rota {__version__}"
    data = {"owner": str(process), "owner_version": theirs, "version": __version__}
    if _parts(theirs) > _parts(__version__):
        connection.close()
        raise LinkError("other_version", about, data)
    try:
        ask_to_leave(connection, patience)
    except LinkError as error:
        raise LinkError("other_version", f"{about}; {error.message}", data) from None


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
