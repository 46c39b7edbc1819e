"""The audit of a test kit's database, or of one that nobody has open."""

from __future__ import annotations

from rota.audit.audit import audit
from rota.audit.report import Report
from rota.store.view import view
from rota.testing import TestDistributor


def audited(rota: TestDistributor) -> Report:
    with rota.node.store.read() as reader:
        return audit(reader)


def audited_at(database: str) -> Report:
    with view(database) as reader:
        return audit(reader)


def told(report: Report) -> str:
    """The violations, for the message of a failed test."""
    return "\n".join(violation.text for violation in report.violations[:20])
