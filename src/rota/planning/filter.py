"""Who may ever do what: refusals that follow from the agent's profile and the task's requirements alone."""

from __future__ import annotations

from rota.model.requirements import Requirements
from rota.planning.price import ever_within, price
from rota.planning.refusal import Refusal
from rota.planning.snapshot import Profile


def refusal(profile: Profile, needs: Requirements) -> Refusal | None:
    """Why an agent of this profile may never do a task with these requirements; None when it may."""
    if needs.pin is not None and needs.pin != profile.name:
        return Refusal("pinned", f"only {needs.pin} may do it", {"pin": needs.pin})
    if profile.name in needs.ban:
        return Refusal("banned", f"{profile.name} is banned from it")
    if profile.name in needs.avoid:
        return Refusal("avoided", f"{profile.name} failed it a moment ago")
    if needs.role is not None and needs.role != profile.role:
        facts = {"needs": needs.role, "has": profile.role}
        return Refusal("role", f"needs role {needs.role}, has {profile.role or 'none'}", facts)
    if needs.regions and profile.region not in needs.regions:
        told = f"needs region {' or '.join(needs.regions)}, is in {profile.region or 'none'}"
        return Refusal("region", told, {"needs": list(needs.regions), "has": profile.region})
    return _skill_refusal(profile, needs) or _resource_refusal(profile, needs) or _price_refusal(profile, needs)


def _skill_refusal(profile: Profile, needs: Requirements) -> Refusal | None:
    if not needs.skills:
        return None
    has = dict(profile.skills)
    for skill, level in needs.skills:
        if has.get(skill, 0) < level:
            facts = {"skill": skill, "needs": level, "has": has.get(skill, 0)}
            return Refusal("skill", f"needs {skill} {level}, has {has.get(skill, 0)}", facts)
    return None


def _resource_refusal(profile: Profile, needs: Requirements) -> Refusal | None:
    if not needs.resources:
        return None
    offers = dict(profile.resources)
    for name, amount in needs.resources:
        if offers.get(name, 0.0) < amount:
            facts = {"resource": name, "needs": amount, "has": offers.get(name, 0.0)}
            return Refusal("resource", f"needs {amount:g} {name}, offers {offers.get(name, 0.0):g}", facts)
    return None


def _price_refusal(profile: Profile, needs: Requirements) -> Refusal | None:
    if needs.max_cost is None or profile.cost is None or ever_within(profile.cost, needs.max_cost):
        return None
    least = price(profile.cost, 0.0)
    facts = {"max_cost": needs.max_cost, "per_task": profile.cost.per_task}
    more = "" if least > needs.max_cost else " and its time"
    return Refusal("price", f"may cost {needs.max_cost:g}, each task costs {least:g}{more}", facts)
