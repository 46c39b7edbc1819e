"""Who asks: the keys of the database, looked up by the hash of what the Authorization header brings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from time import monotonic
from typing import Any

from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.keys import KeptKey, kept_keys, used
from rota.operations.principal import EVERYBODY, Principal, principal_of

FRESH_S = 1.0
"""How old what is known of the keys may be, seconds: a key revoked by another process works that much longer."""
AT_LEAST_S = 0.05
"""Between two looks at the keys for the sake of unknown ones, seconds."""
NOTE_EVERY_S = 5.0
"""How often it is written down when keys were used last, seconds."""
SCHEME = "bearer "
WORTHLESS = "this key is unknown, revoked or expired"

Read = Callable[..., Awaitable[Any]]


class Access:
    """The keys of one database. Without any nobody needs one, unless they are demanded."""

    def __init__(self, distributor: Distributor, *, demanded: bool) -> None:
        self._distributor = distributor
        self._now = distributor.node.clock
        self._demanded = demanded
        self._read: Read | None = None
        self._keys: dict[str, KeptKey] = {}
        """By hash."""
        self._numbers: dict[int, KeptKey] = {}
        self._principals: dict[int, Principal] = {}
        self._looked = -FRESH_S
        self._looking: asyncio.Future[Any] | None = None
        self._used: dict[int, int] = {}

    def check_reachable(self, host: str) -> None:
        """Refuse an address that others can reach while there is no key."""
        if self._demanded and not any(key.is_valid(self._now()) for key in kept_keys(self._distributor).values()):
            message = f"others can reach {host}, and there is no key yet: make one with `rota keys create`"
            raise RotaError("not_allowed", message, field="host")

    def begin(self, read: Read) -> None:
        """From now on on the event loop; `read` runs a function on a thread that may wait for the database."""
        self._read = read

    async def who(self, authorization: str | None) -> Principal:
        """Who sends this header; refused when it is no valid key."""
        if monotonic() - self._looked > FRESH_S:
            await self._look()
        if authorization is None:
            if self._demanded or self._keys:
                raise RotaError("key_needed", "a key is needed here")
            return EVERYBODY
        if not authorization.lower().startswith(SCHEME):
            raise RotaError("key_needed", "the Authorization header must be: Bearer KEY")
        digest = _digest(authorization)
        key = self._keys.get(digest)
        if key is None:
            # It may be new. Whoever tries keys at random waits, and costs no more than one look for all of them.
            await asyncio.sleep(self._looked + AT_LEAST_S - monotonic())
            await self._look()
            key = self._keys.get(digest)
        if key is None:
            raise RotaError("key_needed", WORTHLESS)
        return self._accepted(key)

    def known(self, authorization: str | None) -> Principal | None:
        """The same at once, where nothing has to be looked up for it; None = ask `who`."""
        if monotonic() - self._looked > FRESH_S:
            return None
        if authorization is None:
            return None if self._demanded or self._keys else EVERYBODY
        if not authorization.startswith("Bearer "):
            return None
        key = self._keys.get(_digest(authorization))
        return None if key is None else self._accepted(key)

    async def recheck(self, principal: Principal) -> None:
        """Refuse somebody whose key was revoked, or has expired, since it was looked at."""
        if monotonic() - self._looked > FRESH_S:
            await self._look()
        if principal.key is None:
            if self._demanded or self._keys:
                raise RotaError("key_needed", "a key is needed here")
            return
        key = self._numbers.get(principal.key)
        if key is None or not key.is_valid(self._now()):
            raise RotaError("key_needed", WORTHLESS)

    def _accepted(self, key: KeptKey) -> Principal:
        now = self._now()
        if not key.is_valid(now):
            raise RotaError("key_needed", WORTHLESS)
        self._used[key.id] = now
        return self._principals[key.id]

    async def note(self) -> None:
        """Write down from time to time when keys were used last, until it is cancelled."""
        while True:
            await asyncio.sleep(NOTE_EVERY_S)
            await self.end()

    async def end(self) -> None:
        """Write down what is not written yet."""
        moments, self._used = self._used, {}
        if moments:
            try:
                await asyncio.wrap_future(used(self._distributor, moments))
            except RotaError:
                # Only when they were used last is lost.
                return

    async def _look(self) -> None:
        """Read the keys; those who come meanwhile wait for the same."""
        assert self._read is not None
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._read(kept_keys, self._distributor))
            self._looking.add_done_callback(self._looked_now)
        await asyncio.shield(self._looking)

    def _looked_now(self, looking: asyncio.Future[Any]) -> None:
        self._looking = None
        if not looking.cancelled() and looking.exception() is None:
            self._keys, self._looked = looking.result(), monotonic()
            self._numbers = {key.id: key for key in self._keys.values()}
            self._principals = {key.id: principal_of(key) for key in self._keys.values()}


def _digest(authorization: str) -> str:
    return sha256(authorization[len(SCHEME) :].strip().encode("latin-1")).hexdigest()
