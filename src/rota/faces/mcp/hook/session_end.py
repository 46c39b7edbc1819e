"""A session ends: what it has goes back at once."""

from __future__ import annotations

from rota.faces.mcp.hook.memory import Memory
from rota.faces.mcp.hook.talk import talk
from rota.faces.mcp.hook.told import Told


def run(told: Told) -> None:
    """Give back; without an owner nothing is to be given back, since leases end by themselves."""
    memory = Memory(told.session)
    try:
        with talk(told, memory) as owner:
            if owner is not None:
                owner.call("mcp.give_back", {"reason": "the session ended"})
    finally:
        if told.reason in ("clear", "resume"):
            memory.leave_number()
        memory.forget()
