"""Limits in fleet.toml: `[[limit]]` tables, checked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Annotated

import msgspec
from msgspec import Meta

from rota.files.place import Misfit, Path, nearest, quoted
from rota.model.bounds import NAME
from rota.model.errors import RotaError
from rota.model.limit import FIELDS, LimitSpec, OnEmpty, check_limit, pattern
from rota.model.times import Span, seconds

_NEAR = 0.8
"""How alike a name and a field are (Ratcliff and Obershelp) that are taken for a slip of the pen."""
_Text = Annotated[str, Meta(min_length=1, max_length=NAME)]


class LimitTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How much tasks may use at once or in a time. See [limits.md](limits.md)."""

    key: Annotated[
        _Text,
        Meta(
            description="What is counted together: a field (`queue`, `tenant`, `agent`, `kind`, `project`: each of "
            "them by itself), one value (`tenant:acme`), a text with fields in braces (`doc:{payload.document}`), "
            "or a name that tasks give in their `limits`."
        ),
    ]
    unit: Annotated[
        _Text,
        Meta(
            description="`concurrency` = tasks at once, `tasks` = tasks given, `money` = their cost, `tokens` or any "
            "other name = what agents report under it as usage."
        ),
    ] = "concurrency"
    period: Annotated[
        Span | None, Meta(description="The time in which `capacity` may be used. Without it: at once, or for ever.")
    ] = None
    capacity: Annotated[float, Meta(description="How much.")]
    burst: Annotated[
        float | None,
        Meta(
            description="Makes it a rate: capacity flows in evenly over the period, and this much may be used at one "
            "moment. Without it, all of it may be used at any time of the period."
        ),
    ] = None
    on_empty: Annotated[
        OnEmpty,
        Meta(
            description="When it is used up: tasks `wait`, new ones are refused at submission (`refuse`), or they "
            "wait and a person is asked (`pause_and_ask`)."
        ),
    ] = "wait"
    estimate: Annotated[
        float | None,
        Meta(
            description="What one task is taken to use until it has ended. Without it, what earlier ones used on "
            "average."
        ),
    ] = None


def limits_of(
    tables: Sequence[LimitTable], queues: Collection[str], named: Collection[str] = ()
) -> tuple[LimitSpec, ...]:
    """The limits of a file with these queues, whose rules name those limits; a `Misfit` where one can not be."""
    found: dict[str, int] = {}
    limits = []
    for at, table in enumerate(tables):
        path: Path = ("limit", at)
        spec = _limit(table, path)
        first = found.setdefault(spec.name, at)
        if first != at:
            message = f"limit[{first}] is of the same key, unit and period; remove one of them"
            raise Misfit((*path, "key"), message)
        _check_queue(spec.key, queues, path)
        if spec.key not in named:
            _check_name(spec.key, path)
        limits.append(spec)
    return tuple(limits)


def _limit(table: LimitTable, path: Path) -> LimitSpec:
    try:
        period = None if table.period is None else seconds(table.period, "period")
        spec = LimitSpec(**{**msgspec.structs.asdict(table), "period": period})
        check_limit(spec)
    except RotaError as error:
        raise Misfit((*path, error.field or "key"), error.message) from None
    return spec


def _check_queue(key: str, queues: Collection[str], path: Path) -> None:
    """A limit on a queue that there is not would limit nothing: most likely a slip of the pen."""
    field, colon, name = key.partition(":")
    if colon and field == "queue" and "{" not in name and name not in queues and name != "default":
        raise Misfit((*path, "key"), f"this file has no queue {quoted(name)}{nearest(name, queues)}")


def _check_name(key: str, path: Path) -> None:
    """A name that only tasks would give, and that is all but a field: most likely a slip of the pen."""
    if not pattern(key).named:
        return
    word, colon, value = key.partition(":")
    if word.startswith("payload."):
        raise Misfit((*path, "key"), f"a field of the payload stands in braces; write {{{word}}}")
    near = get_close_matches(word.casefold(), FIELDS, n=1, cutoff=_NEAR)
    if word.isalpha() and near:
        told = f"{quoted(word)} is no field of tasks; did you mean {quoted(near[0] + colon + value)}?"
        raise Misfit((*path, "key"), f"{told} If tasks name it in their limits, choose another name")
