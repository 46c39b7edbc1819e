"""Addresses of what can be read: `rota://task/task-7`."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote

from rota.model.errors import invalid

SCHEME = "rota://"


class Address(NamedTuple):
    """A kind of thing, and which one; a list has no name."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        """As clients send it."""
        return SCHEME + self.kind + (f"/{quote(self.name, safe='')}" if self.name else "")


def address_of(uri: object) -> Address:
    """The address; refused when it is none of ours."""
    if not isinstance(uri, str) or not uri.startswith(SCHEME):
        raise invalid("uri", f"must begin with {SCHEME}, such as rota://queues or rota://task/task-7")
    kind, _, name = uri[len(SCHEME) :].partition("/")
    return Address(kind, unquote(name))
