"""Loading fleet.toml: every error with its line, its field and the fix."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path as FilePath
from typing import Any

from rota.files.convert import convert
from rota.files.fleet import Fleet, fleet_of
from rota.files.keylines import key_lines, line_of
from rota.files.place import Misfit, Path, bad
from rota.files.reading import read_text
from rota.files.tables import NOT_YET, FleetTable
from rota.model.bounds import INT64
from rota.model.errors import RotaError

FILE_BYTES = 1_048_576
"""The largest fleet.toml."""

_PLACE = re.compile(r"(?s)(.*) \(at (?:line (\d+), column (\d+)|end of document)\)")
_ENDLESS = re.compile(r"[0-9_]{4000}")
_DOUBLE_TABLE = re.compile(r"Cannot declare \((.*?),?\) twice.*", re.DOTALL)


def load_fleet(file: str) -> Fleet:
    """The fleet of a file, checked; a RotaError naming file, line, field and fix when anything is wrong."""
    return parse_fleet(read_text(file, FILE_BYTES), file)


def parse_fleet(text: str, file: str) -> Fleet:
    """As `load_fleet`, from the text of the file; relative paths in it count from the file's folder."""
    try:
        raw = _parse(text, file)
        try:
            _check_values(raw, ())
            _check_supported(raw)
            folder = str(FilePath(file).absolute().parent)
            return fleet_of(convert(raw, FleetTable), folder, file, key_lines(text))
        except Misfit as error:
            raise error.at(file, line_of(key_lines(text), error.path)) from None
    except RecursionError:
        raise bad(file, "lists or tables are nested too deep in this file") from None


def _parse(text: str, file: str) -> dict[str, Any]:
    text = text.replace("\r\n", "\n")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text, file) from None
    except ValueError:
        endless = _ENDLESS.search(text)
        line = text.count("\n", 0, endless.start()) + 1 if endless else None
        raise bad(file, f"this number has thousands of digits; the largest is {INT64}", line=line) from None


def _not_toml(message: str, text: str, file: str) -> RotaError:
    found = _PLACE.fullmatch(message)
    if found is None:
        return bad(file, f"this is not TOML: {message}")
    what, line, column = found.groups()
    if line is None:
        line = text.count("\n") + 1
        column = len(text) - text.rfind("\n")
    if twice := _DOUBLE_TABLE.fullmatch(what):
        keys = twice[1].replace("', '", ".").strip("'")
        what = f"table [{keys}] stands here twice"
    return bad(file, f"column {column}: this is not TOML: {what[:1].lower()}{what[1:]}", line=int(line))


def _check_values(value: Any, path: Path) -> None:
    """No NUL and no number beyond 64 bits anywhere, whatever the field."""
    if isinstance(value, str) and "\0" in value:
        raise Misfit(path, "this holds a NUL character; remove it")
    if isinstance(value, int) and abs(value) > INT64:
        raise Misfit(path, f"this number is beyond 64 bits; the largest is {INT64}")
    if isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key:
                raise Misfit((*path, key), "this name holds a NUL character; remove it")
            _check_values(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            _check_values(inner, (*path, index))


def _check_supported(raw: dict[str, Any]) -> None:
    for name, what in NOT_YET.items():
        if name in raw:
            raise Misfit((name,), f"{what} are not supported yet in this version; remove the table")
