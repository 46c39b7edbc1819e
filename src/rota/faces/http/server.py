"""The life of the service: uvicorn on a thread of its own, so that whoever owns the process keeps its signals."""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EADDRINUSE
from typing import NamedTuple

import uvicorn

from rota.faces.http.access import Access
from rota.faces.http.audits import Audits
from rota.faces.http.bridge import Bridge
from rota.faces.http.counted import Counted
from rota.faces.http.mcp import McpPage
from rota.faces.http.operations import Operations
from rota.faces.http.pages import pages_of
from rota.faces.http.places import Places, is_loopback
from rota.faces.http.protocol import CONNECTIONS, BoundedProtocol
from rota.faces.http.quick import QuickCalls
from rota.faces.http.request_log import RequestLog, to_stderr
from rota.faces.http.service import Service
from rota.faces.http.streams import Streams
from rota.model.errors import RotaError, invalid
from rota.operations.distributor import Distributor

PORT = 8357
MOST_PORT = 65_535
KEEP_S = 75
"""How long a connection may be idle, seconds: longer than proxies keep theirs."""
LEAVE_S = 10
"""How long what is at work may go on when the service ends, seconds."""
BACKLOG = 2_048
OTHER_FILES = 1_000
"""Open files besides connections: the database, readers, commands of a fleet."""


class Listening(NamedTuple):
    """How the service is spoken to. `log` takes the lines of the request log; None = there is none. `database` is the
    address by which another process can audit it for `/metrics`; None = that is not done.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    names: Sequence[str] = ()
    log: Callable[[bytes], None] | None = to_stderr
    database: str | None = None


class HttpServer:
    """Serves one distributor until `stop`."""

    def __init__(self, distributor: Distributor, listening: Listening) -> None:
        """Listens at once, so that an address that can not be had is refused here; `start` answers."""
        access = Access(distributor, demanded=not is_loopback(listening.host))
        access.check_reachable(listening.host)
        self._distributor = distributor
        self._listening = listening
        self._access = access
        self._socket = _bound(listening.host, listening.port)
        self._thread = threading.Thread(target=self._run, name="rota-http", daemon=True)
        self._started = threading.Event()
        self._leave: Callable[[], None] = lambda: None
        self._trouble: BaseException | None = None

    @property
    def url(self) -> str:
        """Where it is spoken to."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def failed(self) -> BaseException | None:
        """What ended it, other than `stop`."""
        return self._trouble

    def start(self) -> None:
        """Answer from now on; back when that is so."""
        _make_room()
        self._thread.start()
        self._started.wait()
        if self._trouble is not None:
            raise self._trouble

    def stop(self) -> None:
        """Take nothing new, end long polls and streams, let the rest finish."""
        self._leave()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self._trouble = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        bridge = Bridge(loop)
        counted = Counted()
        log = None if self._listening.log is None else RequestLog(loop, self._listening.log)
        operations = Operations(self._distributor, bridge, self._access.recheck)
        streams = Streams(self._distributor, operations, counted, self._access.recheck)
        self._access.begin(operations.read)
        mcp = McpPage(self._distributor, bridge, self._access.recheck)
        audits = Audits(self._listening.database)
        pages = pages_of(self._distributor, operations, streams, counted, mcp, audits)
        places = Places(self._listening.names)
        quick = QuickCalls(self._distributor, bridge, self._access, places, counted, log)
        service = Service(operations, quick, pages, self._access.who, places, counted, log)
        server = _Uvicorn(_configuration(service), self._started)

        def leave() -> None:
            operations.leave()
            streams.leave()
            mcp.leave()
            server.leave()

        self._leave = lambda: _on_loop(loop, leave)
        following = asyncio.ensure_future(streams.follow())
        noting = asyncio.ensure_future(self._access.note())
        try:
            await server.serve(sockets=[self._socket])
        finally:
            following.cancel()
            noting.cancel()
            await self._access.end()
            operations.close()
            mcp.close()
            audits.close()
            if log is not None:
                log.flush()


class _Uvicorn(uvicorn.Server):
    """Tells when it takes requests, and ends at once when told, not with its next look."""

    def __init__(self, config: uvicorn.Config, started: threading.Event) -> None:
        super().__init__(config)
        self._told = started
        self._leaving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told.set()

    async def main_loop(self) -> None:
        # With every tenth look it makes the header with the date anew: once a second.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._leaving.wait()

    def leave(self) -> None:
        """Take nothing new, and end when the rest is answered."""
        self.should_exit = True
        self._leaving.set()


def _configuration(service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        service,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_S,
        timeout_graceful_shutdown=LEAVE_S,
        backlog=BACKLOG,
    )


def _make_room() -> None:
    """Raise the soft limit of open files: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHER_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < most:
        # Some systems have a lower bound than the one they tell.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _on_loop(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        # It has ended by itself.
        return


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port <= MOST_PORT:
        # The system would take it modulo 65,536, or name no reason.
        raise invalid("port", f"{port} is not between 0 and {MOST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise RotaError("unavailable", f"{host}:{port} is no address to listen at: {error}", field="host") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        message = f"can not listen at {host}:{port}: {error.strerror}"
        raise RotaError("port_taken" if error.errno == EADDRINUSE else "invalid", message, field="port") from None
    found.setblocking(False)
    return found
