"""Where the traces are: they are no part of the repository, and rows without theirs are skipped."""

import os
from pathlib import Path

VARIABLE = "ROTA_TRACES"
_BESIDE = Path(__file__).parents[3] / "shared" / "traces"


def folder(given: str) -> Path:
    """As given, else as the variable says, else `shared/traces` beside the repository."""
    return Path(given or os.environ.get(VARIABLE) or _BESIDE)


def missing(file: Path) -> str:
    """Why a row is skipped."""
    return f"{file.name} is not in the folder of traces; name the folder with --traces or {VARIABLE}"
