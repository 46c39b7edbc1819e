"""One call of one connection: from its frame to its answer."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import msgspec

from rota import __version__
from rota.model.commands.work import Claim, Claimed, GiveBack, Held
from rota.model.errors import RotaError, invalid
from rota.operations.decode import decode
from rota.operations.distributor import Distributor, is_command
from rota.operations.table import OPERATIONS
from rota.owner.face import Face, Handed, Session
from rota.owner.frames import BrokenFrame, framed
from rota.owner.peer import Peer

READERS = 4
"""Threads for reads, so that a long one holds up nobody."""
WORKERS = 256
"""Threads for faces: that many calls of faces may wait without a future."""
AFTER_S = 5.0
"""How long what the ends of connections brought about may take when the owner leaves, seconds."""


class Asked(msgspec.Struct):
    """A frame as it comes in."""

    id: int
    operation: str = ""
    arguments: msgspec.Raw = msgspec.Raw(b"{}")
    version: str = __version__
    cancel: int | None = None
    got: bool | None = None


_read = msgspec.json.Decoder(Asked).decode
_written = msgspec.json.Encoder().encode


class Answering:
    """Runs calls on one distributor and sends their answers. `say` writes a line to the log."""

    def __init__(self, distributor: Distributor, faces: Mapping[str, Face], say: Callable[[str], None]) -> None:
        self._distributor = distributor
        self._faces = faces
        self._say = say
        self._readers = ThreadPoolExecutor(READERS, "rota-reads")
        self._workers = ThreadPoolExecutor(WORKERS, "rota-faces")
        self._ends: set[Future[None]] = set()

    def take(self, peer: Peer, payload: bytes, own: Callable[[Peer, Asked], dict[str, Any] | None]) -> None:
        """Do what the frame says. `own` answers the owner's own operations. Raises `BrokenFrame`."""
        asked = asked_of(payload)
        if asked.cancel is not None:
            peer.cancel(asked.cancel)
            return
        if asked.got is not None:
            peer.got(asked.id, asked.got)
            return
        if peer.is_deaf:
            return
        refusal = peer.begin(asked.id)
        if refusal is not None:
            peer.send(_error(asked.id, RotaError("too_large", refusal, field="id")))
            return
        try:
            self._begin(peer, asked, own)
        except Exception as error:
            self._fail(peer, asked.id, error)

    def close_sessions(self, peer: Peer, *, leaving: bool) -> None:
        """Tell the faces that the connection has ended."""
        for session in peer.sessions.values():
            self._after(partial(session.closed, leaving=leaving))
        peer.sessions = {}

    def run(self, lost: list[Callable[[], None]]) -> None:
        """Take back what did not arrive."""
        for take_back in lost:
            self._after(take_back)

    def stop(self) -> None:
        """Wait for what the ends of connections brought about; what a face waits for ends with the distributor."""
        wait(self._ends, AFTER_S)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._workers.shutdown(wait=False)

    def _begin(self, peer: Peer, asked: Asked, own: Callable[[Peer, Asked], dict[str, Any] | None]) -> None:
        name = asked.operation
        prefix, dot, _ = name.partition(".")
        if prefix == "owner" and dot:
            answer = own(peer, asked)
            if answer is not None:
                peer.answer(asked.id, _answer(asked.id, answer))
            return
        peer.has_asked = True
        if asked.version != __version__:
            message = f"the owner is Rota {__version__}, the caller Rota {asked.version[:40]}"
            raise RotaError("other_version", message, owner=str(os.getpid()), owner_version=__version__)
        if dot and prefix in self._faces:
            # Opened here, where frames come one after the other.
            session = peer.sessions.get(prefix)
            if session is None:
                session = peer.sessions[prefix] = self._faces[prefix].open()
            self._workers.submit(self._work, peer, session, asked)
            return
        operation = OPERATIONS.get(name)
        if operation is None:
            raise invalid("operation", f"there is no operation {name[:60]!r}")
        if not is_command(operation):
            looked = self._readers.submit(self._look, name, bytes(asked.arguments))
            looked.add_done_callback(lambda future: self._end(peer, asked.id, future))
            return
        request = decode(operation, bytes(asked.arguments))
        future = self._distributor.put(request)
        if isinstance(request, Claim) and request.wait > 0:
            peer.waits_for(asked.id, future)
        future.add_done_callback(lambda answered: self._end(peer, asked.id, answered))

    def _look(self, name: str, arguments: bytes) -> Any:
        with self._distributor.node.floor:
            return self._distributor.run(name, arguments)

    def _work(self, peer: Peer, session: Session, asked: Asked) -> None:
        with self._distributor.node.floor:
            try:
                answer = session.call(
                    asked.operation,
                    _object(asked.arguments),
                    lambda notice: peer.send(_frame({"id": asked.id, "notice": notice})),
                )
                self._take_answer(peer, asked.id, answer)
            except Exception as error:
                self._fail(peer, asked.id, error)

    def _end(self, peer: Peer, number: int, future: Future[Any]) -> None:
        """The call has its answer, on whatever thread."""
        if future.cancelled():
            # Whoever is to ask the next owner is not told that it was cancelled.
            refusal = _error(number, RotaError("cancelled", "the call was cancelled"))
            peer.answer(number, None if peer.is_deaf else refusal)
            return
        error = future.exception()
        if error is not None:
            self._fail(peer, number, error)
            return
        try:
            self._take_answer(peer, number, future.result())
        except Exception as failure:
            self._fail(peer, number, failure)

    def _take_answer(self, peer: Peer, number: int, answer: Any) -> None:
        if isinstance(answer, Future):
            peer.waits_for(number, answer)
            answer.add_done_callback(lambda later: self._end(peer, number, later))
            return
        self._send(peer, number, answer)

    def _send(self, peer: Peer, number: int, answer: Any) -> None:
        if isinstance(answer, Handed):
            peer.answer(number, _answer(number, answer.answer, ack=True), answer.lost)
        elif isinstance(answer, Claimed) and answer.tasks:
            tasks = [Held(task=given.task, token=given.token) for given in answer.tasks]
            peer.answer(number, _answer(number, answer, ack=True), lambda: self._give_back(tasks))
        else:
            peer.answer(number, _answer(number, answer))

    def _give_back(self, tasks: list[Held]) -> None:
        self._distributor.ask(GiveBack(tasks=tasks, reason="the claim's answer did not arrive", said=False))

    def _fail(self, peer: Peer, number: int, error: BaseException) -> None:
        if isinstance(error, BrokenFrame):
            error = RotaError("too_large", f"the answer would be {error}; ask for less at once")
        if not isinstance(error, RotaError):
            self._say("".join(traceback.format_exception(error)).rstrip())
            error = RotaError("internal", f"an unexpected error: {type(error).__name__}: {error}")
        peer.answer(number, _error(number, error))

    def _after(self, what: Callable[[], object]) -> None:
        """Do what follows from the end of a connection, not on the loop."""
        self._ends = {end for end in self._ends if not end.done()}
        self._ends.add(self._workers.submit(self._quietly, what))

    def _quietly(self, what: Callable[[], object]) -> None:
        try:
            what()
        except Exception:
            self._say(traceback.format_exc().rstrip())


def asked_of(payload: bytes) -> Asked:
    """The frame that this JSON is. Raises `BrokenFrame`."""
    try:
        return _read(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenFrame(f"a frame that can not be understood: {error}") from None


def _object(arguments: msgspec.Raw) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise invalid("arguments", f"can not be read: {error}") from None
    if not isinstance(value, dict):
        raise invalid("arguments", "are no JSON object")
    return value


def _answer(number: int, answer: Any, *, ack: bool = False) -> bytes:
    return _frame({"id": number, "answer": answer, "ack": True} if ack else {"id": number, "answer": answer})


def _error(number: int, error: RotaError) -> bytes:
    return _frame({"id": number, "error": error.as_dict()})


def _frame(value: dict[str, Any]) -> bytes:
    return framed(_written(value))
