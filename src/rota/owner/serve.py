"""The owner's side of the socket: one loop reads all connections, the distributor's threads send the answers."""

from __future__ import annotations

import os
import selectors
import socket
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

from rota import __version__
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.owner.address import Address
from rota.owner.asked import Answering, Asked
from rota.owner.face import Face
from rota.owner.frames import BrokenFrame, frame
from rota.owner.listener import listening, withdraw
from rota.owner.peer import Peer

AT_ONCE = 262_144
"""Bytes received at once from one connection."""
LEAVE_S = 10.0
"""How long what is at work may go on when the owner leaves, seconds."""
LINGER_S = 2.0
"""How long callers have to say what they got, seconds."""
LOOK_S = 1.0


class Server:
    """Serves one distributor until it is told to stop.

    `faces`: operations besides those of the table, by prefix. `may_leave`: whether others may ask this owner to leave.
    `idle`: it stops by itself after so many seconds without a connection, once `at_rest` says so. `keep_out` keeps
    others from starting an owner until this process has ended; False when somebody is about to. `is_there`: whether the
    database is; without it the owner leaves. `say`: the log.
    """

    def __init__(
        self,
        distributor: Distributor,
        address: Address,
        faces: Mapping[str, Face],
        *,
        may_leave: bool = False,
        idle: float | None = None,
        at_rest: Callable[[], bool] = lambda: True,
        keep_out: Callable[[], bool] = lambda: True,
        is_there: Callable[[], bool] = lambda: True,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._listener = listening(address)
        self._answering = Answering(distributor, faces, say)
        self._address = address
        self._may_leave = may_leave
        self._idle = idle
        self._at_rest = at_rest
        self._keep_out = keep_out
        self._is_there = is_there
        self._looked = monotonic()
        self._say = say
        self._peers: set[Peer] = set()
        self._leavers: list[Peer] = []
        self._alone_since = monotonic()
        self._stopping = False
        self._blocked: deque[Peer] = deque()
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._wake_up)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def run(self) -> None:
        """Serve until `stop`, or until nobody needs it; then answer what is at work and take leave of everybody."""
        while not self._stopping:
            self._turn(LOOK_S)
            if self._is_idle() and self._at_rest() and self._keep_out():
                self._say("nobody needs it: leaving")
                break
            if self._is_without_database():
                self._say("its database was taken away: leaving")
                self._keep_out()
                break
        else:
            self._keep_out()
        self._take_leave()

    def stop(self) -> None:
        """Take leave, from any thread or a signal handler."""
        self._stopping = True
        self._wake()

    def let_go(self) -> None:
        """End the connections of those that wait for the database: it is free now."""
        for peer in self._leavers:
            peer.stream.close()

    def _turn(self, seconds: float) -> None:
        for key, events in self._selector.select(seconds):
            if not isinstance(key.data, Peer):
                key.data()
                continue
            try:
                self._serve(key.data, events)
            except Exception as error:
                # Whatever it was, the others go on.
                self._say(f"a connection was ended: {type(error).__name__}: {error}")
                self._drop(key.data)
        while self._blocked:
            self._watch(self._blocked.popleft(), selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _serve(self, peer: Peer, events: int) -> None:
        if events & selectors.EVENT_WRITE and peer.send_rest():
            self._watch(peer, selectors.EVENT_READ)
        if events & selectors.EVENT_READ:
            self._receive(peer)

    def _accept(self) -> None:
        try:
            stream, _ = self._listener.accept()
        except OSError as error:
            # Out of descriptors, most likely: those that wait are taken when one is free.
            self._say(f"no connection could be taken: {error}")
            sleep(0.05)
            return
        stream.setblocking(False)
        peer = Peer(stream, self._block)
        self._peers.add(peer)
        self._selector.register(stream, selectors.EVENT_READ, peer)
        peer.send(frame({"hello": {"version": __version__, "process": os.getpid(), "may_leave": self._may_leave}}))

    def _receive(self, peer: Peer) -> None:
        try:
            data = peer.stream.recv(AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
            return
        try:
            for payload in peer.incoming.feed(data):
                self._answering.take(peer, payload, self._own)
        except BrokenFrame as broken:
            self._say(f"a connection was ended: {broken}")
            peer.send(frame({"id": None, "error": RotaError("invalid", str(broken), field="frame").as_dict()}))
            self._drop(peer)

    def _drop(self, peer: Peer) -> None:
        if peer not in self._peers:
            return
        self._peers.discard(peer)
        self._selector.unregister(peer.stream)
        self._answering.run(peer.close())
        self._answering.close_sessions(peer, leaving=False)
        if not self._peers:
            self._alone_since = monotonic()

    def _own(self, peer: Peer, asked: Asked) -> dict[str, Any] | None:
        """The owner's own operations."""
        if asked.operation == "owner.about":
            return {
                "version": __version__,
                "process": os.getpid(),
                "connections": len(self._peers),
                "may_leave": self._may_leave,
            }
        if asked.operation != "owner.leave":
            raise RotaError("invalid", f"there is no operation {asked.operation[:60]!r}", field="operation")
        self._check_leaving(asked)
        peer.leaver = True
        self._say(f"asked to leave by Rota {asked.version[:40]}")
        self._stopping = True
        return {"leaving": True}

    def _check_leaving(self, asked: Asked) -> None:
        """Those of this version go on with the next owner; those of another could not."""
        owner = str(os.getpid())
        if not self._may_leave:
            raise RotaError("owned", f"process {owner} owns the database and is at work", owner=owner)
        others = sum(peer.has_asked for peer in self._peers)
        if asked.version != __version__ and (others or not self._at_rest()):
            raise RotaError("owned", f"it is at work, with {others} other connections", owner=owner)

    def _is_idle(self) -> bool:
        return self._idle is not None and not self._peers and monotonic() - self._alone_since >= self._idle

    def _is_without_database(self) -> bool:
        if monotonic() - self._looked < LOOK_S:
            return False
        self._looked = monotonic()
        return not self._is_there()

    def _take_leave(self) -> None:
        self._selector.unregister(self._listener)
        withdraw(self._address, self._listener)
        for peer in self._peers:
            peer.is_deaf = True
            peer.cancel_all()
        self._until(lambda: not any(peer.is_busy for peer in self._peers), LEAVE_S)
        self._leavers = [peer for peer in self._peers if peer.leaver]
        for peer in self._leavers:
            self._peers.discard(peer)
            self._selector.unregister(peer.stream)
        for peer in self._peers:
            self._answering.close_sessions(peer, leaving=True)
            if not peer.is_busy:
                peer.send(frame({"bye": True}))
            peer.end()
        self._until(lambda: not self._peers, LINGER_S)
        for peer in list(self._peers):
            # It lives and was sent its answers: what it was handed is its own.
            peer.close()
        self._answering.stop()
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _until(self, reached: Callable[[], bool], seconds: float) -> None:
        deadline = monotonic() + seconds
        while not reached() and (left := deadline - monotonic()) > 0:
            self._turn(min(left, 0.02))

    def _watch(self, peer: Peer, events: int) -> None:
        if peer in self._peers:
            self._selector.modify(peer.stream, events, peer)

    def _block(self, peer: Peer) -> None:
        self._blocked.append(peer)
        self._wake()

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except OSError:
            return

    def _wake_up(self) -> None:
        try:
            self._woken.recv(4_096)
        except BlockingIOError:
            return
