"""Slots kept for some: when that is more than there are, and whether anybody else ever gets one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.agent import AgentSpec, Reserve
from rota.planning.reserve import ever_open, refused_by, too_many
from rota.planning.snapshot import Agent, Profile, Reserved

DAY, NIGHT = ("mon-fri 09:00-17:00",), ("daily 22:00-06:00",)


def kept(slots: int, tenant: str, hours: tuple[str, ...] = ()) -> Reserve:
    return Reserve(slots=slots, tenant=tenant, hours=hours)


@pytest.mark.parametrize(
    ("reserves", "clash"),
    [
        ([kept(3, "x"), kept(3, "y")], [0, 1]),
        ([kept(2, "x"), kept(2, "y")], None),
        ([kept(3, "x"), kept(3, "x")], None),
        ([kept(3, "x"), Reserve(slots=3, priority="high")], None),
        ([kept(3, "x", DAY), kept(3, "y", NIGHT)], None),
        ([kept(3, "x", DAY), kept(3, "y", ("fri 16:59-20:00",))], [0, 1]),
        ([kept(3, "x", NIGHT), kept(3, "y", ("tue 05:00-07:00",))], [0, 1]),
        ([kept(3, "x", ("sun 22:00-06:00",)), kept(3, "y", ("mon 05:00-07:00",))], [0, 1]),
        ([kept(1, "x"), kept(2, "x"), kept(3, "y")], [1, 2]),
        ([Reserve(slots=3, priority="high", tenant="x"), Reserve(slots=2, priority="low", tenant="y")], [0, 1]),
    ],
)
def test_more_kept_than_there_is(reserves: list[Reserve], clash: list[int] | None) -> None:
    assert too_many(reserves, 4) == clash


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=4), st.integers(1, 6))
def test_what_is_refused_wastes_slots_whatever_waits(entries: list[tuple[int, int]], slots: int) -> None:
    """Give every tenant all it can get, one task at a time: slots stay empty where, and only where, it is refused."""
    largest = {tenant: min(n, slots) for n, tenant in entries}
    reserves = [kept(n, f"t{tenant}") for tenant, n in largest.items()]
    tenants = {one.tenant: number for number, one in enumerate(reserves)}
    agent = Agent(id=0, profile=Profile("ann"), slots=slots)
    agent.reserved = tuple(Reserved(one.slots, tenant=tenants[one.tenant]) for one in reserves)
    given = True
    while given:
        given = False
        for number in tenants.values():
            if agent.running < slots and refused_by(agent, 3, number) is None:
                agent.running += 1
                agent.reserved = tuple(
                    one._replace(running=one.running + (one.tenant == number)) for one in agent.reserved
                )
                given = True
    if reserves:
        assert (agent.running < slots) == (too_many(reserves, slots) is not None)


@pytest.mark.parametrize(
    ("reserve", "hours", "found"),
    [
        ((Reserve(slots=2, priority="high"),), (), False),
        ((Reserve(slots=1, priority="high"),), (), True),
        ((Reserve(slots=2, tenant="acme"),), (), True),
        ((Reserve(slots=2, priority="high", hours=DAY),), (), True),
        ((Reserve(slots=2, priority="high", hours=DAY),), ("tue 10:00-12:00",), False),
        ((Reserve(slots=2, priority="high", hours=("mon-sun 00:00-24:00",)),), (), False),
        ((Reserve(slots=1, priority="high"), Reserve(slots=1, priority="critical", hours=NIGHT)), (), True),
    ],
)
def test_whether_it_is_ever_open(reserve: tuple[Reserve, ...], hours: tuple[str, ...], found: bool) -> None:
    assert ever_open(AgentSpec(name="ann", slots=2, reserve=reserve, hours=hours), 3, "acme") is found
