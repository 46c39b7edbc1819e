"""`audit.py` on a machine that is breaking: now and then its process dies of a segmentation fault."""

from __future__ import annotations

import resource
import signal
import sys

from audit import audit
from luck import unlucky
from protocol import Task, serve


def audit_or_die(task: Task) -> object:
    """As `audit`; one attempt in five kills this very process, at most two for each task."""
    if unlucky(task, one_in=5, until_attempt=2):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no core files in the user's folder
        signal.raise_signal(signal.SIGSEGV)
    return audit(task)


if __name__ == "__main__":
    sys.exit(serve(audit_or_die))
