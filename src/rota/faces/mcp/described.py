"""What a session says of itself as an agent: in variables of its environment, or by an `[[agent]]` of fleet.toml."""

from __future__ import annotations

from pathlib import Path

from rota.files.find import find_fleet
from rota.files.toml import load_fleet
from rota.model.errors import invalid

ROLE, SKILLS = "ROTA_ROLE", "ROTA_SKILLS"


def described(role: object, skills: object, folder: str | None) -> tuple[str | None, dict[str, int] | None]:
    """Role and skills; None for what nothing is said of.

    `skills` as in `python, pytorch=3`. Without them, a role that is the name or the role of an `[[agent]]` in the
    fleet.toml above the folder stands for that agent's role and skills.
    """
    if role is not None and not isinstance(role, str):
        raise invalid(ROLE, "must be a text")
    if skills is not None:
        return role, _levels(skills)
    if role is None:
        return None, None
    file = None if folder is None else find_fleet(Path(folder))
    specs = [] if file is None else [agent.spec for agent in load_fleet(str(file)).agents]
    for spec in [*(one for one in specs if one.name == role), *(one for one in specs if one.role == role)]:
        return spec.role or role, dict(spec.skills)
    return role, None


def _levels(skills: object) -> dict[str, int]:
    if not isinstance(skills, str):
        raise invalid(SKILLS, "must be a text such as 'python, pytorch=3'")
    found = {}
    for one in (part.strip() for part in skills.split(",")):
        if not one:
            continue
        name, equals, level = (piece.strip() for piece in one.partition("="))
        if not name or (equals and not level.isdecimal()):
            raise invalid(SKILLS, f"{one[:60]!r} is no skill; write names or levels, such as 'python, pytorch=3'")
        found[name] = int(level or 1)
    return found
