"""Summaries and the report of the standard library audit add up."""

from __future__ import annotations

from pathlib import Path

from tests.examples.audit_processes import Json, answer, call, rejection, task_of


def done(task: Json, result: Json) -> Json:
    """A parent that was done, as its child is handed it."""
    return {"id": task["id"], "title": task["title"], "state": "done", "result": result}


def summary_of(section: str, **counts: int) -> Json:
    """A summary with these counts and empty lists."""
    numbers = dict.fromkeys(("files", "lines", "functions", "classes", "complexity", "public", "documented"), 0)
    lists: Json = {name: [] for name in ("missing", "failures", "warnings", "biggest", "most_complex", "not_audited")}
    return {"kind": "summary", "section": section, **numbers, **counts, **lists}


def test_a_summary_adds_up_its_parents_and_tells_what_it_lacks(tmp_path: Path) -> None:
    names = ["heapq", "shlex"]
    section = {"section": "some", "modules": names}
    tasks = [task_of("metrics", {"module": name}, number=n) for n, name in enumerate(names)]
    tasks += [task_of("compile", section, number=8), task_of("documentation", section, number=9)]
    parents = [done(task, answer("audit.py", task, tmp_path)) for task in tasks]
    lost = {"id": "task-99", "title": "Measure x", "state": "dead", "result": None, "reason": "no x"}
    task = task_of("summary", {"section": "some"}, parents=[*parents, lost])
    alone = task_of("summary", {"section": "none"}, parents=[{**lost, "reason": None}])
    result, empty = call("summary:summarise", [task], [alone], folder=tmp_path)
    for field in ("files", "lines", "functions", "classes", "complexity"):
        assert result[field] == sum(parent["result"][field] for parent in parents[:2]) > 0
    both = [one for parent in parents[:2] for one in parent["result"]["biggest"]]
    assert [one["lines"] for one in result["biggest"]] == sorted((one["lines"] for one in both), reverse=True)[:10]
    assert result["not_audited"] == [{"title": "Measure x", "state": "dead", "reason": "no x"}]
    assert empty["lines"] == 0
    assert empty["not_audited"][0]["reason"] == "no reason was handed on"
    assert rejection(task, result, tmp_path) == ""
    for field in ("files", "lines", "functions", "classes", "public"):
        assert f"{field} is" in rejection(task, result | {field: result[field] + 1}, tmp_path)


def test_the_report_adds_up_its_summaries_and_shows_what_went_wrong(tmp_path: Path) -> None:
    first = summary_of("b", files=2, lines=1200, functions=10, classes=1, complexity=25, public=8, documented=2)
    first["failures"] = [{"module": "b.x", "line": 3, "reason": "invalid syntax | here"}]
    first["missing"] = ["b.x", "b.y"]
    second = summary_of("a", files=1, lines=34, functions=4, classes=0, complexity=4, public=2, documented=2)
    second["not_audited"] = [{"title": "Measure q", "state": "dead", "reason": "there is no q"}]
    function = {"module": "b.x", "name": "f", "line": 1, "lines": 9, "complexity": 2}
    first["biggest"] = [function | {"line": n, "lines": 100 - n} for n in range(10)]
    second["biggest"] = [function | {"module": "a", "lines": 99}]
    parents = [done(task_of("summary", {}), one) for one in (first, second)]
    lost = {
        "id": "task-9",
        "title": "Summarise c",
        "state": "cancelled",
        "result": None,
        "reason": "on request",
    }
    task = task_of("report", {"file": "report.md"}, parents=[*parents, lost])
    result = answer("report.py", task, tmp_path)
    assert result == {
        "kind": "report",
        "file": "report.md",
        "sections": 2,
        "files": 3,
        "lines": 1234,
        "functions": 14,
        "classes": 1,
        "not_audited": 2,
    }
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split(" | ")] for line in page.splitlines() if line.startswith("| ")]
    assert ["| a", "1", "34", "4", "0", "1.0", "2 of 2 (100 %) |"] in rows
    assert ["| b", "2", "1,200", "10", "1", "2.5", "2 of 8 (25 %) |"] in rows
    assert ["| **total**", "3", "1,234", "14", "1", "2.1", "4 of 10 (40 %) |"] in rows
    assert "| `b.x` | 3 | invalid syntax \\| here |" in page
    assert "Modules without a docstring: 2" in page
    assert "- b: `b.x`, `b.y`" in page
    assert page.count("| `f` |") == 10
    assert "| `a` | `f` | 1 | 99 | 2 |" in page
    assert "| Measure q | dead | there is no q |" in page
    assert "| Summarise c | cancelled | on request |" in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert rejection(task, result, tmp_path) == ""
    for field in ("files", "lines", "functions", "classes"):
        assert f"{field} is" in rejection(task, result | {field: result[field] + 1}, tmp_path)
    (tmp_path / "report.md").write_text("nothing", encoding="utf-8")
    assert "no total" in rejection(task, result, tmp_path)
    (tmp_path / "report.md").unlink()
    assert "cannot be read" in rejection(task, result, tmp_path)
