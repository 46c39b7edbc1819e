"""The targets that hold for a session: of the fleet.toml above its folder, else the usual ones."""

from __future__ import annotations

from pathlib import Path

from rota.files.find import find_fleet
from rota.files.targets import Targets
from rota.files.toml import load_fleet


def goals_of(folder: str | None) -> tuple[Targets, str]:
    """The targets, and who says so. Raises what is wrong with the file."""
    file = None if folder is None else find_fleet(Path(folder))
    if file is None:
        return Targets(), "usual values; write [targets] into a fleet.toml to set your own"
    return load_fleet(str(file)).targets, "fleet.toml"
