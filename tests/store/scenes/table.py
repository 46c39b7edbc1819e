"""All scenes by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.store.recording import Recording
from tests.store.scenes import (
    ended,
    fleet,
    history,
    keys,
    leases,
    limits,
    relations,
    schedules,
    showing,
    tasks,
    waiting,
)

Scene = Callable[[Recording], None]

SCENES: dict[str, Scene] = {
    f"{module.__name__.rsplit('.', 1)[-1]}-{name}": scene
    for module in (fleet, tasks, waiting, leases, limits, relations, history, showing, ended, keys, schedules)
    for name, scene in vars(module).items()
    if callable(scene) and getattr(scene, "__module__", "") == module.__name__ and not name.startswith("_")
}
