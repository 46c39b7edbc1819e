"""Checks of what users send, beyond types: sizes, characters, ranges. Each refusal names the field and the fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import msgspec

from rota.model import bounds
from rota.model.errors import RotaError, invalid
from rota.model.priority import BANDS
from rota.model.stage_check import check_stages
from rota.model.task import TaskSpec

_encode = msgspec.json.Encoder().encode


def text(value: Any, field: str, most: int, *, empty: bool = True) -> str:
    """A text of at most `most` characters that every database and file can keep."""
    if not isinstance(value, str):
        raise invalid(field, f"must be text, not {type(value).__name__}")
    if len(value) > most:
        raise RotaError("too_large", f"has {len(value):,} characters; the most is {most:,}", field=field)
    if "\0" in value:
        raise invalid(field, "holds a NUL character; remove it")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise invalid(field, "holds a lone surrogate, which is not Unicode text; remove it") from None
    if not empty and not value.strip():
        raise invalid(field, "is empty")
    return value


def name(value: Any, field: str) -> str:
    """A name of something: short, not empty, no control characters."""
    text(value, field, bounds.NAME, empty=False)
    if not value.isprintable():
        raise invalid(field, f"{value!r} holds a control character; remove it")
    return str(value)


def maybe_name(value: Any, field: str) -> str | None:
    """A name, or None."""
    return None if value is None else name(value, field)


def maybe_key(value: Any, field: str) -> str | None:
    """A key of up to 300 characters, or None."""
    return None if value is None else text(value, field, bounds.KEY, empty=False)


def json_text(value: Any, field: str, most: int) -> str | None:
    """The value as JSON text; None for None. Refuses what JSON or a database can not hold."""
    if value is None:
        return None
    try:
        encoded = _encode(value)
    except RecursionError:
        raise invalid(field, f"is nested deeper than {bounds.DEPTH} levels; flatten it") from None
    except (OverflowError, UnicodeEncodeError, ValueError, TypeError) as error:
        raise invalid(field, f"can not be written as JSON: {error}") from None
    if len(encoded) > most:
        raise RotaError("too_large", f"takes {len(encoded):,} bytes as JSON; the most is {most:,}", field=field)
    if encoded.count(b"[") + encoded.count(b"{") > bounds.DEPTH and _depth(encoded) > bounds.DEPTH:
        raise invalid(field, f"is nested deeper than {bounds.DEPTH} levels; flatten it")
    if b"\\u0000" in encoded and _has_nul(value):
        raise invalid(field, "holds a NUL character; remove it")
    if b"null" in encoded and _has_no_number(value):
        raise invalid(field, "holds NaN or an infinity, which JSON can not carry; send null or text")
    found = encoded.decode()
    _check_numbers(encoded, value, field)
    return found


def number(value: Any, field: str, least: int, most: int) -> int:
    """A whole number in a range."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(field, f"must be a whole number, not {type(value).__name__}")
    if not least <= value <= most:
        raise invalid(field, f"{value} is not between {least} and {most}")
    return value


def share(value: Any, field: str) -> float:
    """A number from 0 to 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise invalid(field, f"{value!r} is not between 0 and 1")
    return float(value)


def amount(value: Any, field: str) -> float:
    """A number that is finite and not negative."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e15:
        raise invalid(field, f"{value!r} is not a number from 0 up")
    return float(value)


def amounts(value: Any, field: str) -> dict[str, float]:
    """Amounts by name."""
    if not isinstance(value, dict):
        raise invalid(field, f"must map names to amounts, not {type(value).__name__}")
    if len(value) > bounds.SKILLS:
        raise RotaError("too_large", f"has {len(value)} entries; the most is {bounds.SKILLS}", field=field)
    for key, part in value.items():
        amount(part, f"{field}.{name(key, field)}")
    return value


def skills(value: Any, field: str, least: int = 1) -> dict[str, int]:
    """Skill names with levels."""
    if not isinstance(value, dict):
        raise invalid(field, f"must map skill names to levels, not {type(value).__name__}")
    if len(value) > bounds.SKILLS:
        raise RotaError("too_large", f"has {len(value)} skills; the most is {bounds.SKILLS}", field=field)
    for skill, level in value.items():
        name(skill, field)
        number(level, f"{field}.{skill}", least, bounds.LEVEL)
    return value


def names(value: Any, field: str) -> list[str]:
    """A list of names."""
    if not isinstance(value, list | tuple):
        raise invalid(field, f"must be a list of names, not {type(value).__name__}")
    if len(value) > bounds.SKILLS:
        raise RotaError("too_large", f"has {len(value)} entries; the most is {bounds.SKILLS}", field=field)
    return [name(entry, field) for entry in value]


def some(entries: Sequence[object], field: str, most: int) -> None:
    """At least one entry and at most so many."""
    if not entries:
        raise invalid(field, "is empty; name at least one")
    if len(entries) > most:
        raise RotaError("too_large", f"has {len(entries):,} entries; one call takes 1 to {most:,}", field=field)


def spec(task: Any, field: str) -> None:
    """Everything about a submitted task that can be judged without the database."""
    if not isinstance(task, TaskSpec):
        raise invalid(field, f"must be a task, not {type(task).__name__}")
    text(task.title, f"{field}.title", bounds.TITLE, empty=False)
    if task.description != "":
        text(task.description, f"{field}.description", bounds.DESCRIPTION)
    if task.kind != "task":
        name(task.kind, f"{field}.kind")
    priority: Any = task.priority  # typed, but nobody made sure
    if not isinstance(priority, str) or priority not in BANDS:
        raise invalid(f"{field}.priority", f"{task.priority!r} is none of {', '.join(BANDS)}")
    if task.tenant != "default":
        name(task.tenant, f"{field}.tenant")
    if task.queue != "default":
        name(task.queue, f"{field}.queue")
    if type(task.held) is not bool:
        raise invalid(f"{field}.held", f"must be true or false, not {type(task.held).__name__}")
    if task.approval is not None and type(task.approval) is not bool:
        raise invalid(f"{field}.approval", f"must be true or false, not {type(task.approval).__name__}")
    for key in ("ref", "unique", "sequence", "project", "affinity", "group"):
        value = getattr(task, key)
        if value is not None:
            text(value, f"{field}.{key}", bounds.KEY, empty=False)
    if task.max_attempts is not None:
        number(task.max_attempts, f"{field}.max_attempts", 1, bounds.ATTEMPTS)
    if task.stages != []:
        check_stages(_listed(task.stages, f"{field}.stages"), f"{field}.stages", band=BANDS[priority])
    if task.after != []:
        parents(task.after, f"{field}.after")
    if task.touches != []:
        touches(task.touches, f"{field}.touches")
    requirements(task, field)


def touches(value: Any, field: str) -> None:
    """Patterns of paths inside a repository."""
    if len(_listed(value, field)) > bounds.TOUCHES:
        raise RotaError("too_large", f"has {len(value)} patterns; the most is {bounds.TOUCHES}", field=field)
    for at, one in enumerate(value):
        found = text(one, f"{field}[{at}]", bounds.KEY, empty=False)
        if found.startswith("/") or ".." in found.split("/") or not found.isprintable() or not found.strip():
            message = f"{found[:60]!r} is no path inside a repository; write it from its top, such as src/auth/**"
            raise invalid(f"{field}[{at}]", message)


def _listed(value: Any, field: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise invalid(field, f"must be a list, not {type(value).__name__}")
    return value


def parents(value: Any, field: str) -> None:
    """A list of dependencies, not too long; each is judged where its parent is looked for."""
    if not isinstance(value, list | tuple):
        raise invalid(field, f"must be a list of tasks, not {type(value).__name__}")
    if len(value) > bounds.PARENTS:
        raise RotaError("too_large", f"has {len(value)} parents; the most is {bounds.PARENTS}", field=field)


def requirements(task: Any, field: str) -> None:
    """What a task asks of an agent."""
    if task.skills != {}:
        skills(task.skills, f"{field}.skills")
    if task.role is not None:
        name(task.role, f"{field}.role")
    if task.pin is not None:
        name(task.pin, f"{field}.pin")
    for key in ("regions", "ban", "limits"):
        value = getattr(task, key)
        if value != []:
            names(value, f"{field}.{key}")
    if task.resources != {}:
        resources(task.resources, f"{field}.resources")
    if task.near is not None:
        name(task.near, f"{field}.near")
    if task.max_cost is not None:
        amount(task.max_cost, f"{field}.max_cost")


def resources(value: Any, field: str) -> dict[str, float]:
    """Resource names with amounts above 0."""
    amounts(value, field)
    for key, part in value.items():
        if part <= 0:
            raise invalid(f"{field}.{key}", f"{part!r} is not above 0; leave it out")
    return dict(value)


def _depth(encoded: bytes) -> int:
    depth = deepest = 0
    in_text = escaped = False
    for byte in encoded:
        if in_text:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_text = False
        elif byte == 0x22:
            in_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _has_nul(value: Any) -> bool:
    return any(isinstance(part, str) and "\0" in part for part in _parts(value))


def _has_no_number(value: Any) -> bool:
    return any(isinstance(part, float) and not isfinite(part) for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    """The value and everything in it. It is not nested in itself: it could be written as JSON."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, dict):
            waiting.extend(found)
            waiting.extend(found.values())
        elif isinstance(found, list | tuple | set | frozenset):
            waiting.extend(found)
        elif isinstance(found, msgspec.Struct):
            waiting.extend(getattr(found, key) for key in found.__struct_fields__)


def number_beyond(encoded: bytes, value: Any) -> int | None:
    """A whole number in the value that 64 bits with a sign can not hold; `encoded` is the value as JSON.

    Only looked for when the text shows a run of 19 digits or more.
    """
    if len(encoded) < 19 or not any(len(run) >= 19 for run in _digit_runs(encoded)):
        return None
    whole = (part for part in _parts(value) if isinstance(part, int))
    return next((part for part in whole if not -bounds.INT64 - 1 <= part <= bounds.INT64), None)


def _check_numbers(encoded: bytes, value: Any, field: str) -> None:
    """Whole numbers beyond 64 bits would come back as something else in many readers: refuse them."""
    found = number_beyond(encoded, value)
    if found is None:
        return
    text = str(found)
    said = text if len(text) <= 40 else f"{text[:20]}... ({len(text):,} digits)"
    raise invalid(
        field, f"holds {said}, which is beyond {bounds.INT64 if found > 0 else -bounds.INT64 - 1}; send it as text"
    )


_NOT_DIGITS = bytes(0x20 if not 0x30 <= byte <= 0x39 else byte for byte in range(256))


def _digit_runs(encoded: bytes) -> list[bytes]:
    return encoded.translate(_NOT_DIGITS).split()
