"""Brings together what the other agents found out about one section. Runs as a long-lived Python agent."""

from __future__ import annotations

from typing import cast

from protocol import Parent, Task, text
from results import CompileCheck, Documentation, Metrics, NotAudited, Summary, biggest, most_complex


def summarise(task: Task) -> Summary:
    """The sums over the parents' results, and which parents ended without one."""
    parents = task["parents"]
    metrics = [cast(Metrics, one) for one in results(parents, "metrics")]
    compiling = [cast(CompileCheck, one) for one in results(parents, "compile")]
    documentation = [cast(Documentation, one) for one in results(parents, "documentation")]
    return {
        "kind": "summary",
        "section": text(task, "section"),
        "files": sum(one["files"] for one in metrics),
        "lines": sum(one["lines"] for one in metrics),
        "functions": sum(one["functions"] for one in metrics),
        "classes": sum(one["classes"] for one in metrics),
        "complexity": sum(one["complexity"] for one in metrics),
        "public": sum(one["public"] for one in documentation),
        "documented": sum(one["documented"] for one in documentation),
        "missing": [module for one in documentation for module in one["missing"]],
        "failures": [failure for one in compiling for failure in one["failures"]],
        "warnings": [warning for one in compiling for warning in one["warnings"]],
        "biggest": biggest([function for one in metrics for function in one["biggest"]]),
        "most_complex": most_complex([function for one in metrics for function in one["most_complex"]]),
        "not_audited": without_result(parents),
    }


def results(parents: list[Parent], kind: str) -> list[object]:
    """The results of this kind among the parents that were done."""
    done = [parent["result"] for parent in parents if parent["state"] == "done"]
    return [one for one in done if isinstance(one, dict) and one.get("kind") == kind]


def without_result(parents: list[Parent]) -> list[NotAudited]:
    """The parents that ended otherwise than done, each with the reason handed on."""
    return [
        {
            "title": parent["title"],
            "state": parent["state"],
            "reason": parent.get("reason") or "no reason was handed on",
        }
        for parent in parents
        if parent["state"] != "done"
    ]
