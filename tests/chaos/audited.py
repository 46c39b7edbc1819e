"""`rota audit`, as a user runs it."""

from __future__ import annotations

import subprocess
import sys

from tests.durability.life import ROOT


def audited(database: str) -> None:
    """Fails with the evidence when the audit does not find the promise kept."""
    program = [sys.executable, "-m", "rota", "audit", database]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
