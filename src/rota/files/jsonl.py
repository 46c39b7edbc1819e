"""Tasks as JSON Lines: one object a line. Empty lines and lines that begin with # are skipped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rota.files.convert import misfit
from rota.files.file_task import FileTask
from rota.files.place import bad, path_text
from rota.files.task_check import check_task
from rota.model.errors import RotaError
from rota.model.json_fault import fault_of
from rota.model.task import TaskSpec

_DECODER = msgspec.json.Decoder(TaskSpec)
_BYTE = re.compile(r"(.*) \(byte (\d+)\)")
_ONE_LINE = "; each task is one JSON object on one line"


def read_jsonl(lines: Iterable[tuple[int, str]], file: str) -> Iterator[FileTask]:
    """The tasks of numbered lines, one by one; a RotaError names line, column or field, and the fix."""
    for number, line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            spec = _DECODER.decode(line)
        except msgspec.ValidationError as error:
            raise _wrong_value(error, line, file, number) from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise _not_json(error, line, file, number) from None
        check_task(spec, file, number)
        yield FileTask(number, spec)


def _wrong_value(error: msgspec.ValidationError, line: str, file: str, number: int) -> RotaError:
    try:
        value: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as later:  # a number without bounds, or the line goes on wrong
        return _not_json(later, line, file, number)
    if not isinstance(value, dict):
        return bad(file, f'this is not a JSON object such as {{"title": "..."}}{_ONE_LINE}', line=number)
    return misfit(error, value, TaskSpec).at(file, number)


def _not_json(error: Exception, line: str, file: str, number: int) -> RotaError:
    if fault := fault_of(line):
        more = "" if fault.path else _ONE_LINE
        if file == "-" and not line.lstrip().startswith(("{", "[")):
            more += "; lines of plain text, a title each, are read with --format text"
        return bad(file, f"column {fault.at + 1}: {fault.message}{more}", line=number, path=path_text(fault.path))
    where = _BYTE.fullmatch(str(error))
    if where is None:
        return bad(file, f"this is not JSON: {error}{_ONE_LINE}", line=number)
    column = len(line.encode()[: int(where[2])].decode(errors="replace")) + 1
    return bad(file, f"column {column}: {where[1]}{_ONE_LINE}", line=number)
