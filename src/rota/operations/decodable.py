"""Types made ready to be decoded, before threads share them.

msgspec finds out about a struct's fields when the struct is first decoded. Two threads that do so at once end the
process: the second one meets fields that have no type yet. So every type that threads may share is made ready here,
one at a time.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")
_lock = Lock()
_ready: set[Any] = set()


def decodable(kind: type[Kind]) -> type[Kind]:
    """The type itself, once it can be decoded by any number of threads; after the first time at no cost."""
    if kind not in _ready:
        with _lock:
            msgspec.json.Decoder(kind)
            _ready.add(kind)
    return kind
