"""The short way for what is asked most: a command that is there as a whole, from somebody whose key is known.

It needs no task of the event loop, and its answer is written at once. Whatever is not so plain (a claim that waits, a
key that has to be looked up, anything that will be refused) goes the long way, through `Service`, which says why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import msgspec

from rota.faces.http.access import Access
from rota.faces.http.answers import CONNECTION, Answer, Scope, header
from rota.faces.http.asked import from_body
from rota.faces.http.bridge import Bridge
from rota.faces.http.counted import Counted
from rota.faces.http.operations import PREFIX
from rota.faces.http.places import Places
from rota.faces.http.problems import Refused, problem_of
from rota.faces.http.request_log import RequestLog, Said
from rota.model.commands.work import Claim, Claimed
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor, is_command
from rota.operations.principal import Principal, check_scope
from rota.operations.restricted import needs_narrowing
from rota.operations.table import OPERATIONS, Operation

MOST_BYTES = 256 * 1024
"""The largest body that is decoded on the way; a larger one may wait for its turn."""
HUNG_UP = 499
"""In the log and the counts: whoever asked did not wait for the answer."""

_encode = msgspec.json.Encoder().encode
Write = Callable[[Answer], bool]
"""Writes the answer; False when nobody is there any more."""
Lost = Callable[[Claimed], None]


class QuickCalls:
    """Answers plain calls of commands. For one event loop."""

    def __init__(
        self,
        distributor: Distributor,
        bridge: Bridge,
        access: Access,
        places: Places,
        counted: Counted,
        log: RequestLog | None,
    ) -> None:
        self._distributor = distributor
        self._bridge = bridge
        self._access = access
        self._places = places
        self._counted = counted
        self._log = log
        self._operations = {f"{PREFIX}{name}".encode(): found for name, found in OPERATIONS.items() if _is_plain(found)}

    def takes(self, url: bytes) -> bool:
        """Whether a POST to it may be plain."""
        return url in self._operations

    def begin(self, url: bytes, scope: Scope, body: bytes, write: Write, lost: Lost) -> bool:
        """Ask it, and write the answer when it is there; `lost` takes back tasks that nobody read. False when it has
        to go the long way: then nothing was asked.
        """
        began = perf_counter()
        operation = self._operations[url]
        try:
            self._places.check(scope)
            principal = self._access.known(header(scope, b"authorization"))
            if principal is None or needs_narrowing(principal, operation):
                return False
            check_scope(principal, operation)
            request = from_body(operation, scope, body)
        except (RotaError, Refused):
            return False
        if isinstance(request, Claim) and request.wait > 0:
            return False

        def answered(said: Any) -> None:
            answer = _answer(said)
            claimed = said if isinstance(said, Claimed) and said.tasks else None
            is_written = write(answer)
            if claimed is not None and is_written:
                scope[CONNECTION].hand_over(partial(lost, claimed))
            elif claimed is not None:
                lost(claimed)
            self._note(url.decode(), answer, began, principal, scope, is_written=is_written)

        self._distributor.tell(request, partial(self._bridge.bring, answered))
        return True

    def _note(
        self, path: str, answer: Answer, began: float, principal: Principal, scope: Scope, *, is_written: bool
    ) -> None:
        seconds = perf_counter() - began
        status = answer.status if is_written else HUNG_UP
        self._counted.request(path, status, seconds)
        if self._log is not None:
            self._log.request(scope, Said(path, status, seconds, len(answer.body), principal.key), "POST")


def _is_plain(operation: Operation) -> bool:
    """Commands, but those whose answer depends on headers."""
    return is_command(operation) and "version" not in operation.request.__struct_fields__


def _answer(said: Any) -> Answer:
    if isinstance(said, RotaError):
        return problem_of(said)
    try:
        return Answer(_encode(said))
    except Exception as error:
        # Whoever asked must not wait for ever for what can not be written.
        return problem_of(error)
