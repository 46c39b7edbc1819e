"""The fleet's check command: {task, result} as JSON on stdin; exit code 0, or the reason on stderr.

It trusts no agent: what can be counted in another way than the agents do is counted again.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable

from library import Source, sources
from results import TOP

DEFINITION = re.compile(rb"^[ \t\f]*(?:async[ \t]+)?def\b|;[ \t]*def\b", re.MULTILINE)
Json = dict[str, object]


def reason_against(task: Json, result: object) -> str | None:
    """Why the result cannot be right, or None."""
    if not isinstance(result, dict):
        return f"the answer must be a JSON object, not {type(result).__name__}"
    kind = task.get("kind")
    if kind != result.get("kind"):
        return f"the answer must be of kind {kind!r}, not {result.get('kind')!r}"
    check = CHECKS.get(str(kind))
    if check is None:
        return f"there is no check for kind {kind!r}"
    return check(task, result)


def _metrics(task: Json, result: Json) -> str | None:
    files = _files(task)
    codes = [source.read() for source in files]
    lines = sum(code.count(b"\n") + (not code.endswith(b"\n") and code != b"") for code in codes)
    definitions = sum(len(DEFINITION.findall(code)) for code in codes)
    functions = _number(result, "functions")
    return (
        _differs(result, "files", len(files))
        or _differs(result, "lines", lines)
        # Docstrings may hold a `def` of their own, so the text is an upper bound.
        or _outside(result, "functions", 0, definitions)
        or _outside(result, "classes", 0, lines)
        or _outside(result, "complexity", functions, functions + 10 * lines)
        or _wrong_list(result, "biggest", "lines", files)
        or _wrong_list(result, "most_complex", "complexity", files)
    )


def _wrong_list(result: Json, field: str, ordered_by: str, files: list[Source]) -> str | None:
    listed = [one for one in _listed(result, field) if isinstance(one, dict)]
    expected = min(TOP, _number(result, "functions"))
    if len(listed) != expected:
        return f"{field} must list {expected} functions, not {len(listed)}"
    measures = [_number(one, ordered_by) for one in listed]
    if measures != sorted(measures, reverse=True):
        return f"{field} must be ordered by {ordered_by}"
    return _foreign([one.get("module") for one in listed], files)


def _section(task: Json, result: Json) -> str | None:
    files = _files(task)
    findings = [*_listed(result, "failures"), *_listed(result, "warnings")]
    named = [one.get("module") if isinstance(one, dict) else one for one in findings]
    return _differs(result, "files", len(files)) or _foreign([*named, *_listed(result, "missing")], files)


def _documentation(task: Json, result: Json) -> str | None:
    return _section(task, result) or _outside(result, "documented", 0, _number(result, "public"))


def _summary(task: Json, result: Json) -> str | None:
    for field in ("files", "lines", "functions", "classes"):
        wrong = _differs(result, field, _sum_over_parents(task, "metrics", field))
        if wrong:
            return wrong
    return _differs(result, "public", _sum_over_parents(task, "documentation", "public"))


def _report(task: Json, result: Json) -> str | None:
    for field in ("files", "lines", "functions", "classes"):
        wrong = _differs(result, field, _sum_over_parents(task, "summary", field))
        if wrong:
            return wrong
    try:
        with open(str(result.get("file")), encoding="utf-8") as file:
            written = file.read()
    except OSError as why:
        return f"the report cannot be read: {why.strerror}"
    total = f"{_number(result, 'lines'):,}"
    row = f"| **total** | {_number(result, 'files'):,} | {total} |"
    return None if row in written else f"the report has no total of {total} lines"


CHECKS: dict[str, Callable[[Json, Json], str | None]] = {
    "metrics": _metrics,
    "compile": _section,
    "documentation": _documentation,
    "summary": _summary,
    "report": _report,
}


def _files(task: Json) -> list[Source]:
    payload = task.get("payload")
    assert isinstance(payload, dict)
    return [source for name in payload.get("modules", [payload.get("module")]) for source in sources(name)]


def _foreign(named: list[object], files: list[Source]) -> str | None:
    modules = {source.module for source in files}
    for module in named:
        if module not in modules:
            return f"{module!r} is none of the modules of this task"
    return None


def _number(result: Json, field: str) -> int:
    value = result.get(field)
    return value if isinstance(value, int) else -1


def _listed(result: Json, field: str) -> list[object]:
    value = result.get(field, [])
    return value if isinstance(value, list) else [value]


def _differs(result: Json, field: str, expected: int) -> str | None:
    value = result.get(field)
    return None if value == expected else f"{field} is {value!r}, but counting again gives {expected}"


def _outside(result: Json, field: str, least: int, most: int) -> str | None:
    value = result.get(field)
    if isinstance(value, int) and least <= value <= most:
        return None
    return f"{field} is {value!r}, but must lie between {least} and {most}"


def _sum_over_parents(task: Json, kind: str, field: str) -> int:
    parents = task.get("parents")
    assert isinstance(parents, list)
    done = [parent["result"] for parent in parents if parent["state"] == "done"]
    return sum(one[field] for one in done if one["kind"] == kind)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    sys.exit(reason_against(given["task"], given["result"]))
