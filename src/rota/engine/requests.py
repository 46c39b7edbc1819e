"""Requests that name themselves: the same again is answered what it was answered, and nothing is done twice."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from rota.engine.context import Context
from rota.model import check
from rota.model.errors import RotaError
from rota.store.protocol import Rerun
from rota.store.sql import relations

T = TypeVar("T", bound=msgspec.Struct)


def answered(context: Context, what: str, key: str | None, command: Any, kind: type[T]) -> T | None:
    """What the same command was answered before, if it was. `what` keeps the keys of commands of several kinds apart.

    The same key with another command is refused.
    """
    check.maybe_key(key, "request")
    if key is None:
        return None
    found = context.transaction.one(relations.GET_REQUEST, _name(what, key))
    if not found:
        return None
    if found[0][0] != _fingerprint(command):
        raise RotaError("other_request", f"request {key!r} was used for something else", field="request")
    return msgspec.json.decode(found[0][1], type=kind)


def remember(context: Context, what: str, key: str | None, command: Any, answer: msgspec.Struct) -> None:
    """Keep the answer under the key, if there is one."""
    if key is None:
        return
    text = msgspec.json.encode(answer).decode()
    if not context.transaction.one(relations.ADD_REQUEST, _name(what, key), _fingerprint(command), text, context.now):
        # Another node took the key since it was looked for: run again, and answer what that one was answered.
        raise Rerun(f"request {key!r} was used at the same moment")


def _name(what: str, key: str) -> str:
    """No submit's idempotency key looks like it."""
    return f"{what}\n{key}"


def _fingerprint(command: Any) -> str:
    try:
        return sha256(msgspec.json.encode(command, order="deterministic")).hexdigest()
    except (TypeError, ValueError, OverflowError, RecursionError):
        # Never taken in, so nothing is remembered that it could be the same as.
        return ""
