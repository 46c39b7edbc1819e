"""What a table holds, whatever the order of its rows: how many, and the sum of their hashes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from rota.store.protocol import Row

BYTES = 16
_MODULUS = 1 << 8 * BYTES
_encode = msgspec.msgpack.Encoder().encode


class Checksum:
    """Equal for two tables with the same rows. A row that is there twice counts twice."""

    __slots__ = ("_sum", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Some more rows: tuples of int, float, str and None."""
        for row in rows:
            self.rows += 1
            self._sum += int.from_bytes(blake2b(_encode(row), digest_size=BYTES).digest())

    @property
    def text(self) -> str:
        """The sum as hexadecimal digits."""
        return f"{self._sum % _MODULUS:0{2 * BYTES}x}"
