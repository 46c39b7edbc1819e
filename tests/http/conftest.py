from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.faces.http.server import HttpServer, Listening
from rota.operations.distributor import Distributor
from tests.http.client import Client


class Lines:
    """The request log."""

    def __init__(self) -> None:
        self.text = b""

    def __call__(self, data: bytes) -> None:
        self.text += data

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def rota(tmp_path: Path) -> Iterator[Distributor]:
    with Distributor.open(str(tmp_path / "work.db")) as distributor:
        yield distributor


@pytest.fixture
def log() -> Lines:
    return Lines()


@pytest.fixture
def server(rota: Distributor, log: Lines) -> Iterator[HttpServer]:
    served = HttpServer(rota, Listening(port=0, names=("rota.example",), log=log))
    served.start()
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def client(server: HttpServer) -> Client:
    return Client(server.url)
