"""Whether a task fits the sizes and ranges that Rota takes, before anything of its file is submitted."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.files.place import Misfit, Path
from rota.model import bounds
from rota.model.errors import RotaError
from rota.model.task import After, TaskSpec
from rota.model.times import Span, When, moment, seconds

_LENGTHS = {
    "title": bounds.TITLE,
    "kind": bounds.NAME,
    "ref": bounds.KEY,
    "queue": bounds.NAME,
    "project": bounds.KEY,
    "tenant": bounds.NAME,
    "role": bounds.NAME,
    "pin": bounds.NAME,
    "sequence": bounds.KEY,
    "unique": bounds.KEY,
}
_LISTS = ("regions", "ban", "limits")


def check_task(task: TaskSpec) -> None:
    """A `Misfit` naming the field when a size or a range does not fit; whether names exist is not asked."""
    for name, length in _LENGTHS.items():
        _check_text(getattr(task, name), (name,), length)
    _check_length(task.description, ("description",), bounds.DESCRIPTION)
    for name in _LISTS:
        for index, value in enumerate(getattr(task, name)):
            _check_text(value, (name, index), bounds.NAME)
    _check_skills(task.skills)
    _check_parents(task)
    _check_when(task.deadline, "deadline")
    _check_when(task.start, "start")
    _check_span(task.ttl, "ttl")
    _check_span(task.estimate, "estimate")
    if task.max_attempts is not None and not 1 <= task.max_attempts <= bounds.ATTEMPTS:
        message = f"this must be from 1 to {bounds.ATTEMPTS}, not {_number(task.max_attempts)}"
        raise Misfit(("max_attempts",), message)
    if task.payload is not None:
        _check_payload(task.payload)


def parent_of(after: str | After) -> str:
    """The task that a dependency names."""
    return after.task if isinstance(after, After) else after


def _check_text(text: str | None, path: Path, length: int) -> None:
    if text is None:
        return
    if not text.strip():
        raise Misfit(path, "this is empty; write something, or leave the field out")
    _check_length(text, path, length)


def _check_length(text: str, path: Path, length: int) -> None:
    if len(text) > length:
        message = f"this has {len(text):,} characters; the most is {length:,}"
        raise Misfit(path, message, "too_large")
    _check_nul(text, path)


def _check_nul(text: str, path: Path) -> None:
    if "\0" in text:
        raise Misfit(path, "this holds a NUL character; remove it")


def _check_skills(skills: dict[str, int]) -> None:
    if len(skills) > bounds.SKILLS:
        raise Misfit(("skills",), f"these are {len(skills)} skills; the most is {bounds.SKILLS}", "too_large")
    for name, level in skills.items():
        _check_text(name, ("skills", name), bounds.NAME)
        if not 1 <= level <= bounds.LEVEL:
            message = f"a level must be from 1 to {bounds.LEVEL}, not {_number(level)}"
            raise Misfit(("skills", name), message)


def _check_parents(task: TaskSpec) -> None:
    if len(task.after) > bounds.PARENTS:
        message = f"this task waits for {len(task.after):,} others; the most is {bounds.PARENTS:,}"
        raise Misfit(("after",), message, "too_large")
    for index, after in enumerate(task.after):
        _check_text(parent_of(after), ("after", index), bounds.KEY)


def _check_when(when: When | None, name: str) -> None:
    if when is None:
        return
    try:
        moment(when, 0, "")
    except RotaError as error:
        raise Misfit((name,), error.message, error.code) from None
    except OverflowError:
        raise Misfit((name,), "this is longer than ten years") from None


def _check_span(span: Span | None, name: str) -> None:
    if span is None:
        return
    try:
        seconds(span, "")
    except RotaError as error:
        raise Misfit((name,), error.message, error.code) from None
    except OverflowError:
        raise Misfit((name,), "this is longer than ten years") from None


def _check_payload(payload: Any) -> None:
    """Depth first, without recursion: the depth is one of the things to find out."""
    stack: list[tuple[Path, Any]] = [(("payload",), payload)]
    while stack:
        path, value = stack.pop()
        if len(path) > bounds.DEPTH and isinstance(value, list | dict):
            raise Misfit(("payload",), f"this is nested more than {bounds.DEPTH} deep", "too_large")
        if isinstance(value, str):
            _check_nul(value, path)
        elif isinstance(value, int) and abs(value) > bounds.INT64:
            raise Misfit(path, "this number is beyond 64 bits; send it as text")
        elif isinstance(value, list):
            stack.extend(((*path, index), inner) for index, inner in enumerate(value))
        elif isinstance(value, dict):
            for name in value:
                _check_nul(name, (*path, name))
            stack.extend(((*path, name), inner) for name, inner in value.items())
    size = len(msgspec.json.encode(payload))
    if size > bounds.PAYLOAD_BYTES:
        message = f"this has {size:,} bytes as JSON; the most is {bounds.PAYLOAD_BYTES:,}"
        raise Misfit(("payload",), message, "too_large")


def _number(value: int) -> str:
    return str(value) if abs(value) <= bounds.INT64 else "a number beyond 64 bits"
