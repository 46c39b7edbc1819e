"""What the tools need of a distributor."""

from __future__ import annotations

from typing import Any, Protocol


class Asking(Protocol):
    """A distributor in this process."""

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer; raises `RotaError` when refused."""
        ...
