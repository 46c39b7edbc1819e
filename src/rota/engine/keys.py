"""Access keys: made, revoked, used, and what they spent of their quota."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rota.engine.context import Context
from rota.model import check
from rota.model.bounds import INT64, NAME
from rota.model.commands.fleet import Ok
from rota.model.commands.keys import CreateKey, RevokeKey
from rota.model.errors import RotaError, invalid
from rota.model.times import SECOND, micros
from rota.store.sql import keys as sql

MOST = 10_000
HOUR_US = 3_600 * SECOND
URGENT = "urgent"


class AddKey(NamedTuple):
    """Keep a key that was made: what was asked for, and its SHA-256 as hexadecimal digits."""

    asked: CreateKey
    digest: str


class KeysUsed(NamedTuple):
    """When keys were used last: pairs of key and moment."""

    moments: tuple[tuple[int, int], ...]


class SpendUrgent(NamedTuple):
    """A key says of so many tasks that they are emergency or critical."""

    key: int
    tasks: int


def add(context: Context, command: AddKey) -> int:
    """Keep the key; its number."""
    asked = command.asked
    check.text(asked.name, "name", NAME, empty=False)
    check.some(asked.scopes, "scopes", NAME)
    check.maybe_name(asked.tenant, "tenant")
    check.maybe_name(asked.agent, "agent")
    if asked.urgent_per_hour is not None:
        check.number(asked.urgent_per_hour, "urgent_per_hour", 0, 1_000_000)
        if URGENT not in asked.scopes:
            raise invalid("urgent_per_hour", f"is for keys with the scope {URGENT!r}")
    expires = None if asked.expires is None else context.now + micros(asked.expires, "expires")
    if context.transaction.one(sql.COUNT_KEYS)[0][0] >= MOST:
        raise RotaError("too_large", f"there are {MOST:,} keys already", field="key")
    scopes = msgspec.json.encode(sorted(set(asked.scopes))).decode()
    row = (command.digest, asked.name, scopes, asked.tenant, asked.agent, asked.urgent_per_hour, context.now, expires)
    number = int(context.transaction.one(sql.ADD_KEY, *row)[0][0])
    context.changes.say("create_key", None, key=number, name=asked.name)
    return number


def revoke(context: Context, command: RevokeKey) -> Ok:
    """End a key."""
    check.number(command.key, "key", 1, INT64)
    found = context.transaction.one(sql.REVOKE_KEY, context.now, command.key)
    if not found:
        raise RotaError("no_key", f"there is no key {command.key}", field="key")
    changed = found[0][0] == context.now
    if changed:
        context.changes.say("revoke_key", None, key=command.key)
    return Ok(changed=changed)


def used(context: Context, command: KeysUsed) -> Ok:
    """Note when keys were used last."""
    context.transaction.each(sql.KEY_USED, sorted(command.moments))
    return Ok()


def spend(context: Context, command: SpendUrgent) -> Ok:
    """Take from what the key may call urgent in this hour; refused when it is used up."""
    over = context.now - HOUR_US
    values = (over, command.tasks, over, context.now, command.key, over, command.tasks)
    if not context.transaction.one(sql.SPEND_URGENT, *values):
        message = "this key has said emergency or critical as often as it may in an hour"
        raise RotaError("limit_used_up", message, field="priority")
    return Ok()
