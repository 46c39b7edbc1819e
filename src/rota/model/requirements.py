"""What a task asks of an agent. Equal requirements make one shape, so the plan decides once for all of them."""

from __future__ import annotations

from typing import Any

import msgspec


class Requirements(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Canonical: skills sorted by name, lists sorted and without repeats (see `canonical`)."""

    kind: str = "task"
    """What sort of work it is: histories, breakers and limits are kept per kind."""
    skills: tuple[tuple[str, int], ...] = ()
    """Each needed skill with its least level (1 or more)."""
    role: str | None = None
    regions: tuple[str, ...] = ()
    """Any of these; empty = anywhere."""
    pin: str | None = None
    """Only the agent of this name."""
    ban: tuple[str, ...] = ()
    """Never these agents."""
    avoid: tuple[str, ...] = ()
    """Not these agents for now: set by Rota for a while after a failure, never by users."""
    limits: tuple[str, ...] = ()
    """Keys of the limits the task is charged to, such as a provider's account."""
    resources: tuple[tuple[str, float], ...] = ()
    """What it uses of an agent's resources for as long as it runs."""
    near: str | None = None
    """The region in or near which it is best done; nobody is refused for it."""
    max_cost: float | None = None
    """The most it may probably cost, by the agent's price and expected time."""


_NOTHING = Requirements()


def canonical(
    *,
    kind: str = "task",
    skills: dict[str, int] | None = None,
    role: str | None = None,
    regions: list[str] | None = None,
    pin: str | None = None,
    ban: list[str] | None = None,
    limits: list[str] | None = None,
    resources: dict[str, float] | None = None,
    near: str | None = None,
    max_cost: float | None = None,
) -> Requirements:
    """The one spelling of these requirements."""
    return Requirements(
        kind=kind,
        skills=tuple(sorted((skills or {}).items())),
        role=role,
        regions=tuple(sorted(set(regions or ()))),
        pin=pin,
        ban=tuple(sorted(set(ban or ()))),
        limits=tuple(sorted(set(limits or ()))),
        resources=tuple(sorted((name, float(amount)) for name, amount in (resources or {}).items())),
        near=near,
        max_cost=None if max_cost is None else float(max_cost),
    )


def needs_of(asking: Any) -> Requirements:
    """The requirements of a task, as submitted, as shown, or as only asked about."""
    plain = (
        asking.kind == "task"
        and asking.max_cost is None
        and not (
            asking.skills
            or asking.role
            or asking.regions
            or asking.pin
            or asking.ban
            or asking.limits
            or asking.resources
            or asking.near
        )
    )
    if plain:
        return _NOTHING
    return canonical(
        kind=asking.kind,
        skills=asking.skills,
        role=asking.role,
        regions=asking.regions,
        pin=asking.pin,
        ban=asking.ban,
        limits=asking.limits,
        resources=asking.resources,
        near=asking.near,
        max_cost=asking.max_cost,
    )


def text_of(requirements: Requirements) -> str:
    """The requirements as the text that identifies their shape in the database."""
    return msgspec.json.encode(requirements).decode()


def from_text(text: str) -> Requirements:
    """The inverse of `text_of`."""
    return msgspec.json.decode(text, type=Requirements)
