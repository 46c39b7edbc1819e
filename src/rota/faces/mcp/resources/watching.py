"""Change notices: whoever watches a resource hears when it says something else.

The event log wakes; what then differs is told. So nothing is told twice, and nothing that did not change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

from rota.faces.mcp.looking import looking
from rota.faces.mcp.resources.address import address_of
from rota.faces.mcp.resources.reading import read_text
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.store.sql.history import LAST_EVENT

EVERY_S = 1.0
"""Between two looks at the event log, seconds."""
MOST = 200
"""Resources that one session may watch."""

Told = Callable[[dict[str, Any]], None]
"""Hears `{"uri": ...}` of what has changed."""


class _Watch(NamedTuple):
    told: dict[str, Told]
    """By address, who hears of it."""
    seen: dict[str, bytes]
    """By address, what it said last."""


class Watching:
    """All that is watched in one process. Its thread lives while something is."""

    def __init__(self, distributor: Distributor, every: float = EVERY_S) -> None:
        self._distributor = distributor
        self._every = every
        self._lock = threading.Lock()
        self._watches: dict[str, _Watch] = {}
        self._last = -1
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def watch(self, session: str, uri: str, told: Told) -> None:
        """Tell the session from now on. Refused when there is no such resource, or it watches too many."""
        said = _digest(read_text(self._distributor, address_of(uri)))
        with self._lock:
            watch = self._watches.setdefault(session, _Watch({}, {}))
            if uri not in watch.seen and len(watch.seen) >= MOST:
                raise RotaError("too_large", f"this session watches {MOST} resources already", field="uri")
            watch.seen[uri], watch.told[uri] = said, told
            if self._thread is None:
                self._stopped = threading.Event()
                self._thread = threading.Thread(
                    target=self._loop, args=(self._stopped,), name="rota-watching", daemon=True
                )
                self._thread.start()

    def unwatch(self, session: str, uri: str | None = None) -> None:
        """Tell it no more of this, or of anything."""
        with self._lock:
            watch = self._watches.get(session)
            if watch is not None and uri is not None:
                watch.seen.pop(uri, None)
                watch.told.pop(uri, None)
            if watch is not None and (uri is None or not watch.seen):
                del self._watches[session]
            if not self._watches:
                self._stopped.set()
                self._thread = None

    def look(self) -> None:
        """Tell what has changed since the last look, if anything happened at all."""
        with looking(self._distributor) as view:
            last = int(view.reader.one(LAST_EVENT)[0][0])
        if last == self._last:
            return
        self._last = last
        with self._lock:
            wanted = {uri for watch in self._watches.values() for uri in watch.seen}
        said = {uri: self._said(uri) for uri in sorted(wanted)}
        news: list[tuple[Told, str]] = []
        with self._lock:
            for watch in self._watches.values():
                for uri, before in watch.seen.items():
                    if uri in said and said[uri] != before:
                        watch.seen[uri] = said[uri]
                        news.append((watch.told[uri], uri))
        for told, uri in news:
            told({"uri": uri})

    def _said(self, uri: str) -> bytes:
        try:
            text = read_text(self._distributor, address_of(uri))
        except RotaError as error:
            if error.kind.status != 404:
                raise
            return b""  # what is gone says nothing; that it went is news
        return _digest(text)

    def _loop(self, stopped: threading.Event) -> None:
        while not stopped.wait(self._every):
            try:
                self.look()
            except RotaError:
                continue  # the database is away; the next look may find it again


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
