"""A request as somebody may make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


def _as_it_is(answer: Any) -> Any:
    return answer


class Narrowed(NamedTuple):
    """What is to be asked instead, and what becomes of the answer."""

    request: Any
    mend: Callable[[Any], Any] = _as_it_is

    @property
    def is_as_it_is(self) -> bool:
        """Nothing becomes of the answer."""
        return self.mend is _as_it_is
