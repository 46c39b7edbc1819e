"""Statements of the simulator: it lets go of what was counted, so that memory stays small."""

from __future__ import annotations

from rota.store.statement import One

FORGET_EVENTS = One("forget_events", "DELETE FROM event WHERE seq < ?")
"""Not the last one: the next event would get its number again."""
