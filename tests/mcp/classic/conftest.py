"""The classic tools in process, and over the streams of real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.testing import TestDistributor
from tests.mcp.classic.client import Clients

KEYS = ("OPENAI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "DEEPSEEK_API_KEY")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


@pytest.fixture
def rota() -> Iterator[TestDistributor]:
    with TestDistributor() as kit:
        yield kit


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Processes on a database of their own."""
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
    with Clients(str(tmp_path / "rota.db")) as found:
        yield found
