"""The check command of the standard library audit lets no nonsense pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.audit_processes import Json, answer, rejection, task_of


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "poem"}, "of kind 'metrics'"),
        ({"lines": 1}, "lines is 1"),
        ({"lines": "many"}, "lines is 'many'"),
        ({"files": None}, "files is None"),
        ({"functions": 4000}, "functions is 4000"),
        ({"functions": -1}, "functions is -1"),
        ({"complexity": 0}, "complexity is 0"),
        ({"biggest": []}, "biggest must list"),
        ({"biggest": "none"}, "biggest must list"),
    ],
)
def test_wrong_metrics_are_rejected(change: Json, reason: str, tmp_path: Path) -> None:
    task = task_of("metrics", {"module": "heapq"})
    result = answer("audit.py", task, tmp_path)
    assert rejection(task, result, tmp_path) == ""
    assert reason in rejection(task, result | change, tmp_path)


def test_lists_out_of_order_or_of_other_modules_are_rejected(tmp_path: Path) -> None:
    task = task_of("metrics", {"module": "shlex"})
    result = answer("audit.py", task, tmp_path)
    assert "ordered by lines" in rejection(task, result | {"biggest": result["biggest"][::-1]}, tmp_path)
    foreign = [one | {"module": "os"} for one in result["most_complex"]]
    assert "'os' is none of the modules" in rejection(task, result | {"most_complex": foreign}, tmp_path)


@pytest.mark.parametrize("nonsense", [None, 7, "fine", [], [{}], {}])
def test_nonsense_is_rejected(nonsense: object, tmp_path: Path) -> None:
    for kind in ("metrics", "compile", "documentation", "summary", "report"):
        task = task_of(kind, {"module": "heapq", "modules": ["heapq"], "section": "s"})
        assert "the answer must be" in rejection(task, nonsense, tmp_path)


def test_wrong_sections_are_rejected(tmp_path: Path) -> None:
    payload = {"section": "some", "modules": ["heapq"]}
    compiling = {"kind": "compile", "section": "some", "files": 1, "failures": [], "warnings": []}
    task = task_of("compile", payload)
    assert rejection(task, compiling, tmp_path) == ""
    assert "files is 2" in rejection(task, compiling | {"files": 2}, tmp_path)
    elsewhere = compiling | {"failures": [{"module": "os", "line": 1, "reason": "no"}]}
    assert "'os' is none of the modules" in rejection(task, elsewhere, tmp_path)
    documentation = {"kind": "documentation", "files": 1, "public": 3, "documented": 4, "missing": []}
    assert "documented is 4" in rejection(task_of("documentation", payload), documentation, tmp_path)
