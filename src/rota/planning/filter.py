"""Who may do what: each refusal is a stable code with a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rota.model.requirements import Requirements
from rota.planning.snapshot import Agent, Profile


class Refusal(NamedTuple):
    """Why an agent may not do a task: a stable code and the facts."""

    code: str
    text: str


def refusal(profile: Profile, needs: Requirements) -> Refusal | None:
    """Why an agent of this profile may never do a task with these requirements; None when it may."""
    if needs.pin is not None and needs.pin != profile.name:
        return Refusal("pinned", f"only {needs.pin} may do it")
    if profile.name in needs.ban:
        return Refusal("banned", f"{profile.name} is banned from it")
    if profile.name in needs.avoid:
        return Refusal("avoided", f"{profile.name} failed it a moment ago")
    if needs.role is not None and needs.role != profile.role:
        return Refusal("role", f"needs role {needs.role}, has {profile.role or 'none'}")
    if needs.regions and profile.region not in needs.regions:
        return Refusal("region", f"needs region {' or '.join(needs.regions)}, is in {profile.region or 'none'}")
    return _skill_refusal(profile, needs)


def _skill_refusal(profile: Profile, needs: Requirements) -> Refusal | None:
    if not needs.skills:
        return None
    has = dict(profile.skills)
    for skill, level in needs.skills:
        if has.get(skill, 0) < level:
            return Refusal("skill", f"needs {skill} {level}, has {has.get(skill, 0)}")
    return None


def refusal_now(agent: Agent, needs: Requirements) -> Refusal | None:
    """As `refusal`, and also what bars the agent only for now."""
    lasting = refusal(agent.profile, needs)
    if lasting is not None:
        return lasting
    if agent.barred is not None:
        return Refusal(agent.barred, f"{agent.profile.name} is {agent.barred}")
    if agent.running >= agent.slots:
        return Refusal("busy", f"all {agent.slots} slots are in use")
    return None


def nobody(agents: Iterable[Agent], needs: Requirements) -> str | None:
    """Why no agent of the pool may serve these requirements now, as one stable text; None when one may.

    A busy agent may: its slot will come free. Codes stand with their count, the most frequent first.
    """
    counts: dict[str, int] = {}
    for agent in agents:
        lasting = refusal(agent.profile, needs)
        code = lasting.code if lasting else agent.barred
        if code is None:
            return None
        counts[code] = counts.get(code, 0) + 1
    if not counts:
        return "no_agent"
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "nobody:" + ",".join(f"{code}={count}" for code, count in ordered)
