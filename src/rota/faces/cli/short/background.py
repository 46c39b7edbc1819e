"""The service in the background: one for each database, with a record and a log beside the owner's socket.

It holds a lock on its record for as long as it lives, so that nothing is ever stale: who can lock it, finds it down.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from rota.model.errors import RotaError
from rota.owner.address import Address

PATIENCE_S = 60.0
"""How long it may take to start, seconds."""
TAKE_S = 1.0
LOOK_S = 0.05
LOG_BYTES = 16 * 1_048_576
"""A log that is longer is put aside when the service starts."""
LISTENING = "listening at "
_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))
_PROGRAM = """
import json, os, sys
sys.path.append(sys.argv.pop(1))
order = json.load(sys.stdin.buffer)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
from rota.faces.cli.main import execute
sys.exit(execute(order))
"""


class Service(NamedTuple):
    """A service that lives."""

    process: int
    url: str
    log: str
    arguments: list[str]
    """What `rota serve` was told."""


class Ended(Exception):
    """It ended before it was ready: its exit code and what it said last."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.said = said


def log_of(address: Address) -> str:
    """Where its log is."""
    return f"{address.socket.removesuffix('.sock')}.service.log"


def living(address: Address) -> Service | None:
    """The service of this database, if it lives."""
    try:
        descriptor = os.open(_record(address), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _lock(descriptor, fcntl.LOCK_SH):
            return None
        text = os.pread(descriptor, 65_536, 0)
        return Service(**json.loads(text)) if text else Service(0, "", log_of(address), [])
    finally:
        os.close(descriptor)


def settled(address: Address) -> Service | None:
    """The same, once it listens: somebody else may be about to start it."""
    until = time.monotonic() + PATIENCE_S
    while (service := living(address)) is not None and not service.url and time.monotonic() < until:
        time.sleep(LOOK_S)
    return service


def start(address: Address, arguments: Sequence[str]) -> Service:
    """Start `rota serve` with these arguments and wait until it listens. Raises `Ended`, or `unavailable`."""
    import subprocess

    descriptor = os.open(_record(address), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    log, since = _open_log(log_of(address))
    try:
        if not _take(descriptor):
            raise RotaError("wrong_state", "somebody else has just started it", field="database")
        os.ftruncate(descriptor, 0)
        # Its arguments come over a pipe: an address may hold a password, which others could read in the process list.
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, _FOLDER, "serve"],
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, pass_fds=(descriptor,),
        )  # fmt: skip
        assert child.stdin is not None
        with child.stdin:
            child.stdin.write(json.dumps(["serve", *arguments]).encode())
        service = Service(child.pid, "", log_of(address), list(arguments))
        _write(descriptor, service)
        try:
            service = service._replace(url=_until_it_listens(child, log_of(address), since))
        except BaseException:
            child.terminate()
            raise
        _write(descriptor, service)
        # It goes on as a process of its own; nobody waits for it.
        child.returncode = 0
        return service
    finally:
        os.close(log)
        os.close(descriptor)


def end(address: Address, service: Service, patience: float) -> bool:
    """Ask it to end and wait; whether it has ended in that time."""
    if service.process:
        os.kill(service.process, signal.SIGTERM)
    until = time.monotonic() + patience
    while living(address) is not None:
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_S)
    return True


def _until_it_listens(child: object, log: str, since: int) -> str:
    import subprocess

    assert isinstance(child, subprocess.Popen)
    until = time.monotonic() + PATIENCE_S
    while True:
        code = child.poll()
        lines = _said(log, since)
        for line in lines:
            if line.startswith(LISTENING):
                return line.removeprefix(LISTENING).strip()
        if code is not None:
            raise Ended(code, lines[-1] if lines else f"it ended with exit code {code}")
        if time.monotonic() >= until:
            raise RotaError("unavailable", f"the service does not get ready; {log} may say why")
        time.sleep(LOOK_S)


def _said(log: str, since: int) -> list[str]:
    with open(log, "rb") as file:
        file.seek(since)
        text = file.read(1_048_576).decode(errors="replace")
    # A line that is being written is none yet.
    return text.split("\n")[:-1]


def _open_log(path: str) -> tuple[int, int]:
    """A descriptor to write to, and where it begins."""
    if os.path.exists(path) and os.path.getsize(path) > LOG_BYTES:
        os.replace(path, f"{path}.1")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    return descriptor, os.fstat(descriptor).st_size


def _record(address: Address) -> str:
    return f"{address.socket.removesuffix('.sock')}.service"


def _write(descriptor: int, service: Service) -> None:
    text = json.dumps(service._asdict()).encode()
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _take(descriptor: int) -> bool:
    """Lock it for a service; whoever only looks has it for a moment."""
    until = time.monotonic() + TAKE_S
    while not _lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_S)
    return True


def _lock(descriptor: int, how: int) -> bool:
    """Lock it in this way, unless others stand against it: whether that worked."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
