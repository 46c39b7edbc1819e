"""What a proxy needs of whoever does the tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Answered = Callable[[dict[str, Any]], None]
"""Takes `{"result": ...}` or `{"error": {code, message}}`, once, on any thread."""
Notice = Callable[[dict[str, Any]], None]
"""Takes the parameters of a progress notice, without its token."""


class Backend(Protocol):
    """Does calls."""

    def begin(self, client: str) -> None:
        """What the client calls itself, before its first call."""

    def call(self, tool: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        """Begin a call. What is returned cancels it; nothing is answered then."""
        ...

    def ask(self, operation: str, arguments: Any, answered: Answered, notice: Notice) -> Callable[[], None]:
        """Begin to read something that is no tool, or to watch it; as `call`. It may be done twice."""
        ...

    def close(self) -> None:
        """The client has gone, in good order."""
