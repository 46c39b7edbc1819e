"""Whether a module is there, without importing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.agents.modules import missing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("review.py", "pack/__init__.py", "pack/inner.py", "space/inner.py", "elsewhere/other.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise AssertionError('nobody should import this')")
    return tmp_path


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("review", None),
        ("pack", None),
        ("pack.inner", None),
        ("space.inner", None),
        ("other", None),
        ("json.decoder", None),
        ("sys", None),
        ("msgspec", None),
        ("rota.model", None),
        ("reviw", "reviw"),
        ("pack.outer", "pack.outer"),
        ("pack.outer.deep", "pack.outer"),
        ("space.x", "space.x"),
    ],
)
def test_what_there_is_and_what_not(folder: Path, module: str, absent: str | None) -> None:
    assert missing(module, str(folder), {"PYTHONPATH": "elsewhere"}) == absent
