"""The process of an owner in the background, as `rota.owner.background` starts it.

Its order comes on the standard input, as JSON; whether it is ready, or why not, goes to the standard output as a line.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Part from whoever started us, then own the database until nobody needs it."""
    if os.fork():
        os._exit(0)
    os.setsid()
    order = json.load(sys.stdin.buffer)
    sys.exit(_owner(order))


def _owner(order: dict[str, Any]) -> int:
    from rota.faces.plugged import plugged
    from rota.model.errors import RotaError
    from rota.owner.address import Address
    from rota.owner.live import live
    from rota.owner.log import Log

    address = Address(*order["address"])
    log = Log(address.log)
    try:
        live(address, order["idle"], plugged, lambda: _answer({"ready": True}), log.say)
    except RotaError as error:
        log.say(f"ended: {error}")
        _answer({"error": error.as_dict()})
        return error.kind.exit_code
    return 0


def _answer(value: dict[str, Any]) -> None:
    """Tell whoever waits, once; nobody else reads what we write there."""
    try:
        os.write(1, json.dumps(value).encode() + b"\n")
    except OSError:
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
