"""Under which names the service may be spoken to: the Host and the Origin of requests.

A page of a strange site can make a browser ask a service on this machine under a name that it points here (DNS
rebinding). It can not choose the Host, which is that name; so a Host must be a name that we know, or an address.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from rota.faces.http.answers import Scope, header
from rota.model.errors import RotaError

LOCAL = "localhost"


class Places:
    """The names that are ours, besides addresses and `localhost`."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset({LOCAL, *(name.lower().rstrip(".") for name in names)})
        self._known: set[tuple[str | None, str | None]] = set()
        """Pairs of Host and Origin that were looked into before."""

    def check(self, scope: Scope) -> None:
        """Refuse a request that came under a strange name, or from the page of a strange site."""
        pair = header(scope, b"host"), header(scope, b"origin")
        if pair in self._known:
            return
        host, origin = pair
        if host is not None and not self._is_ours(_name(f"//{host}")):
            raise RotaError("not_allowed", f"{host[:100]!r} is no name of this service; see --name", field="host")
        if origin is not None and (origin == "null" or not self._is_own_page(origin, host)):
            raise RotaError("not_allowed", f"pages of {origin[:100]!r} may not ask here", field="origin")
        if len(self._known) < 1_000:
            self._known.add(pair)

    def _is_own_page(self, origin: str, host: str | None) -> bool:
        """Of the same name and port: another port of this machine is another site."""
        return origin.startswith(("http://", "https://")) and urlsplit(origin).netloc.lower() == (host or "").lower()

    def _is_ours(self, name: str | None) -> bool:
        return name is not None and (name in self._names or _is_address(name))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    return host == LOCAL or (_is_address(host) and ip_address(host).is_loopback)


def _name(url: str) -> str | None:
    try:
        return (urlsplit(url).hostname or "").rstrip(".") or None
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
