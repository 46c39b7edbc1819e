"""`rota version`."""

from __future__ import annotations

import json as encoding
import platform
from typing import Annotated

from rota import __version__


def version(*, json: Annotated[bool, "As one JSON object"] = False) -> int:
    """Say which version this is."""
    print(version_line(json))
    return 0


def version_line(as_json: bool) -> str:
    """The version of Rota and of the Python it runs on."""
    python = platform.python_version()
    if as_json:
        return encoding.dumps({"rota": __version__, "python": python})
    return f"rota {__version__} (Python {python})"
