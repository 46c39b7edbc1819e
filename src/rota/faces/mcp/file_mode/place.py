"""Which file is meant, and where taskqueue-mcp keeps its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress

VARIABLE = "TASK_MANAGER_FILE_PATH"
FOLDER = "taskqueue-mcp"


def file_of(argument: str | None, environment: Mapping[str, str]) -> str | None:
    """The file of `--file`, else that of the environment; None when neither names one, which is not file mode.

    An empty `--file` means the default place of taskqueue-mcp, whose folder is made when it is not there.
    """
    if argument == "":
        return default_file(environment)
    named = argument if argument is not None else environment.get(VARIABLE) or None
    return None if named is None else os.path.abspath(os.path.expanduser(named))


def default_file(environment: Mapping[str, str]) -> str:
    """The file that taskqueue-mcp uses when it is told none; its folder is made."""
    folder = os.path.join(_data_folder(environment), FOLDER)
    with suppress(OSError):  # what stands in the way is told with the first call
        os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, "tasks.json")


def _data_folder(environment: Mapping[str, str]) -> str:
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Application Support")
    return environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
