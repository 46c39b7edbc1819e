"""Statements of the simulator: what happened lately, and letting go of what was counted, so that memory stays small."""

from __future__ import annotations

from rota.store.statement import One

EVENTS_SINCE = One("events_since", "SELECT seq, kind, moves, data FROM event WHERE seq > ? ORDER BY seq")
FORGET_EVENTS = One("forget_events", "DELETE FROM event WHERE seq < ?")
"""Not the last one: the next event would get its number again."""
