"""Who is left of a run, as /proc shows it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from rota.agents.process import members as looking
from rota.agents.process.members import Member, members

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="no /proc here")


@pytest.fixture
def group() -> Iterator[tuple[int, int, int]]:
    """A leader, a child in its group, and a child in a session of its own; all three marked `here.1:`."""
    script = "sleep 1000 & echo $!; setsid sh -c 'echo $$; exec sleep 1000' & wait"
    process = subprocess.Popen(
        ["sh", "-c", script],
        env={**os.environ, "ROTA_RUN": "outer.7:here.1:"},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    child, outsider = sorted(int(process.stdout.readline()) for _ in range(2))
    yield process.pid, child, outsider
    for pid in (process.pid, child, outsider):
        os.kill(pid, 9)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("young", [True, False])
def test_members_are_found_by_group_and_by_mark(group: tuple[int, int, int], young: bool) -> None:
    leader, child, outsider = group
    inside = {Member(leader, True), Member(child, True)}
    everybody = {*inside, Member(outsider, False)}
    assert set(members(leader, b"here.1:", young=young)) == everybody
    assert set(members(leader, b"outer.7:", young=young)) == everybody
    assert set(members(leader, b"elsewhere.1:", young=young)) == inside


def test_a_young_run_is_found_after_process_numbers_began_anew(
    group: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, child, outsider = group
    everybody = members(leader, b"here.1:", young=True)
    monkeypatch.setattr(looking, "last_given", lambda: leader - 1)
    assert members(leader, b"here.1:", young=True) == everybody
    monkeypatch.setattr(looking, "last_given", lambda: None)
    assert members(leader, b"here.1:", young=True) == everybody
    monkeypatch.setattr(looking, "last_given", lambda: leader)
    assert members(leader, b"here.1:", young=True) == [Member(leader, True)]
    assert {child, outsider} <= {member.pid for member in everybody}


def test_the_dead_do_not_count() -> None:
    process = subprocess.Popen(["true"], start_new_session=True)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert members(process.pid, b"no-such-mark", young=False) == []
    process.wait()
