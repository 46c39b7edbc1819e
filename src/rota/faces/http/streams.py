"""`/v1/events`: what happens, as server-sent events, to many readers from one follower of the event log.

One task reads the log and keeps its last pages; readers that have come that far are sent the same bytes. Who is
further behind reads the log by itself, page by page. So nobody misses an event, and a slow reader holds up nobody.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from rota.faces.http.answers import CONNECTION, Receive, Scope, Send, header
from rota.faces.http.body import HungUp
from rota.faces.http.counted import Counted
from rota.faces.http.operations import Operations, Recheck, gone
from rota.model.commands.read import EventPage, ListEvents
from rota.model.errors import RotaError, invalid
from rota.model.event import EventView
from rota.operations.distributor import Distributor
from rota.operations.own_events import own_events
from rota.operations.principal import Principal, check_scope
from rota.operations.table import OPERATIONS

LOOK_S = 0.05
"""How often the log is looked at while somebody reads, seconds."""
PAGE = 500
KEPT = 40
"""Pages kept for readers that are a little behind."""
FOLLOWERS = 1_000
ALIVE_S = 15.0
"""After so long without an event a comment is sent, so that proxies and readers know that we live, seconds."""
STALLED_S = 60.0
"""How long a reader may leave unread what was sent, seconds."""
RETRY_MS = 1_000

_encode = msgspec.json.Encoder().encode
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ],
}


class Wanted(NamedTuple):
    """What a reader wants of the events; what is empty asks for nothing in particular."""

    kinds: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()

    def takes(self, event: EventView) -> bool:
        """Whether it wants this one."""
        if self.kinds and event.kind not in self.kinds:
            return False
        if self.tasks and self.tasks.isdisjoint(event.tasks):
            return False
        return not self.states or any(move.to in self.states for move in event.moves)


class Page(NamedTuple):
    """Some events that follow each other, and the same as they go out to whoever wants all of them."""

    events: Sequence[EventView]
    cursor: str
    text: bytes
    places: Mapping[str, int] = MappingProxyType({})
    """Where in it each event is, by its id."""

    def after(self, cursor: str) -> Page | None:
        """What comes after this event, if that is in it and something does."""
        at = self.places.get(cursor)
        if at is None or at + 1 == len(self.events):
            return None
        rest = self.events[at + 1 :]
        return Page(rest, self.cursor, b"".join(map(_frame, rest)))


class Streams:
    """The readers of one distributor's events. For one event loop."""

    def __init__(self, distributor: Distributor, operations: Operations, counted: Counted, recheck: Recheck) -> None:
        """`recheck` refuses somebody whose key has become worth nothing since it asked."""
        self._distributor = distributor
        self._recheck = recheck
        self._operations = operations
        self._counted = counted
        self._pages: OrderedDict[str, Page] = OrderedDict()
        """The last pages that were read, by the cursor they begin after."""
        self._end: str | None = None
        """How far the follower has come; None while nobody reads."""
        self._news = asyncio.Event()
        self._begun = asyncio.Event()
        self._leaving = False

    async def follow(self) -> None:
        """Read the log for as long as there are readers, until it is cancelled."""
        while True:
            await self._begun.wait()
            end = self._end
            try:
                page = await self.page(end)
            except RotaError:
                # An outage: readers wait too.
                await asyncio.sleep(1.0)
                continue
            if not page.events or end is None or end != self._end:
                await asyncio.sleep(LOOK_S)
                continue
            self._pages[end] = page
            if len(self._pages) > KEPT:
                self._pages.popitem(last=False)
            self._end = page.cursor
            self._tell()

    def leave(self) -> None:
        """End all streams; readers come again elsewhere with the last id they saw."""
        self._leaving = True
        self._tell()

    async def answer(self, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        """One reader, until it hangs up or the service ends."""
        check_scope(principal, OPERATIONS["list_events"])
        after, since, wanted = _asked(scope)
        if self._counted.followers >= FOLLOWERS:
            raise RotaError("unavailable", f"{FOLLOWERS:,} read the events already")
        # Read before the answer begins: a cursor that is none can still be refused then.
        first = await self.page(after, since)
        self._counted.followers += 1
        if self._end is None:
            self._end = first.cursor
            self._begun.set()
        left = asyncio.ensure_future(gone(receive))
        reading = asyncio.ensure_future(self._read(principal, wanted, first, send))
        try:
            await asyncio.wait((reading, left), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise HungUp
            reading.result()
        except HungUp:
            # Also one that reads nothing: its connection would not end by itself.
            scope[CONNECTION].let_go()
            raise
        finally:
            left.cancel()
            reading.cancel()
            self._counted.followers -= 1
            if not self._counted.followers:
                self._begun.clear()
                self._end = None
                self._pages.clear()

    async def page(self, cursor: str | None, since: str | None = None) -> Page:
        """The events after this cursor, from the log."""
        request = ListEvents(cursor=cursor, since=since, limit=PAGE)
        page: Page = await self._operations.read(self._looked, request)
        return page

    def _looked(self, request: ListEvents) -> Page:
        found: EventPage = self._distributor.call(request)
        places = {event.seq: at for at, event in enumerate(found.events)}
        return Page(found.events, found.cursor, b"".join(map(_frame, found.events)), places)

    async def _read(self, principal: Principal, wanted: Wanted, page: Page, send: Send) -> None:
        await send(_START)
        await send(_part(b"retry: %d\n\n" % RETRY_MS))
        while not self._leaving:
            try:
                await self._recheck(principal)
            except RotaError as error:
                if error.code == "key_needed":
                    # Whoever comes again is told why.
                    break
            text = await self._text(principal, wanted, page)
            if text:
                await sent(send, text)
            page = await self._next(page.cursor, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _text(self, principal: Principal, wanted: Wanted, page: Page) -> bytes:
        if principal.tenant is None and wanted == Wanted():
            return page.text
        events: Sequence[EventView] = [event for event in page.events if wanted.takes(event)]
        if principal.tenant is not None and events:
            events = await self._operations.read(own_events, self._distributor, principal.tenant, events)
            events = [event for event in events if wanted.takes(event)]
        text = b"".join(map(_frame, events))
        # The last id also when nothing of it was wanted, so that a reader that comes again need not go through it.
        return text if text or not page.events else b"id: %b\n\n" % page.cursor.encode()

    async def _next(self, cursor: str, send: Send) -> Page:
        """The page after this cursor, once there is one."""
        while not self._leaving:
            news = self._news
            page = self._pages.get(cursor)
            if page is not None:
                return page
            if cursor != self._end:
                rest = next(filter(None, (kept.after(cursor) for kept in self._pages.values())), None)
                if rest is not None:
                    return rest
                page = await self.page(cursor)
                if page.events:
                    return page
            try:
                async with asyncio.timeout(ALIVE_S):
                    await news.wait()
            except TimeoutError:
                await sent(send, b": alive\n\n")
                return Page((), cursor, b"")
        return Page((), cursor, b"")

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def _asked(scope: Scope) -> tuple[str | None, str | None, Wanted]:
    """After which event, since when, and what: from the query, and from what a reader saw last."""
    lists: dict[str, list[str]] = {"kind": [], "task": [], "state": [], "after": [], "since": []}
    try:
        pairs = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise invalid("query", "can not be read: percent-encode UTF-8, at most 100 parameters") from None
    for name, value in pairs:
        if name not in lists:
            raise invalid(name[:60] or "query", f"is no parameter; there are {', '.join(lists)}")
        lists[name].append(value)
    seen = header(scope, b"last-event-id") or "".join(lists["after"][-1:])
    after = seen or None
    since = None if seen else "".join(lists["since"][-1:]) or "0s"
    return after, since, Wanted(*(frozenset(lists[name]) for name in ("kind", "task", "state")))


def _frame(event: EventView) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.seq.encode(), event.kind.encode(), _encode(event))


async def sent(send: Send, text: bytes) -> None:
    """Send it. A reader that reads nothing for so long that nothing more can be sent to it is let go."""
    try:
        async with asyncio.timeout(STALLED_S):
            await send(_part(text))
    except TimeoutError:
        raise HungUp from None


def _part(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}
