"""Laws that hold for every run: they hold, and they would be noticed if they did not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rota.model.errors import RotaError
from rota.simulator import ledger
from rota.simulator.measures.laws import LawBroken, Level, conserved, graham, little
from rota.simulator.simulate import simulate
from tests.simulator.runs import run, setup


@settings(max_examples=12)
@given(
    seed=st.integers(0, 1_000),
    slots=st.sampled_from(["1", "3", "2x2"]),
    load=st.sampled_from(["0.3", "0.9", "1.5"]),
    fail=st.sampled_from(["0", "0.3"]),
    patience=st.sampled_from(["0", "20"]),
)
def test_little_and_conservation_hold_whatever_happens(
    seed: int, slots: str, load: str, fail: str, patience: str
) -> None:
    found = run(
        "bursty", slots, seed=seed, tasks="60", load=load, patience=patience, agent__fail=fail,
        bands="critical:1,low:1", tenants="1:3",
    )  # fmt: skip
    law = found.laws.little
    assert law.in_system == pytest.approx(law.arrivals_per_s * law.time_in_system_s, rel=1e-6)
    assert found.laws.conservation_checked >= 60
    assert found.inversions == 0
    assert found.tasks == 60 == sum(found.ended.values())


def test_a_lost_task_breaks_littles_law() -> None:
    system, waiting = Level(0), Level(0)
    system.change(1, 0)
    system.change(-1, 10)
    assert little(system, waiting, 10, 0, 1, 0, 10).in_system == 1
    with pytest.raises(LawBroken, match="Little"):
        little(system, waiting, 9, 0, 1, 0, 10)


def test_an_idle_slot_beside_a_waiting_task_breaks_conservation() -> None:
    conserved(0b011, 0b100, 0)
    with pytest.raises(LawBroken, match="agent 1 has a free slot"):
        conserved(0b011, 0b010, 0)


def test_grahams_bounds_are_bounds() -> None:
    graham(response=60, path=50, work=100, processed=100, slots=2, tasks=0)
    graham(response=75, path=50, work=100, processed=100, slots=2, tasks=0)
    with pytest.raises(LawBroken, match="no list schedule takes more"):
        graham(response=76, path=50, work=100, processed=100, slots=2, tasks=0)
    with pytest.raises(LawBroken, match="at least 50"):
        graham(response=49, path=50, work=80, processed=80, slots=2, tasks=0)


def test_groups_are_checked_alone_and_together(tmp_path: Path) -> None:
    fork = '[["a",2,[]],["b",3,[0]],["c",4,[0]],["d",1,[1,2]]]'
    chain = '[["a",5,[]],["b",5,[0]]]'
    file = tmp_path / "flows.jsonl"
    file.write_text("".join(f'{{"name":"w{n}","tasks":{fork if n % 2 else chain}}}\n' for n in range(12)))
    alone = run(file, "3", load="0.01", deadline="path*1.1")
    assert alone.groups is not None
    assert (alone.groups.n, alone.groups.done, alone.groups.graham_checked) == (12, 12, 12)
    assert alone.groups.stretch is not None
    assert alone.groups.stretch.most == pytest.approx(1)
    assert alone.groups.deadlines.share == 1
    together = run(file, "3", load="2", deadline="path*1.1")
    assert together.groups is not None
    assert together.groups.graham_checked == 12
    assert together.groups.stretch is not None
    assert together.groups.stretch.most > 1.5
    assert together.groups.deadlines.met < 12
    unequal = run(file, "3", load="2", more={"agent.agent-1.speed": "2"})
    assert unequal.groups is not None
    assert unequal.groups.graham_checked == 0


@pytest.mark.parametrize(
    "kept",
    [
        'slots = 4\n[[limit]]\nkey = "tenant"\ncapacity = 1\n',
        'slots = 4\nhours = ["daily 09:00-17:00"]\n',
        'slots = 4\nreserve = [{ slots = 3, priority = "high" }]\n',
        "slots = 4\n[pool.default]\nslow_start_s = 600\n",
        'slots = "auto"\nmin_slots = 1\nmax_slots = 50\n',
    ],
)
def test_groups_are_not_held_to_bounds_of_slots_they_may_not_have(tmp_path: Path, kept: str) -> None:
    """Graham's are for slots that are free for everything at all times."""
    tasks = ",".join(f'["t{n}",5,[]]' for n in range(40))
    (tmp_path / "flows.jsonl").write_text(f'{{"name":"w","tasks":[{tasks}]}}\n')
    (tmp_path / "fleet.toml").write_text(f'[[agent]]\nname = "a"\n{kept}')
    found = simulate(setup(tmp_path / "flows.jsonl", fleet=str(tmp_path / "fleet.toml"))).result
    assert found.groups is not None
    assert (found.groups.done, found.groups.graham_checked) == (1, 0)


def test_a_broken_law_is_told_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else can break one from outside: here every free slot counts as one that a task waits for."""
    monkeypatch.setattr(ledger, "conserved", lambda _waiting, free, now: conserved(free, free, now))
    with pytest.raises(RotaError, match="work conservation") as caught:
        run("poisson", "2", tasks="5")
    assert caught.value.code == "simulation_fault"
    assert "seed" in caught.value.fix
    assert "real tasks" in caught.value.fix
