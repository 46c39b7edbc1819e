"""What the doctor found, one line each."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was looked at."""

    name: str
    status: Status
    text: str
    fix: str = ""
    """What to do about it, when something is to be done."""


def ok(name: str, text: str) -> Finding:
    """As it should be."""
    return Finding(name=name, status="ok", text=text)


def warn(name: str, text: str, fix: str) -> Finding:
    """It works, but may not for long, or not as well as it could."""
    return Finding(name=name, status="warn", text=text, fix=fix)


def fail(name: str, text: str, fix: str) -> Finding:
    """It does not work, or what is promised can not be kept."""
    return Finding(name=name, status="fail", text=text, fix=fix)


def count(n: int, thing: str) -> str:
    """`1 task`, `2,000 tasks`."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
