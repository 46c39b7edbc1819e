"""Tasks as CSV: the first row names fields of a task, every other row is a task.

Columns are named as the fields of a task, or `payload.KEY` for one text of the payload; `payload` holds JSON.
Lists are separated by `;`, skills are `python:2;docs` (level 1 where none is given), resources
`gpu:1;memory_gb:16`, yes and no are `true`
and `false`. An empty cell is a field that is not there; a row of empty cells is skipped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from typing import Any

import msgspec

from rota.files.file_task import FileTask, task_of
from rota.files.place import Misfit, bad, nearest, quoted
from rota.model.task import TaskSpec

_PAYLOAD = "payload."
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_csv(lines: Iterable[tuple[int, str]], file: str) -> Iterator[FileTask]:
    """The tasks of numbered lines, one by one; a RotaError names line, column and the fix."""
    rows = _rows(lines, file)
    first = next(rows, None)
    if first is None:
        return
    header = _header(first[1], file, first[0])
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            cells = f"this row has {len(row)} cells, the first row has {len(header)}"
            raise bad(file, f"{cells}; quote cells that hold commas", line=line)
        yield task_of(_fields(header, row, file, line), file, line)


def _rows(lines: Iterable[tuple[int, str]], file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line where it begins; a quoted cell may go over many lines."""
    reader = csv.reader((text for _, text in lines), strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise bad(file, _said(str(error)), line=begin, code=_code(str(error))) from None
        if row is None:
            return
        if row:
            yield begin, row


def _said(message: str) -> str:
    if "field larger" in message:
        most = f"{csv.field_size_limit():,}"
        return f"a cell of this row has more than {most} characters; close its quotes, or use JSONL"
    if "unexpected end" in message:
        return 'the quotes of a cell of this row are never closed; end it with "'
    if "expected after" in message:
        return 'in a quoted cell of this row a " stands alone; write "" for one inside of it'
    if "new-line" in message:
        return "this row holds a carriage return outside of quotes; end lines with line feeds"
    return f"this row is not CSV: {message}"


def _code(message: str) -> str:
    return "too_large" if "field larger" in message else "invalid"


def _header(row: list[str], file: str, line: int) -> list[str]:
    names = [name.strip() for name in row]
    if len(names) == 1 and names[0] not in _COLUMNS and re.search(r"[;\t|]", names[0]):
        raise bad(file, "the columns are not separated by commas; save the file with commas", line=line)
    for name in names:
        if name not in _COLUMNS and not (name.startswith(_PAYLOAD) and len(name) > len(_PAYLOAD)):
            known = nearest(name, _COLUMNS) or f"; known are {', '.join(_COLUMNS)} and payload.KEY"
            raise bad(file, f"there is no column {quoted(name)}{known}", line=line)
        if names.count(name) > 1:
            raise bad(file, f"there are two columns {quoted(name)}; remove one", line=line)
    if "title" not in names:
        raise bad(file, "there is no column title; the first row must name the columns", line=line)
    if "payload" in names and any(name.startswith(_PAYLOAD) for name in names):
        raise bad(file, "there are both payload and payload.KEY; use one of them", line=line)
    return names


def _fields(header: list[str], row: list[str], file: str, line: int) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=True):
        if not cell.strip():
            continue
        if name.startswith(_PAYLOAD):
            fields.setdefault("payload", {})[name.removeprefix(_PAYLOAD)] = cell
            continue
        try:
            fields[name] = _COLUMNS[name](cell, name)
        except Misfit as error:
            raise error.at(file, line) from None
    return fields


def _text(cell: str, _: str) -> str:
    return cell


def _word(cell: str, _: str) -> str:
    return cell.strip()


def _whole(cell: str, name: str) -> int:
    if not _WHOLE.fullmatch(cell.strip()):
        raise Misfit((name,), f"{quoted(cell)} is not a whole number")
    return int(cell)


def _switch(cell: str, name: str) -> bool:
    value = _SWITCH.get(cell.strip().lower())
    if value is None:
        raise Misfit((name,), f"{quoted(cell)} is neither true nor false")
    return value


def _list(cell: str, _: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _skills(cell: str, name: str) -> dict[str, int]:
    skills: dict[str, int] = {}
    for part in _list(cell, name):
        skill, colon, level = part.rpartition(":")
        skill = skill.strip() if colon else part
        if skill in skills:
            raise Misfit((name,), f"{quoted(skill)} stands here twice")
        skills[skill] = _whole(level, name) if colon else 1
    return skills


def _resources(cell: str, name: str) -> dict[str, float]:
    resources: dict[str, float] = {}
    for part in _list(cell, name):
        resource, colon, amount = part.rpartition(":")
        resource = resource.strip() if colon else part
        if resource in resources:
            raise Misfit((name,), f"{quoted(resource)} stands here twice")
        resources[resource] = _number(amount, name) if colon else 1.0
    return resources


def _number(cell: str, name: str) -> float:
    try:
        found = float(cell)
    except ValueError:
        raise Misfit((name,), f"{quoted(cell)} is not a number") from None
    if not isfinite(found):
        raise Misfit((name,), f"{quoted(cell)} is not a number from 0 up")
    return found


def _json(cell: str, name: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except msgspec.DecodeError as error:
        raise Misfit((name,), f"this cell is not JSON: {error}") from None
    except RecursionError:
        raise Misfit((name,), "this is nested too deep; flatten it") from None


_COLUMNS: dict[str, Callable[[str, str], Any]] = dict.fromkeys(TaskSpec.__struct_fields__, _word) | {
    "title": _text,
    "description": _text,
    "payload": _json,
    "skills": _skills,
    "resources": _resources,
    "max_cost": _number,
    "regions": _list,
    "ban": _list,
    "limits": _list,
    "touches": _list,
    "after": _list,
    "max_attempts": _whole,
    "approval": _switch,
    "held": _switch,
}
