"""What commands say: data on the standard output, talk on the standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rota.model.errors import KINDS, RotaError


def json_line(value: Any) -> None:
    """One JSON value on one line of the standard output."""
    sys.stdout.write(_encoded(value) + "\n")


def line(text: str = "") -> None:
    """A line of data for people."""
    sys.stdout.write(shown(text) + "\n")


def talk(text: str) -> None:
    """A line on the standard error."""
    sys.stderr.write(shown(text) + "\n")


def refuse(error: RotaError, *, as_json: bool) -> int:
    """Say what was wrong, where, and what to do; the exit code."""
    if as_json:
        sys.stderr.write(_encoded({"error": error.as_dict()}) + "\n")
    else:
        talk(one_line(f"rota: {error}"))
    return error.kind.exit_code


class Usage(Exception):
    """A command line that can not be understood; `fix` says what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def misused(error: Usage, *, as_json: bool) -> int:
    """Say what is wrong with the command line; the exit code."""
    if as_json:
        found = {"code": "invalid", "message": error.message, "fix": error.fix}
        sys.stderr.write(_encoded({"error": found}) + "\n")
    else:
        talk(one_line(f"rota: {error.message} ({error.fix})"))
    return KINDS["invalid"].exit_code


def one_line(text: str) -> str:
    """The text with its line ends shown, not obeyed: what was refused is repeated on one line."""
    return text.replace("\n", "\\n")


def shown(text: str) -> str:
    """The text without characters that would do something to a terminal; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)


def _encoded(value: Any) -> str:
    """Plain data by the standard library, which is there already; structs by msgspec, which takes its time to load."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):
        import msgspec

        return msgspec.json.encode(value, enc_hook=str).decode()
