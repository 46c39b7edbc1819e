"""Refusals as HTTP says them: RFC 9457 problems, made from the one table of errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from rota.faces.http.answers import Answer
from rota.model.errors import RotaError

TYPE = b"application/problem+json"
DOCS = "urn:rota:error:"
"""What a problem's type begins with; the code follows."""
AGAIN_S = b"1"
"""After how long to ask again what may succeed later, seconds."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Refused(Exception):
    """A refusal with a status of HTTP's own, such as 405, or headers of its own."""

    def __init__(self, error: RotaError, status: int, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status
        self.headers = headers


def problem_of(error: BaseException) -> Answer:
    """The answer to whoever was refused. What is no refusal is a fault of ours: its text is not shown."""
    if isinstance(error, Refused):
        return _problem(error.error, error.status, error.headers)
    if isinstance(error, RotaError):
        return _problem(error, error.kind.status, ())
    return _problem(RotaError("internal", f"an unexpected error: {type(error).__name__}"), 500, ())


def problem(error: RotaError, status: int) -> dict[str, Any]:
    """The members of the problem: those of the RFC, and the same keys as in every other face."""
    shown = error.as_dict()
    where = f"{error.field}: " if error.field else ""
    return {
        "type": DOCS + error.code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{where}{error.message}",
        **shown,
    }


def _problem(error: RotaError, status: int, headers: tuple[tuple[bytes, bytes], ...]) -> Answer:
    if error.code == "key_needed":
        headers = (*headers, (b"www-authenticate", b'Bearer realm="rota"'))
    if error.kind.again and status in (429, 503):
        headers = (*headers, (b"retry-after", AGAIN_S))
    return Answer(_encode(problem(error, status)), status, TYPE, headers)
