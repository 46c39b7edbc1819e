"""What can be held against stages before any of them comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from rota.model.bounds import ATTEMPTS, LEVEL, NAME, REASON
from rota.model.errors import RotaError, invalid
from rota.model.path import Path, path_text
from rota.model.priority import BANDS, PRIORITIES
from rota.model.stage import STAGES, Change, Stage
from rota.model.times import Span, seconds

_WHEN = ("after", "attempts", "before_deadline")
_WIDER = {None: 0, "near": 1, "any": 2}


class Fault(NamedTuple):
    """What is wrong, and where from the list of stages downward."""

    path: Path
    message: str


def settled(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages with spans in seconds, as they are kept."""
    return tuple(
        msgspec.structs.replace(
            stage,
            after=None if stage.after is None else seconds(stage.after, "after"),
            before_deadline=None
            if stage.before_deadline is None
            else seconds(stage.before_deadline, "before_deadline"),
        )
        for stage in stages
    )


def check_stages(stages: Sequence[Stage], field: str, *, band: int | None = None, attempts: int | None = None) -> None:
    """Refuse stages that contradict themselves or each other; see `fault`."""
    found = fault(stages, band=band, attempts=attempts)
    if found is None:
        return
    if not found.path:
        raise RotaError("too_large", found.message, field=field)
    inner = path_text(found.path)
    raise invalid(field + inner, found.message)


def fault(stages: Sequence[Stage], *, band: int | None = None, attempts: int | None = None) -> Fault | None:
    """The first thing that is wrong with a task's stages, or a queue's; None = nothing.

    `band` is the task's own, where it is known: a raise must not lower. `attempts` are those after which it is dead.
    """
    if len(stages) > STAGES:
        return Fault((), f"has {len(stages)} stages; a task has at most {STAGES}")
    return next(_faults(stages, band, attempts), None)


def _faults(stages: Sequence[Stage], band: int | None, attempts: int | None) -> Iterator[Fault]:
    for at, stage in enumerate(stages):
        yield from (Fault((at, *path), message) for path, message in _of_one(stage, band, attempts))
    yield from _of_order(stages)


def _of_one(stage: Stage, band: int | None, attempts: int | None) -> Iterator[Fault]:
    if not isinstance(stage, Stage):
        yield Fault((), f"must be a stage, not {type(stage).__name__}")
        return
    given = [name for name in _WHEN if getattr(stage, name) is not None]
    if len(given) != 1:
        yield Fault(
            (), f"needs exactly one of {', '.join(_WHEN)}" + (f"; it has {' and '.join(given)}" if given else "")
        )
        return
    if stage.attempts is not None:
        if not 1 <= stage.attempts <= ATTEMPTS:
            yield Fault(("attempts",), f"{stage.attempts} is not between 1 and {ATTEMPTS}")
        if attempts is not None and stage.attempts >= attempts:
            yield Fault(
                ("attempts",),
                f"never comes: after {attempts} attempts the task is dead; give less, or allow more attempts",
            )
    yield from _of_span("after", stage.after)
    yield from _of_span("before_deadline", stage.before_deadline)
    yield from (Fault(("change", *path), message) for path, message in _of_change(stage.change, band))


def _of_span(name: str, span: Span | None) -> Iterator[Fault]:
    try:
        if span is not None:
            seconds(span, "")
    except RotaError as error:
        yield Fault((name,), error.message)


def _of_change(change: Change, band: int | None) -> Iterator[Fault]:
    if change == Change():
        yield Fault((), "changes nothing; name what it changes, such as raise_by = 1")
    if change.priority is not None and change.raise_by is not None:
        yield Fault(("raise_by",), "goes without priority; name one of both")
    if change.raise_by is not None and not 1 <= change.raise_by <= len(PRIORITIES) - 1:
        yield Fault(
            ("raise_by",), f"{change.raise_by} is not between 1 and {len(PRIORITIES) - 1}; a raise must not lower"
        )
    if change.priority is not None and band is not None and BANDS[change.priority] >= band:
        own = PRIORITIES[band]
        yield Fault(("priority",), f"{change.priority} is no better than the task's own, {own}; a raise must not lower")
    for skill, level in change.skills.items():
        if not 0 <= level <= LEVEL:
            yield Fault(("skills", skill), f"{level} is not between 0 and {LEVEL}")
        yield from _of_name(("skills", skill), skill)
    yield from _of_name(("queue",), change.queue)
    if change.notify is not None and (
        not change.notify.strip() or len(change.notify) > REASON or "\0" in change.notify
    ):
        yield Fault(("notify",), f"must be text of 1 to {REASON:,} characters")
    yield from _of_person(change)


def _of_person(change: Change) -> Iterator[Fault]:
    person = change.person
    if person is None:
        return
    if person.role is None and person.queue is None:
        yield Fault(("person",), "names nobody; give a role, a queue, or both")
    if person.queue is not None and change.queue is not None:
        yield Fault(("queue",), "goes without person.queue; name one of both")
    if person.role is not None and "role" in change.drop:
        yield Fault(("drop",), "drops the role that person sets; leave `role` out")
    yield from _of_name(("person", "role"), person.role)
    yield from _of_name(("person", "queue"), person.queue)


def _of_name(path: Path, name: str | None) -> Iterator[Fault]:
    if name is not None and not (0 < len(name) <= NAME and name.strip() and name.isprintable()):
        yield Fault(path, f"must be a name of 1 to {NAME} printable characters")


def afterthoughts(stages: Sequence[Stage]) -> Iterator[Fault]:
    """Stages that ask for more than one before them in the list, by another clock.

    Nothing is taken back then: which of both comes first depends on the task, and the second changes nothing. So this
    may be meant, and is no fault.
    """
    for at, stage in enumerate(stages):
        for before, earlier in enumerate(stages[:at]):
            if not any(getattr(stage, name) is not None and getattr(earlier, name) is not None for name in _WHEN):
                yield from _narrower(stage.change, at, earlier.change, before)


def _narrower(change: Change, at: int, earlier: Change, before: int) -> Iterator[Fault]:
    told = f"changes nothing once stages[{before}] has come, which comes by another clock and"
    wide = 2 if "regions" in earlier.drop else _WIDER[earlier.widen]
    if change.widen is not None and _WIDER[change.widen] < wide:
        yield Fault((at, "change", "widen"), f"{told} allows more regions; a relaxation must not narrow")
    for skill, level in change.skills.items():
        if level > earlier.skills.get(skill, LEVEL):
            yield Fault((at, "change", "skills", skill), f"{told} asks for less; a relaxation must not narrow")


def _of_order(stages: Sequence[Stage]) -> Iterator[Fault]:
    """Of stages that come by the same clock a later one must not take back what an earlier one did, or do it again.

    Which of two clocks comes first is not known before: see `afterthoughts`.
    """
    for name in _WHEN:
        of_clock = [(_moment(stage), at) for at, stage in enumerate(stages) if getattr(stage, name) is not None]
        wide, levels = 0, dict[str, int]()
        worst = BANDS[PRIORITIES[-1]]  # where the lowest task stands once the earlier ones have come
        for _, at in sorted(of_clock):
            change = stages[at].change
            yield from _of_raise(change, at, worst)
            worst = _raised(change, worst)
            if change.widen is not None and _WIDER[change.widen] < wide:
                told = "an earlier stage allows more regions already; a relaxation must not narrow"
                yield Fault((at, "change", "widen"), told)
            wide = max(wide, 2 if "regions" in change.drop else _WIDER[change.widen])
            for skill, level in change.skills.items():
                if level > levels.get(skill, LEVEL):
                    told = f"an earlier stage asks for less, {levels[skill]}; a relaxation must not narrow"
                    yield Fault((at, "change", "skills", skill), told)
                levels[skill] = min(level, levels.get(skill, LEVEL))


def _of_raise(change: Change, at: int, worst: int) -> Iterator[Fault]:
    """A raise that no task can need: all stand as high already."""
    lowest = PRIORITIES[worst]
    if change.priority is not None and BANDS[change.priority] >= worst:
        first = worst == BANDS[PRIORITIES[-1]]
        why = f"no task stands lower than {lowest}" if first else f"an earlier stage raises all to {lowest}"
        yield Fault(
            (at, "change", "priority"),
            f"{change.priority} is no better, {why}; a raise must not lower: name a better one",
        )
    if change.raise_by is not None and worst <= BANDS["critical"]:
        told = f"lifts nobody: earlier stages raise all to {lowest}, and steps end at critical"
        yield Fault((at, "change", "raise_by"), f"{told}; leave it out")


def _raised(change: Change, band: int) -> int:
    if change.priority is not None:
        return min(band, BANDS[change.priority])
    if change.raise_by is not None:
        return min(band, max(band - change.raise_by, BANDS["critical"]))
    return band


def _moment(stage: Stage) -> float:
    """When it comes among those of its clock, the smaller the sooner."""
    if stage.attempts is not None:
        return float(stage.attempts)
    if stage.after is not None:
        return seconds(stage.after, "after")
    return -seconds(stage.before_deadline or 0, "before_deadline")
