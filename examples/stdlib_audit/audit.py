"""A command agent that measures, compiles and reads documentation, whichever the task asks for.

python audit.py [SECONDS]      SECONDS = how long it thinks before it starts; thinking needs no processor
"""

from __future__ import annotations

import sys
import time

from protocol import BadTask, Task, serve


def audit(task: Task) -> object:
    """Do one task of any kind that needs the sources alone."""
    time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0)
    # Imported when needed: a process for each task should load no more than its task takes.
    if task["kind"] == "metrics":
        from metrics import measure

        return measure(task)
    if task["kind"] == "compile":
        from compiling import check_compiling

        return check_compiling(task)
    if task["kind"] == "documentation":
        from docstrings import check_docstrings

        return check_docstrings(task)
    raise BadTask(f"this agent does not know how to do tasks of kind {task['kind']!r}")


if __name__ == "__main__":
    sys.exit(serve(audit))
