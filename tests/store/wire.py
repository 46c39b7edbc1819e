"""A man in the middle: passes bytes between a client and PostgreSQL, and cuts where a test says."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = 5432
PIECE = 1 << 16


class Wire:
    """Listens on a Unix socket of its own and forwards to the server of `dsn`.

    `cut_request(word)` drops the client's next bytes that hold the word, and the connection with them; the server never
    sees them. `cut_answer(word)` does so with the server's next answer: the server has done what it was asked.
    """

    def __init__(self, dsn: str, folder: Path) -> None:
        parts = conninfo_to_dict(dsn)
        self._server = f"{parts['host']}/.s.PGSQL.{parts.get('port') or PORT}"
        self.dsn = make_conninfo(dsn, host=str(folder), port=PORT)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / f".s.PGSQL.{PORT}"))
        self._listening.listen()
        self._request = self._answer = b""
        self.was_cut = threading.Event()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_request(self, word: bytes) -> None:
        """Cut when the client next says this."""
        self.was_cut.clear()
        self._request = word

    def cut_answer(self, word: bytes) -> None:
        """Cut when the server next says this."""
        self.was_cut.clear()
        self._answer = word

    def cut_all(self) -> None:
        """Cut every connection that there is now."""
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Accept nobody any more."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._ends += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, selectors.DefaultSelector() as ready, suppress(OSError):
            ready.register(client, selectors.EVENT_READ, (server, "_request"))
            ready.register(server, selectors.EVENT_READ, (client, "_answer"))
            while True:
                for key, _ in ready.select():
                    assert isinstance(key.fileobj, socket.socket)
                    piece = key.fileobj.recv(PIECE)
                    to, cut = key.data
                    word = getattr(self, cut)
                    if word and word in piece:
                        setattr(self, cut, b"")
                        self.was_cut.set()
                        return
                    if not piece:
                        return
                    to.sendall(piece)
