"""The status of a long history, worked out by another process: the owner's own has calls of others to answer.

`python -m rota.faces.mcp.dispatcher.status_elsewhere` reads an `Order` from its standard input and writes the answer,
or `{"error": ...}`. One at a time, and behind everything else that wants the processor.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import msgspec

from rota.model.errors import RotaError
from rota.operations.decodable import decodable

if TYPE_CHECKING:
    from rota.faces.mcp.dispatcher.status import Distribution, DistributionStatus
    from rota.operations.distributor import Distributor

SECONDS = 60.0
LOOK_S = 0.05
NICE = 10
_one_at_a_time = threading.Lock()


class Order(msgspec.Struct, kw_only=True):
    """What is to be worked out."""

    database: str
    now: int
    folder: str | None
    latency: tuple[int, float] | None
    """As `figures.latency_of`: only the owner knows it."""
    asked: dict[str, Any]


def status_elsewhere(order: Order, cancelled: Callable[[], bool]) -> Distribution:
    """The answer of the other process; raises what it refused."""
    from rota.faces.mcp.dispatcher.status import Distribution

    until = monotonic() + SECONDS
    while not _one_at_a_time.acquire(timeout=LOOK_S):
        _check(cancelled, until)
    try:
        said = msgspec.json.decode(_run(order, cancelled, until))
    finally:
        _one_at_a_time.release()
    if "error" in said:
        error = said["error"]
        raise RotaError(error["code"], error["message"], field=error.get("field"))
    return msgspec.convert(said, decodable(Distribution))


def _run(order: Order, cancelled: Callable[[], bool], until: float) -> bytes:
    command = [sys.executable, "-m", "rota.faces.mcp.dispatcher.status_elsewhere"]
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as output:
        told.write(msgspec.json.encode(order))
        told.seek(0)
        # What it says of itself goes where the owner's own words go.
        process = subprocess.Popen(command, stdin=told, stdout=output)
        try:
            while not _has_ended(process):
                _check(cancelled, until)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        text = output.read()
    if not text:
        raise RotaError("internal", f"the process that worked it out ended with {process.returncode}")
    return text


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(LOOK_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _check(cancelled: Callable[[], bool], until: float) -> None:
    if cancelled():
        raise RotaError("cancelled", "the call was cancelled")
    if monotonic() > until:
        raise RotaError("too_large", f"it took more than {SECONDS:g} s; ask for fewer minutes", field="minutes")


def main() -> None:
    """Work it out."""
    from rota.faces.mcp.dispatcher.status import DistributionStatus, made
    from rota.operations.seen import seen

    os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    asked: DistributionStatus = msgspec.convert(order.asked, DistributionStatus)
    try:
        with seen(order.database, order.now) as distributor:
            # It only reads.
            answer: Any = made(cast("Distributor", distributor), order.folder, asked, order.latency)
    except RotaError as error:
        answer = {"error": error.as_dict()}
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
