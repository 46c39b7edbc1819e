"""Rota of two versions at one database: named, and the older one goes when it is at rest."""

from __future__ import annotations

import pytest

from rota import __version__
from rota.owner.link import Link, LinkError
from tests.owner.caller import Caller
from tests.owner.foreground import foreground
from tests.servers.processes import await_end

OLDER, NEWER = "0.0.9", "99.10"


def test_an_older_owner_at_rest_goes_for_a_newer_caller(database: str) -> None:
    with foreground(database, version=OLDER) as owner:
        link = Link(database)
        about = link.call("owner.about", {})
        assert about["version"] == __version__
        assert about["process"] != owner.pid
        assert await_end([owner], 10.0) == []
        link.close()


def test_an_older_owner_at_work_is_named_and_stays(database: str) -> None:
    with foreground(database, version=OLDER) as owner, Caller(database, version=OLDER) as caller:
        caller.call("register_agent", {"agent": {"name": "ann"}})
        link = Link(database)
        with pytest.raises(LinkError) as refused:
            link.call("list_agents", {})
        assert refused.value.code == "other_version"
        assert refused.value.data == {"owner": str(owner.pid), "owner_version": OLDER, "version": __version__}
        for word in (str(owner.pid), OLDER, __version__, "at work"):
            assert word in refused.value.message
        assert caller.call("list_agents")["agents"][0]["name"] == "ann"
        link.close()


def test_an_older_owner_stays_while_an_agent_holds_a_task(database: str) -> None:
    with foreground(database, version=OLDER):
        with Caller(database, version=OLDER) as caller:
            caller.call("register_agent", {"agent": {"name": "ann"}})
            caller.call("submit", {"tasks": [{"title": "x"}]})
            caller.call("claim", {"agent": "ann"})
        link = Link(database)
        with pytest.raises(LinkError, match="it is at work"):
            link.call("list_agents", {})
        link.close()


def test_a_newer_owner_is_named_to_an_older_caller_and_stays(database: str) -> None:
    with foreground(database, version=NEWER) as owner:
        link = Link(database)
        with pytest.raises(LinkError, match=rf"process {owner.pid}, is Rota {NEWER} and this is Rota {__version__}"):
            link.call("list_agents", {})
        link.close()
        assert await_end([owner], 0.0) == [owner]
