"""A trainee: as `audit.py`, but some first attempts are guesses. The fleet's check command finds them out."""

from __future__ import annotations

import sys

from audit import audit
from luck import unlucky
from protocol import Task, serve
from results import Metrics


def audit_or_guess(task: Task) -> object:
    """As `audit`; one first attempt in five at measuring is answered without looking."""
    if task["kind"] == "metrics" and unlucky(task, one_in=5, until_attempt=1):
        return guess(str(task["payload"].get("module")))
    return audit(task)


def guess(module: str) -> Metrics:
    """Numbers of the right form that have nothing to do with the module."""
    return {
        "kind": "metrics",
        "module": module,
        "files": 1,
        "lines": 1_000_000,
        "functions": 42,
        "classes": 7,
        "complexity": 3,
        "biggest": [],
        "most_complex": [],
    }


if __name__ == "__main__":
    sys.exit(serve(audit_or_guess))
