"""`rota doctor`: looks for trouble."""

from __future__ import annotations

from time import time_ns
from typing import Annotated

import msgspec
from cyclopts import Parameter

from rota.doctor.examine import examine
from rota.doctor.finding import Finding, fail
from rota.faces.cli.asking import chosen
from rota.faces.cli.options import Json
from rota.faces.cli.say import json_line, line
from rota.model.errors import RotaError


def doctor(
    database: Annotated[
        str | None, Parameter(name=("--database", "-d"), help="A SQLite file or a postgresql:// address.")
    ] = None,
    *,
    json: Json = False,
) -> int:
    """Look for trouble with this machine and a database; it ends with 1 when something is broken. Changes nothing.

    `-d` may be left out before the database.
    """
    try:
        found = list(examine(chosen(database), time_ns() // 1_000))
    except RotaError as error:
        found = [fail("settings", f"{error.field}: {error.message}" if error.field else error.message, error.fix)]
    healthy = all(finding.status != "fail" for finding in found)
    if json:
        json_line({"healthy": healthy, "findings": msgspec.to_builtins(found)})
    else:
        _show(found)
    return 0 if healthy else 1


def _show(found: list[Finding]) -> None:
    width = max(len(finding.name) for finding in found)
    for finding in found:
        line(f"{finding.status:<4}  {finding.name:<{width}}  {finding.text}")
        if finding.fix:
            line(f"      {'':<{width}}  -> {finding.fix}")
