"""The table of exchanges, played in process and over the streams of a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.audit.audit import audit
from rota.faces.mcp.classic.call import call
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.session import Session
from rota.testing import TestDistributor
from tests.mcp.classic.client import Client, Clients
from tests.mcp.classic.exchanges import EXCHANGES
from tests.mcp.classic.playing import Answer, play


def in_process(rota: TestDistributor, session: Session, name: str, arguments: Any) -> Answer:
    try:
        return {"result": call(rota, session, name, arguments)}
    except ProtocolError as error:
        return {"error": {"code": error.code, "message": error.message}}


@pytest.mark.parametrize("name", EXCHANGES)
def test_in_process(rota: TestDistributor, name: str) -> None:
    session = Session("0123456789abcdef", "tester")
    play(lambda tool, arguments: in_process(rota, session, tool, arguments), EXCHANGES[name], session.agent)
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One process and one owner for all exchanges."""
    folder: Path = tmp_path_factory.mktemp("mcp")
    (folder / "run").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
        for key in ("OPENAI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "DEEPSEEK_API_KEY"):
            patch.delenv(key, raising=False)
        with Clients(str(folder / "rota.db")) as clients:
            yield clients.new()


def _agent(client: Client) -> str:
    made = client.told("create_project", initialPrompt="who am I", tasks=[{"title": "t", "description": "d"}])
    agent: str = client.told("get_next_task", projectId=made["projectId"])["lease"]["agentId"]
    client.told("delete_project", projectId=made["projectId"])
    return agent


@pytest.mark.parametrize("name", EXCHANGES)
def test_over_stdio(client: Client, name: str) -> None:
    play(client.tool, EXCHANGES[name], _agent(client))
