"""Assignments by hand: what a task asks for when only one agent may have it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rota.model.requirements import Requirements
from rota.planning.filter import refusal
from rota.planning.refusal import Refusal
from rota.planning.snapshot import Profile


def assigned(needs: Requirements, profile: Profile, *, override: bool) -> Requirements | Refusal:
    """The requirements with a pin to this agent; why not, where it may not do the task as it is.

    With `override` whatever stands in its way is left out (see `left_out`).
    """
    found = refusal(profile, needs)
    if found is not None and not override:
        return found
    wanted = msgspec.structs.replace(needs, pin=profile.name)
    while (found := refusal(profile, wanted)) is not None:
        wanted = _WITHOUT[found.code](wanted, found, profile)
    return wanted


def left_out(needs: Requirements, wanted: Requirements) -> list[str]:
    """The fields in which an assignment asks for less than the task itself."""
    return [name for name in needs.__struct_fields__ if getattr(needs, name) != getattr(wanted, name) and name != "pin"]


def _without_skill(needs: Requirements, refused: Refusal, _profile: Profile) -> Requirements:
    has = {refused.data["skill"]: refused.data["has"]}
    skills = tuple((skill, has.get(skill, level)) for skill, level in needs.skills)
    return msgspec.structs.replace(needs, skills=tuple(one for one in skills if one[1] > 0))


def _without_resource(needs: Requirements, refused: Refusal, _profile: Profile) -> Requirements:
    kept = tuple(one for one in needs.resources if one[0] != refused.data["resource"])
    return msgspec.structs.replace(needs, resources=kept)


_WITHOUT: dict[str, Callable[[Requirements, Refusal, Profile], Requirements]] = {
    "banned": lambda needs, _, profile: msgspec.structs.replace(
        needs, ban=tuple(name for name in needs.ban if name != profile.name)
    ),
    "avoided": lambda needs, _, __: msgspec.structs.replace(needs, avoid=()),
    "role": lambda needs, _, __: msgspec.structs.replace(needs, role=None),
    "region": lambda needs, _, __: msgspec.structs.replace(needs, regions=()),
    "price": lambda needs, _, __: msgspec.structs.replace(needs, max_cost=None),
    "skill": _without_skill,
    "resource": _without_resource,
}
