"""Three ways to a database, each with a database of its own that the tests of a module share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rota import Client, connect
from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.fleet import SetPool
from rota.model.queue import PoolPolicy
from rota.operations.distributor import Distributor

WAYS = ("in process", "socket", "http")


@pytest.fixture(scope="module", autouse=True)
def runtime() -> Iterator[Path]:
    """A runtime directory of the module's own, with a short path as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    before = {name: os.environ.get(name) for name in ("XDG_RUNTIME_DIR", "ROTA_DATABASE", "ROTA_KEY")}
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    os.environ.pop("ROTA_DATABASE", None)
    os.environ.pop("ROTA_KEY", None)
    yield folder
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=WAYS)
def reach(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Client]]:
    """Makes clients of one database, all over the same transport."""
    database = str(tmp_path_factory.mktemp("way") / "work.db")
    with ExitStack() as open_things:
        if request.param == "socket":
            # This process owns it: what comes over the socket is the same as with an owner in the background.
            open_things.enter_context(connect(database, own=True))
            yield lambda: connect(database)
            return
        distributor = open_things.enter_context(Distributor.open(database))
        if request.param == "in process":
            yield lambda: connect(distributor)
            return
        server = HttpServer(distributor, Listening(port=0, log=None))
        server.start()
        open_things.callback(server.stop)
        yield lambda: connect(server.url)


@pytest.fixture(scope="module")
def client(reach: Callable[[], Client]) -> Iterator[Client]:
    with reach() as made:
        # What fails is given to the same agent again at once.
        made.call(SetPool(pool="default", policy=PoolPolicy(avoid_s=0.0, breaker_s=0.0, eject_s=0.0)))
        yield made
