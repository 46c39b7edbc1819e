"""The editor: a command agent that writes the report from the summaries of all sections."""

from __future__ import annotations

import os
import sys
from typing import cast

from layout import page
from protocol import Task, serve, text
from results import Report, Summary
from summary import results, without_result


def write_report(task: Task) -> Report:
    """Write `payload.file` anew, in one step, so that a reader never sees half a report."""
    summaries = [cast(Summary, one) for one in results(task["parents"], "summary")]
    lost = [one for summary in summaries for one in summary["not_audited"]]
    lost += without_result(task["parents"])
    path = text(task, "file")
    draft = f"{path}.draft-{os.getpid()}"
    with open(draft, "w", encoding="utf-8") as file:
        file.write(page(sorted(summaries, key=lambda one: one["section"]), lost))
    os.replace(draft, path)
    return {
        "kind": "report",
        "file": path,
        "sections": len(summaries),
        "files": sum(one["files"] for one in summaries),
        "lines": sum(one["lines"] for one in summaries),
        "functions": sum(one["functions"] for one in summaries),
        "classes": sum(one["classes"] for one in summaries),
        "not_audited": len(lost),
    }


if __name__ == "__main__":
    sys.exit(serve(write_report))
