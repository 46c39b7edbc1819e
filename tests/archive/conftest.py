"""A test kit on a real file, with an agent that can take everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.testing import TestDistributor


@pytest.fixture
def rota(tmp_path: Path) -> Iterator[TestDistributor]:
    with TestDistributor(str(tmp_path / "rota.db")) as kit:
        kit.call(Register(agent=AgentSpec(name="ann", slots=50)))
        yield kit
