"""As whom test servers run: PostgreSQL refuses to be root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypedDict

NOBODY = 65534


class Account(TypedDict, total=False):
    """The arguments of `subprocess` that say whom a program runs as; empty for the caller's own account."""

    user: int
    group: int
    extra_groups: list[int]


def account() -> Account:
    """Whom a server of ours runs as: the caller, but nobody in place of root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def give(path: Path) -> None:
    """Makes `path` and all below it the property of the account that servers run as."""
    if os.geteuid() != 0:
        return
    os.chown(path, NOBODY, NOBODY)
    for folder, folders, files in os.walk(path):
        for name in [*folders, *files]:
            os.chown(Path(folder, name), NOBODY, NOBODY, follow_symlinks=False)
