"""Letting a storm of random commands blow over, while tables and audit are looked at."""

from __future__ import annotations

from typing import Protocol

from rota.testing import TestDistributor
from tests.audit.looking import audited, told
from tests.engine import tables

OFTEN = 25
"""Steps from one look to the next."""


class Blowing(Protocol):
    """A storm: one random thing after another, and at last everything comes to its end."""

    def step(self) -> None: ...

    def finish(self) -> None: ...


def blow_over(rota: TestDistributor, storm: Blowing, steps: int) -> None:
    """So many steps, then the finish: the tables agree, the audit is clean, and work was done."""
    for step in range(steps):
        storm.step()
        if step % OFTEN == 0:
            tables.check(rota)
            report = audited(rota)
            assert report.clean, told(report)
    storm.finish()
    report = audited(rota)
    assert report.clean, told(report)
    assert report.states.get("done", 0) > 50
