"""Access keys: made, looked up, shown."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rota.engine.book import Book
from rota.engine.keys import AddKey, KeysUsed
from rota.model.commands.keys import CreateKey, KeyMade, KeyPage, KeyView, ListKeys
from rota.model.errors import invalid
from rota.model.times import maybe_rfc3339, rfc3339
from rota.operations.own_names import prefix_of
from rota.store.protocol import Reader
from rota.store.sql.keys import KEYS

if TYPE_CHECKING:
    from rota.operations.distributor import Distributor

PREFIX = "rota_"
"""What every key begins with, so that scanners for secrets know one."""
BYTES = 32
"""Of chance in a key: 256 bits. So a plain hash is enough, and nothing is gained by a slow one."""


class KeptKey(NamedTuple):
    """A key as kept. Moments are microseconds."""

    id: int
    digest: str
    name: str
    scopes: str
    tenant: str | None
    agent: str | None
    urgent: int | None
    made: int
    expires: int | None
    revoked: int | None
    used: int | None

    def is_valid(self, now: int) -> bool:
        """Whether it is worth something."""
        return self.revoked is None and (self.expires is None or self.expires > now)


def create(run: Callable[[Any], Any], request: CreateKey) -> KeyMade:
    """Make a key. The database gets its hash; nobody keeps the key itself."""
    if (
        request.tenant is not None
        and request.agent is not None
        and not request.agent.startswith(prefix_of(request.tenant))
    ):
        raise invalid("agent", f"must begin with {prefix_of(request.tenant)!r}: so do all agents of that tenant")
    secret = PREFIX + secrets.token_urlsafe(BYTES)
    return KeyMade(id=run(AddKey(request, digest_of(secret))), secret=secret)


def digest_of(secret: str) -> str:
    """What is kept of a key."""
    return sha256(secret.encode()).hexdigest()


def listed(reader: Reader, book: Book, request: ListKeys, now: int) -> KeyPage:
    """All keys, oldest first."""
    del book, request, now
    return KeyPage(keys=[_view(KeptKey(*row)) for row in reader.one(KEYS)])


def kept_keys(distributor: Distributor) -> dict[str, KeptKey]:
    """All keys by their hash."""
    with distributor.store.read() as reader:
        found = [KeptKey(*row) for row in reader.one(KEYS)]
    return {key.digest: key for key in found}


def used(distributor: Distributor, moments: Mapping[int, int]) -> Future[Any]:
    """Write down when keys were used last."""
    return distributor.put(KeysUsed(tuple(moments.items())))


def _view(key: KeptKey) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=msgspec.json.decode(key.scopes, type=list[str]),
        made=rfc3339(key.made),
        tenant=key.tenant,
        agent=key.agent,
        urgent_per_hour=key.urgent,
        expires=maybe_rfc3339(key.expires),
        revoked=maybe_rfc3339(key.revoked),
        used=maybe_rfc3339(key.used),
    )
