"""A request of every operation that gets as far as its scope and its tenant are looked at."""

from __future__ import annotations

import json
from typing import Any

from rota.faces.http.examples import AGENT, EXAMPLES, PROJECT, TASK

__all__ = ["PROJECT", "REQUESTS", "TASK"]

_OF_ACME = json.loads(json.dumps(EXAMPLES).replace(f'"{AGENT}"', '"acme/ann"'))
REQUESTS: dict[str, dict[str, Any]] = {
    **_OF_ACME,
    "claim": {"agent": "acme/ann", "tasks": [TASK]},
    # What would leave something on this machine, or shut out whoever asks next.
    "backup": {"path": "/nowhere/copy.db"},
    "archive": {"folder": "/nowhere"},
    "restore_archive": {"file": "/nowhere/archive"},
    "revoke_key": {"key": 1_000},
}
