"""Runs one subject in its own process and reads what it measured."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.measure import Measurement

_ROOT = Path(__file__).parent.parent


class ChildFailed(Exception):
    """The process ended other than well; what it had measured until then has been handed out."""


def child(arguments: list[str], limit: float) -> Iterator[Measurement]:
    """Yields measurements as `bench.child` prints them; after `limit` seconds ends it and its children."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.child", *arguments],
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        start_new_session=True,  # its own group, so that agents it started can be ended with it
    )
    assert process.stdout is not None
    overdue = threading.Timer(limit, _end_group, [process])
    overdue.start()
    try:
        for line in process.stdout:
            yield msgspec.json.decode(line, type=Measurement)
        code = process.wait()
    finally:
        overdue.cancel()
        if process.poll() is None:
            _end_group(process)
            process.wait()
        process.stdout.close()
    if code != 0:
        reason = f"not done within {limit:.0f} s" if code == -signal.SIGKILL else f"exit code {code}, see above"
        raise ChildFailed(reason)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
