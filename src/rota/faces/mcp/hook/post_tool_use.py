"""A tool was used: the session lives, and so do the leases of its tasks."""

from __future__ import annotations

from time import time
from typing import Any

from rota.faces.mcp.hook.memory import Memory
from rota.faces.mcp.hook.told import Told

EVENT = "PostToolUse"
EVERY_S = 15.0
"""Between two words with the owner, seconds: four in the usual term of a lease."""


def run(told: Told) -> dict[str, Any] | None:
    """Renew, unless that was done a moment ago. Tells the agent of a task that it is to end or to drop."""
    memory = Memory(told.session)
    if 0 <= time() - memory.at < EVERY_S:
        return None
    # What the network needs is loaded only now: most calls end above.
    from rota.faces.mcp.hook.orders import orders
    from rota.faces.mcp.hook.say import context
    from rota.faces.mcp.hook.talk import talk

    # Whatever becomes of it, the next try is not before the pause is over.
    memory.at = time()
    memory.keep()
    with talk(told, memory) as owner:
        if owner is None:
            return None
        texts = orders(owner.call("mcp.renew", {}), memory)
    memory.keep()
    return context(EVENT, "\n".join(texts)) if texts else None
