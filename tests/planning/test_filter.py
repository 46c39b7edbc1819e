"""Who may do what: lasting refusals and those for now, each by itself and against a rule written down once more."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.agent import Cost
from rota.model.requirements import Requirements
from rota.planning.distance import distance
from rota.planning.ejection import pardoned
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, nobody, refusal_now, standings
from rota.planning.price import energy, price
from rota.planning.refusal import CODES, Refusal
from rota.planning.reserve import entitled, refused_by, taken
from rota.planning.slow_start import next_slot_s, slots_so_far
from rota.planning.snapshot import Agent, Head, KindRoom, Known, Lane, Listener, Profile, Reserved, Snapshot
from tests.planning.pictures import agents, planned, profiles, requirements

LASTING = ("pinned", "banned", "avoided", "role", "region", "skill", "resource", "price")


def may(profile: Profile, needs: Requirements) -> bool:
    """The same rule as one expression."""
    has, offers = dict(profile.skills), dict(profile.resources)
    return (
        needs.pin in (None, profile.name)
        and profile.name not in {*needs.ban, *needs.avoid}
        and needs.role in (None, profile.role)
        and (not needs.regions or profile.region in needs.regions)
        and all(has.get(skill, 0) >= level for skill, level in needs.skills)
        and all(offers.get(name, 0) >= amount for name, amount in needs.resources)
        and (needs.max_cost is None or profile.cost is None or profile.cost.per_task <= needs.max_cost)
    )


def has_room(agent: Agent, asked: Asked) -> bool:
    """What of `refusal_now` tasks in hand decide, as one expression."""
    others = [one for one in agent.reserved if not entitled(one, asked.band, asked.tenant)]
    free = min(agent.slots, agent.slots if agent.cap is None else agent.cap) - agent.running
    kept = sum(max(one.slots - one.running, 0) for one in others)
    offers = dict(agent.profile.resources)
    return (
        free > 0
        and agent.slots - agent.running > kept
        and all(offers[name] - agent.used.get(name, 0) >= amount - 1e-9 for name, amount in asked.needs.resources)
    )


def is_shut(agent: Agent, needs: Requirements) -> bool:
    """What was learnt of the agent decides."""
    room = agent.kind_room.get(needs.kind)
    if room is not None and room.room <= 0:
        return True
    cost = agent.profile.cost
    return (
        needs.max_cost is not None and cost is not None and (price(cost, agent.expected_s(needs.kind)) > needs.max_cost)
    )


@given(profiles("ann"), requirements)
def test_a_refusal_is_a_reason_and_its_absence_is_permission(profile: Profile, needs: Requirements) -> None:
    found = refusal(profile, needs)
    assert (found is None) == may(profile, needs)
    if found is not None:
        assert found.code in LASTING
        assert found.text
        assert msgspec.json.encode(found.data), "facts can be told as they are"


@given(agents(0), requirements, st.integers(0, 4), st.integers(1, 3))
def test_what_bars_an_agent_only_for_now(agent: Agent, needs: Requirements, band: int, tenant: int) -> None:
    asked = Asked(needs, band, tenant)
    found = refusal_now(agent, asked)
    lasting = refusal(agent.profile, needs)
    if lasting is not None:
        assert found == lasting
        return
    fine = agent.barred is None and not is_shut(agent, needs) and has_room(agent, asked)
    assert (found is None) == fine
    if found is not None:
        assert found.passes in ("by_itself", "when_freed", "when_changed")
        if agent.barred is not None:
            assert found == agent.barred


fleets = st.lists(st.integers(0, 4), unique=True).flatmap(lambda ids: st.tuples(*[agents(n) for n in ids]))


@given(fleets, requirements)
def test_nobody_counts_each_reason_once_an_agent(fleet: tuple[Agent, ...], needs: Requirements) -> None:
    asked = Asked(needs)
    reason = nobody(fleet, asked)
    found = standings(fleet, asked)
    someone = any(no is None or no.passes == "when_freed" for no in found.values())
    assert (reason is None) == someone
    if reason is None:
        return
    if not fleet:
        assert reason == "no_agent"
        return
    counts = dict(part.split("=") for part in reason.removeprefix("nobody:").split(","))
    assert set(counts) == {no.code for no in found.values() if no is not None}
    assert sum(map(int, counts.values())) == len(fleet)
    assert list(map(int, counts.values())) == sorted(map(int, counts.values()), reverse=True)


@given(fleets, requirements)
def test_at_most_half_of_those_that_may_are_out(fleet: tuple[Agent, ...], needs: Requirements) -> None:
    able = [agent for agent in fleet if may(agent.profile, needs)]
    out = [agent for agent in able if agent.barred is not None and agent.barred.code == "ejected"]
    back = pardoned(able)
    left_out = [agent for agent in out if agent.id not in back]
    assert back <= {agent.id for agent in out}
    assert len(left_out) <= len(able) // 2
    assert len(left_out) == min(len(out), len(able) // 2), "no more are let back in than that takes"
    found = standings(fleet, Asked(needs))
    assert all((found[agent.id] or Refusal("busy", "")).code != "ejected" for agent in able if agent.id in back)
    assert all(found[agent.id] == agent.barred for agent in left_out)


def test_who_is_back_soonest_is_let_back_in_first() -> None:
    out = [
        Agent(id=number, profile=Profile(f"a{number}"), slots=1, barred=Refusal("ejected", "out", {"until": until}))
        for number, until in ((1, 30), (2, 10), (3, 20))
    ]
    assert pardoned(out) == {2, 3}, "of three only one may be out"
    assert pardoned([*out, Agent(id=4, profile=Profile("a4"), slots=1)]) == {2}


@given(agents(0), requirements, st.integers(0, 4), st.integers(1, 3))
def test_whoever_is_refused_for_now_stays_refused_while_given_more(
    agent: Agent, needs: Requirements, band: int, tenant: int
) -> None:
    """The plan relies on it: a candidate that was dropped need not be looked at again."""
    asked = Asked(needs, band, tenant)
    before = refusal_now(agent, asked)
    agent.running += 1
    agent.used = {name: agent.used.get(name, 0.0) + amount for name, amount in needs.resources}
    agent.reserved = taken(agent.reserved, 1, 2)
    agent.kind_room = {kind: KindRoom(left.room - 1) for kind, left in agent.kind_room.items()}
    if before is not None:
        assert refusal_now(agent, asked) is not None


# --- reserved slots


def keeping(*reserved: Reserved, slots: int = 3, running: int = 0) -> Agent:
    return Agent(id=1, profile=Profile("ann"), slots=slots, running=running, reserved=reserved)


def test_reserved_slots_are_kept_free_for_whom_they_are() -> None:
    critical = Reserved(1, band=1)
    assert refused_by(keeping(critical, running=1), 3, 1) is None
    refused = refused_by(keeping(critical, running=2), 3, 1)
    assert refused is not None
    assert (refused.code, refused.data) == ("reserved", {"free": 1, "reserved": 1})
    assert refused_by(keeping(critical, running=2), 1, 1) is None
    assert refused_by(keeping(critical, running=2), 0, 1) is None, "better bands may as well"
    used = keeping(critical._replace(running=1), running=2)
    assert refused_by(used, 3, 1) is None, "the reservation is used: what is left is for everybody"


def test_a_reservation_for_a_tenant_in_a_band_needs_both() -> None:
    both = Reserved(1, band=1, tenant=7)
    full = keeping(both, running=2)
    assert refused_by(full, 1, 7) is None
    assert refused_by(full, 1, 8) is not None
    assert refused_by(full, 2, 7) is not None


def test_who_reserves_all_slots_is_for_nobody_else_ever() -> None:
    refused = refused_by(keeping(Reserved(2, band=0), Reserved(1, tenant=7)), 3, 1)
    assert refused is not None
    assert refused.code == "dedicated"


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), max_size=20), agents(0))
def test_others_never_take_what_is_kept(tasks: list[tuple[int, int]], agent: Agent) -> None:
    """However tasks come, whoever slots are kept for can still have as many as were kept."""
    agent = keeping(Reserved(2, band=1), slots=5)
    for band, tenant in tasks:
        if agent.running < agent.slots and refused_by(agent, band, tenant) is None:
            agent.running += 1
            agent.reserved = taken(agent.reserved, band, tenant)
        entitled_running = agent.reserved[0].running
        assert agent.running - entitled_running <= 3


def test_one_plan_counts_who_uses_what_is_kept() -> None:
    """A critical task takes the kept slot, so two of the three normal ones fit beside it."""
    snapshot = Snapshot(
        agents=[keeping(Reserved(1, band=1), slots=3)],
        listeners=[Listener(1, (1,), 3)],
        lanes=[
            Lane(1, 1, 1, heads=[Head(0, 1)]),
            Lane(2, 1, 3, heads=[Head(0, 2), Head(0, 3), Head(0, 4)]),
        ],
        shapes={1: Requirements()},
    )
    assert [give.task for give in planned(snapshot).gives] == [1, 2, 3]
    snapshot.lanes = snapshot.lanes[1:]
    assert [give.task for give in planned(snapshot).gives] == [2, 3]


# --- slow start, price, distance


@given(st.integers(1, 1_000), st.floats(0, 120), st.floats(1, 120))
def test_slow_start_ends_with_all_slots_and_begins_with_one(slots: int, since: float, window: float) -> None:
    now = slots_so_far(slots, since, window)
    assert 1 <= now <= slots
    assert slots_so_far(slots, window, window) == slots
    assert slots_so_far(slots, since + 1, window) >= now
    later = next_slot_s(slots, since, window)
    assert (later == 0) == (now == slots)
    if later:
        assert slots_so_far(slots, since + later, window) > now


def test_slow_start_as_in_envoy() -> None:
    assert [slots_so_far(20, at, 60) for at in (0, 6, 30, 45, 60)] == [2, 2, 10, 15, 20]


def test_what_a_task_costs() -> None:
    cost = Cost(per_task=2.0, per_hour=36.0, per_1k_tokens=0.5, energy_per_hour=7.2)
    assert price(cost, 100) == pytest.approx(2.0 + 1.0 + 0.5)
    assert energy(cost, 100) == pytest.approx(0.2)
    assert price(None, 100) == energy(None, 100) == 0


def test_an_expected_time_decides_about_a_cost_cap() -> None:
    agent = Agent(id=1, profile=Profile("ann", cost=Cost(per_hour=3600)), slots=1, expected={"build": Known(5.0, 1.0)})
    asked = Asked(Requirements(kind="build", max_cost=4.9))
    refused = refusal_now(agent, asked)
    assert refused is not None
    assert (refused.code, refused.data) == ("cost", {"max_cost": 4.9, "expected": 5.0})
    assert refusal_now(agent, asked._replace(needs=Requirements(kind="build", max_cost=5.0))) is None
    assert refusal_now(agent, asked._replace(needs=Requirements(kind="other", max_cost=4.9))) is None


_paths = st.lists(st.sampled_from(["eu", "us", "west", "1"]), min_size=1, max_size=3).map("-".join)


@given(_paths | st.none(), _paths | st.none(), _paths)
def test_distances(one: str | None, other: str | None, third: str) -> None:
    assert 0 <= distance(one, other) == distance(other, one) <= 1
    assert distance(third, third) == 0
    assert distance(one, None) == 1
    assert distance(third, third + "-more") < 1


def test_regions_that_share_the_wider_part_are_nearer() -> None:
    assert distance("eu-west-1", "eu-west-2") == pytest.approx(1 / 3)
    assert distance("eu/west/1", "eu/north/1") == pytest.approx(2 / 3)
    assert distance("eu-west-1", "us-west-1") == 1


def test_codes_are_told_apart_by_when_they_pass() -> None:
    assert set(LASTING) - {"avoided"} == {code for code, (passes, _text) in CODES.items() if passes == "never"}
    assert all(text for _passes, text in CODES.values())
