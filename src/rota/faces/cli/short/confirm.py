"""Asking before something is destroyed."""

from __future__ import annotations

import sys

from rota.faces.cli.say import Usage, talk
from rota.faces.cli.short.shape import Given

DECLINED = 1
"""The exit code when a person says no."""


def confirmed(given: Given, what: str) -> bool:
    """Whether it is to be done: `--yes`, or a person at the terminal says so. `what` names how much it is about.

    Refused where there is nobody to ask.
    """
    if given.get("yes"):
        return True
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise Usage(f"this would {what}, and there is nobody to ask", "--yes says that it is meant")
    sys.stderr.write(f"{what[:1].upper()}{what[1:]}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    talk("nothing was changed")
    return False
