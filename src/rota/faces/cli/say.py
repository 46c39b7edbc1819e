"""What commands say: data on the standard output, talk on the standard error."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from rota.model.errors import KINDS, RotaError

_encode = msgspec.json.Encoder(enc_hook=str).encode


def json_line(value: Any) -> None:
    """One JSON value on one line of the standard output."""
    sys.stdout.write(_encode(value).decode() + "\n")


def line(text: str = "") -> None:
    """A line of data for people."""
    sys.stdout.write(shown(text) + "\n")


def talk(text: str) -> None:
    """A line on the standard error."""
    sys.stderr.write(shown(text) + "\n")


def refuse(error: RotaError, *, as_json: bool) -> int:
    """Say what was wrong, where, and what to do; the exit code."""
    if as_json:
        sys.stderr.write(_encode({"error": error.as_dict()}).decode() + "\n")
    else:
        talk(f"rota: {error}")
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
        sys.stderr.write(_encode({"error": found}).decode() + "\n")
    else:
        talk(f"rota: {error.message} ({error.fix})")
    return KINDS["invalid"].exit_code


def shown(text: str) -> str:
    """The text without characters that would do something to a terminal; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)
