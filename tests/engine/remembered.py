"""Does the owner of a database remember what the database says?"""

from __future__ import annotations

from rota.engine.owned import Owned
from rota.engine.trouble_rows import troubles_of
from rota.planning.estimate import Belief
from rota.store.protocol import Reader
from rota.store.sql.fleet import ALL_SERVED, ESTIMATES
from rota.store.sql.waiting import DEPTHS
from rota.store.statement import One

_SLOTS = One("all_slots", "SELECT agent, slot, since FROM lease")


def differences(reader: Reader, owned: Owned) -> list[str]:
    """A line for everything that is remembered otherwise than it is kept."""
    wrong: list[str] = []
    served = {row[0]: tuple(row[1:]) for row in reader.one(ALL_SERVED)}
    beliefs = {(row[0], row[1]): Belief(*row[2:]) for row in reader.one(ESTIMATES)}
    slots: dict[int, dict[int, int]] = {}
    for agent, slot, since in reader.one(_SLOTS):
        slots.setdefault(agent, {})[slot] = since
    for agent, row in owned.served.items():
        if served.get(agent) != row:
            wrong.append(f"agent {agent} was served {served.get(agent)}, remembered is {row}")
    for key, belief in owned.beliefs.items():
        if beliefs.get(key) != belief:
            wrong.append(f"of {key} is believed {beliefs.get(key)}, remembered is {belief}")
    for agent, used in owned.slots.items():
        if slots.get(agent, {}) != used:
            wrong.append(f"agent {agent} has slots {slots.get(agent, {})}, remembered are {used}")
    if owned.troubles is not None and owned.troubles != troubles_of(reader):
        wrong.append(f"troubles are {troubles_of(reader)}, remembered are {owned.troubles}")
    depths = {lane: n for lane, n, _rows in reader.one(DEPTHS) if n}
    if owned.depths is not None and owned.depths != depths:
        wrong.append(f"depths are {depths}, remembered are {owned.depths}")
    return wrong
