"""Tasks as JSON Lines: one object a line. Empty lines and lines that begin with # are skipped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rota.files.convert import misfit
from rota.files.file_task import FileTask
from rota.files.place import bad
from rota.files.task_check import check_task
from rota.model.bounds import INT64
from rota.model.errors import RotaError
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
        except msgspec.DecodeError as error:
            raise _not_json(error, line, file, number) from None
        except RecursionError:
            raise _too_deep(file, number) from None
        check_task(spec, file, number)
        yield FileTask(number, spec)


def _too_deep(file: str, number: int) -> RotaError:
    return bad(file, "this is nested too deep; flatten it", line=number)


def _wrong_value(error: msgspec.ValidationError, line: str, file: str, number: int) -> RotaError:
    try:
        value: Any = msgspec.json.decode(line)
    except msgspec.ValidationError:  # what the plain decoder holds against a value is only ever its size
        return bad(file, f"there is a number beyond 64 bits; the largest is {INT64}", line=number)
    except msgspec.DecodeError as later:  # the line goes on wrong after the value
        return _not_json(later, line, file, number)
    except RecursionError:
        return _too_deep(file, number)
    if not isinstance(value, dict):
        return bad(file, f'this is not a JSON object such as {{"title": "..."}}{_ONE_LINE}', line=number)
    return misfit(error, value, TaskSpec).at(file, number)


def _not_json(error: msgspec.DecodeError, line: str, file: str, number: int) -> RotaError:
    """The standard library knows the column of every error, but takes what msgspec refuses."""
    try:
        json.loads(line.rstrip(), parse_int=str)
    except json.JSONDecodeError as found:
        if found.pos >= len(line.rstrip()):
            what = f"this JSON ends too early{_ONE_LINE}"
        else:
            what = f"this is not JSON: {found.msg[:1].lower()}{found.msg[1:]}{_ONE_LINE}"
        return bad(file, f"column {found.colno}: {what}", line=number)
    except RecursionError:
        return _too_deep(file, number)
    if half := _half_character(line):
        return bad(file, f"column {half}: this escape is half of a character (a lone surrogate)", line=number)
    where = _BYTE.fullmatch(str(error))
    if where is None:
        return bad(file, f"this is not JSON: {error}{_ONE_LINE}", line=number)
    column = len(line.encode()[: int(where[2])].decode(errors="replace")) + 1
    return bad(file, f"column {column}: {where[1]}{_ONE_LINE}", line=number)


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")


def _half_character(line: str) -> int | None:
    """The column, from 1, of an escape that is half of a surrogate pair without its other half."""
    opened: re.Match[str] | None = None
    for escape in _ESCAPE.finditer(line):
        code = int(escape[1] or "0", 16)
        follows = opened is not None and opened.end() == escape.start()
        if opened is not None and not (follows and 0xDC00 <= code <= 0xDFFF):
            return opened.start() + 1
        if opened is None and 0xDC00 <= code <= 0xDFFF:
            return escape.start() + 1
        opened = escape if opened is None and 0xD800 <= code <= 0xDBFF else None
    return None if opened is None else opened.start() + 1
