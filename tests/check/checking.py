"""Checks of small fleets and files, written as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rota.check.examine import check
from rota.check.plan_of_work import History
from rota.check.report import CheckReport, Finding, Forecast
from rota.files.toml import parse_fleet

NOW = 1_795_341_600_000_000
"""2026-11-22T10:00:00Z."""
ANN = '[[agent]]\nname = "ann"\nslots = 2\nskills = { py = 2 }\n'


def checked(
    folder: Path, fleet: str, *tasks: dict[str, Any], history: History | None = None, **more: Any
) -> CheckReport:
    """The check of these tasks; each needs a title only if it matters."""
    file = folder / "tasks.jsonl"
    file.write_text("".join(json.dumps({"title": "a task", **task}) + "\n" for task in tasks))
    return check(parse_fleet(fleet, str(folder / "fleet.toml")), str(file), history or History(), NOW, **more)


def expected(report: CheckReport) -> Forecast:
    assert report.forecast is not None
    return report.forecast


def only(report: CheckReport, code: str) -> Finding:
    """The single finding with this code."""
    (found,) = [finding for finding in report.findings if finding.code == code]
    return found
