"""Every statement of Rota, on every database, with the same answers."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from rota.store import sql
from rota.store.migrate import Migratable
from rota.store.statement import Add, Each, One
from tests.store.places import FILE, MEMORY, POSTGRES, Place
from tests.store.recording import Recording, Statement
from tests.store.scenes.table import SCENES, Scene
from tests.store.undone import trial

DIFFERENT = {"events", "audit_events", "beyond", "since", "last", "server"}
"""Statements whose answers hold what differs by database: numbers of transactions, names of versions."""


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_scene_in_a_file(tmp_path: Path, scene: Scene) -> None:
    store = Place(FILE, str(tmp_path / "rota.db")).start()
    play(store, scene)
    store.close()


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_both_databases_give_the_same_answers(empty_dsn: str, scene: Scene) -> None:
    answers = []
    for place in (Place(MEMORY, ":memory:"), Place(POSTGRES, empty_dsn)):
        store = place.start()
        told = play(store, scene).answered
        store.close()
        answers.append([(name, [typed(row) for row in rows]) for name, rows in told if name not in DIFFERENT])
    assert answers[0] == answers[1]


def test_no_statement_is_left_out() -> None:
    """Add a scene for every statement that is named here."""
    asked: set[int] = set()
    for scene in SCENES.values():
        store = Place(MEMORY, ":memory:").start()
        asked |= {id(statement) for statement in play(store, scene).asked}
        store.close()
    assert [name for name, statement in statements() if id(statement) not in asked] == []


def play(store: Migratable, scene: Scene) -> Recording:
    """Play the scene and undo it."""
    with trial(store) as transaction:
        recording = Recording(transaction)
        scene(recording)
    return recording


def statements() -> list[tuple[str, Statement]]:
    """Every statement that is a constant of a module."""
    found: list[tuple[str, Statement]] = []
    for module in pkgutil.iter_modules(sql.__path__):
        for name, value in vars(importlib.import_module(f"{sql.__name__}.{module.name}")).items():
            if isinstance(value, One | Each | Add):
                found.append((f"{module.name}.{name}", value))
    assert len(found) > 150
    return found


def typed(row: tuple[Any, ...]) -> list[tuple[str, Any]]:
    return [(type(value).__name__, value) for value in row]
