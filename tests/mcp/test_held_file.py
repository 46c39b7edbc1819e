"""The file that says what a session has, and by its lock whether its process lives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rota.faces.mcp.face import McpFace
from rota.faces.mcp.left_behind import give_back_left
from rota.faces.mcp.proxy.held_file import HeldFile, left_behind, remove
from rota.model.commands.read import GetTask, ListAgents
from rota.owner.address import Address
from rota.testing import TestDistributor
from tests.mcp.classic.playing_agents import Player

ONE = ["task-1", "ann", "0" * 16]


@pytest.fixture
def address(tmp_path: Path) -> Address:
    within = str(tmp_path / "abc")
    return Address("work.db", f"{within}.sock", f"{within}.start", "work.db.owner", f"{within}.log")


def die(file: HeldFile) -> None:
    """As the end of its process does: the lock is gone, the file stays."""
    assert file._descriptor is not None
    os.close(file._descriptor)


def test_only_what_the_dead_had_is_left(address: Address, tmp_path: Path) -> None:
    living, dead, gone = (HeldFile(address, name) for name in ("living", "dead", "gone"))
    for file in (living, dead, gone):
        file.keep([ONE, ONE])
        file.keep([ONE])
    HeldFile(address, "living").keep([])
    gone.forget()
    die(dead)
    (tmp_path / "other.x.held").write_text("[]")
    assert list(left_behind(address)) == [[ONE], []]
    assert list(left_behind(address)) == [[]]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["abc.living.held", "other.x.held"]
    remove(address, "living")
    assert (tmp_path / "abc.living.held").exists()
    living.forget()
    assert [file.name for file in tmp_path.iterdir()] == ["other.x.held"]


@pytest.mark.parametrize("text", ["", "[", "{}", "[5]", '[["task-1"]]', '[["a", 1, "b"]]', "[" * 100_000, "\udcff"])
def test_what_was_cut_short_says_nothing(address: Address, tmp_path: Path, text: str) -> None:
    (tmp_path / "abc.x.held").write_bytes(text.encode(errors="surrogateescape"))
    assert list(left_behind(address)) == [[]]
    assert list(tmp_path.iterdir()) == []


def test_the_next_owner_gives_it_back(address: Address) -> None:
    with TestDistributor() as rota:
        ann, bob = Player(rota, "ann"), Player(rota, "bob")
        project, (first, second) = ann.project("a", "b")
        ann.next(project)
        bob.next(project)
        assert ann.session is not None
        ended = HeldFile(address, "x")
        ended.keep([list(one[:3]) for one in ann.session.in_hands.values()])
        die(ended)
        nonsense = HeldFile(address, "y")
        nonsense.keep([["task-9", "nobody", "no token"], ["nonsense", "", ""]])
        die(nonsense)
        give_back_left(rota._distributor, address)
        assert [rota.call(GetTask(task=task)).state for task in (first, second)] == ["ready", "running"]
        assert [agent.name for agent in rota.call(ListAgents()).agents] == [bob.agent]


def test_an_owner_that_sees_the_end_removes_it(address: Address) -> None:
    with TestDistributor() as rota:
        file = HeldFile(address, "c" * 32)
        file.keep([ONE])
        die(file)
        face = McpFace(rota._distributor, gone=lambda session: remove(address, session))
        face.join("c" * 32, "client")
        face.end("c" * 32, surely=True)
        assert list(left_behind(address)) == []
