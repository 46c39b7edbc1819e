"""Routing rules: what is set on tasks as they are submitted, by what they say of themselves."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.model.bounds import ATTEMPTS, KEY, LEVEL, NAME, SKILLS
from rota.model.priority import Priority
from rota.model.times import Span

RULES = 500
"""The most there may be at once."""
ADDED = frozenset({"skills", "resources", "ban", "limits"})
"""What a rule sets of these is added to what the task says; all else it replaces."""

_Name = Annotated[str, Meta(min_length=1, max_length=NAME)]
_Names = Annotated[list[_Name], Meta(max_length=SKILLS)]


class RuleSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a rule sets. What is left out stays as the task says."""

    queue: Annotated[_Name | None, Meta(description="The queue it goes into.")] = None
    tenant: Annotated[_Name | None, Meta(description="The tenant it counts for.")] = None
    priority: Annotated[Priority | None, Meta(description="Its priority.")] = None
    deadline: Annotated[Span | None, Meta(description="Its deadline, so long after it is submitted.")] = None
    ttl: Annotated[Span | None, Meta(description="It expires if no agent got it within this time.")] = None
    estimate: Annotated[Span | None, Meta(description="How long the work will probably take.")] = None
    role: Annotated[_Name | None, Meta(description="The role it needs.")] = None
    skills: Annotated[
        dict[_Name, Annotated[int, Meta(ge=1, le=LEVEL)]],
        Meta(max_length=SKILLS, description="Skills it needs too; of two levels the higher counts."),
    ] = {}
    regions: Annotated[_Names, Meta(description="The regions it may be done in.")] = []
    pin: Annotated[_Name | None, Meta(description="The only agent that may do it.")] = None
    ban: Annotated[_Names, Meta(description="Agents that may not do it either.")] = []
    limits: Annotated[_Names, Meta(description="Limits it is charged to too.")] = []
    resources: Annotated[
        dict[_Name, Annotated[float, Meta(gt=0)]],
        Meta(
            max_length=SKILLS, description="What it uses of an agent's resources too; of two amounts the larger counts."
        ),
    ] = {}
    near: Annotated[_Name | None, Meta(description="The region in or near which it is best done.")] = None
    max_cost: Annotated[Annotated[float, Meta(ge=0)] | None, Meta(description="The most it may probably cost.")] = None
    affinity: Annotated[
        Annotated[str, Meta(min_length=1, max_length=KEY)] | None, Meta(description="Its affinity key.")
    ] = None
    group: Annotated[
        Annotated[str, Meta(min_length=1, max_length=KEY)] | None,
        Meta(description="The group with whose tasks it goes to an agent together."),
    ] = None
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=ATTEMPTS)] | None, Meta(description="Attempts before it is dead.")
    ] = None
    approval: Annotated[bool | None, Meta(description="Whether a person approves the outcome.")] = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule: of all rules in their order the first whose `match` a submitted task fits is applied to it."""

    name: Annotated[_Name | None, Meta(description="What it is called in events; without one, `rule 1` and so on.")] = (
        None
    )
    match: Annotated[
        dict[str, Any],
        Meta(description="Conditions that must all hold; an empty table matches all. See [routing.md](routing.md)."),
    ]
    set: Annotated[RuleSet, Meta(description="What it sets; an empty table leaves the task as it is.")]


def name_of(rule: Rule, at: int) -> str:
    """What the rule at this place, from 0, is called."""
    return rule.name or f"rule {at + 1}"
