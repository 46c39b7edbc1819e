"""Statements about access keys."""

from __future__ import annotations

from rota.store.statement import Each, One

KEYS = One(
    "keys",
    "SELECT id, digest, name, scopes, tenant, agent, urgent, made, expires, revoked, used FROM access_key ORDER BY id",
)
COUNT_KEYS = One("count_keys", "SELECT count(*) FROM access_key")
ADD_KEY = One(
    "add_key",
    "INSERT INTO access_key (digest, name, scopes, tenant, agent, urgent, made, expires)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
)
REVOKE_KEY = One("revoke_key", "UPDATE access_key SET revoked = coalesce(revoked, ?) WHERE id = ? RETURNING revoked")
KEY_USED = Each(
    "key_used",
    "key bigint, at bigint",
    "UPDATE access_key SET used = v.at {from} WHERE access_key.id = v.key"
    " AND (access_key.used IS NULL OR access_key.used < v.at)",
)
SPEND_URGENT = One(
    "spend_urgent",
    "UPDATE access_key SET spent = CASE WHEN since <= ? THEN 0 ELSE spent END + ?,"
    " since = CASE WHEN since <= ? THEN ? ELSE since END"
    " WHERE id = ? AND CASE WHEN since <= ? THEN 0 ELSE spent END + ? <= urgent RETURNING spent",
)
"""Adds to what was spent in the hour that began with the first; no row when it would be more than the quota."""
