"""The order of work: late tasks, needs handed up, tenants that had more than their share."""

from __future__ import annotations

from collections import Counter

import pytest

from rota.engine import needs
from rota.model.commands.fleet import CreateProject, SetTenant
from rota.model.commands.read import Explain, GetTask, ListTasks, ListTenants
from rota.model.commands.submit import Cancel, Edit, Redrive, Submit
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, queue, spec, states, submit, take, task, view


def order(rota: TestDistributor, names: dict[str, str], n: int = 50) -> list[str]:
    """The names of the tasks in the order in which they are given out."""
    return [names[it.task] for it in claim(rota, "ann", n)]


def named(rota: TestDistributor, **specs: TaskSpec) -> dict[str, str]:
    """Submit these together; their names by id."""
    ids = rota.call(Submit(tasks=[_with_ref(one, name) for name, one in specs.items()])).ids
    return dict(zip(ids, specs, strict=True))


def _with_ref(one: TaskSpec, name: str) -> TaskSpec:
    one.ref = name
    return one


def _work(n: int, tenant: str = "default", estimate: str = "10s") -> list[TaskSpec]:
    return [TaskSpec(title="t", tenant=tenant, estimate=estimate) for _ in range(n)]


class TestDue:
    def test_patience_grows_with_the_estimate(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(rota, long=spec(estimate="100s"), short=spec(estimate="1s"), none=spec(estimate="10s"))
        assert order(rota, names) == ["short", "none", "long"]

    @pytest.mark.parametrize(
        ("ordering", "expected"),
        [
            ("fifo", ["long", "short", "soon"]),
            ("fair", ["long", "short", "soon"]),
            ("shortest", ["short", "soon", "long"]),
            ("makespan", ["soon", "long", "short"]),
            ("deadline", ["soon", "short", "long"]),
        ],
    )
    def test_each_ordering(self, rota: TestDistributor, ordering: str, expected: list[str]) -> None:
        agent(rota, "ann", slots=9)
        queue(rota, "q", ordering=ordering)
        names = named(
            rota,
            long=spec(queue="q", estimate="60s"),
            short=spec(queue="q", estimate="1s"),
            soon=spec(queue="q", estimate="5s", deadline="1m"),
        )
        assert order(rota, names) == expected

    def test_history_stands_in_for_an_estimate(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        for kind, span in (("slow", "50s"), ("quick", "1s")):
            task(rota, kind=kind)
            given = take(rota, "ann")
            rota.clock.advance(span)
            done(rota, given)
        names = named(rota, slow=spec(kind="slow"), quick=spec(kind="quick"))
        assert order(rota, names) == ["quick", "slow"]

    def test_a_place_is_kept_when_history_changes(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        waiting = task(rota, kind="a", priority="low")
        before = rota.call(GetTask(task=waiting))
        task(rota, kind="a")
        given = take(rota, "ann")
        rota.clock.advance("50s")
        done(rota, given)
        rota.call(Edit(task=waiting, title="new"))
        names = named(rota, later=spec(kind="b", priority="low"))
        assert order(rota, {**names, before.id: "waiting"}) == ["waiting", "later"]


class TestLate:
    def test_who_can_hardly_be_in_time_stands_behind_those_who_can(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(
            rota,
            late=spec(deadline="10s", estimate="60s"),
            later=spec(deadline="11s", estimate="30s"),
            fine=spec(deadline="5m", estimate="60s"),
            plain=spec(),
        )
        assert order(rota, names) == ["fine", "plain", "later", "late"]

    def test_time_makes_it_late(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(rota, one=spec(deadline="60s", estimate="20s"), two=spec(deadline="80s", estimate="20s"))
        rota.clock.advance("58s")
        assert order(rota, names) == ["two", "one"]

    def test_never_behind_a_worse_band(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(rota, low=spec(priority="low"), late=spec(priority="high", deadline="1s", estimate="1h"))
        assert order(rota, names) == ["late", "low"]

    def test_a_new_deadline_brings_it_back(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(rota, late=spec(deadline="10s", estimate="60s"), plain=spec())
        late = next(number for number, name in names.items() if name == "late")
        rota.call(Edit(task=late, deadline="10m"))
        assert order(rota, names) == ["late", "plain"]


class TestInherited:
    def test_a_parent_takes_the_band_of_what_waits_for_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(
            rota,
            normal=spec(),
            grandparent=spec(priority="low"),
            parent=spec(priority="low", after=["grandparent"]),
            child=spec(priority="critical", after=["parent"]),
        )
        assert order(rota, names, 1) == ["grandparent"]

    def test_also_of_an_earlier_submit(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        low, normal = submit(rota, spec(priority="low"), spec())
        middle = task(rota, priority="low", after=[low])
        task(rota, priority="emergency", after=[middle])
        assert take(rota, "ann").task == low
        assert take(rota, "ann").task == normal

    def test_it_ends_with_the_one_that_waits(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        low, normal = submit(rota, spec(priority="low"), spec())
        middle = task(rota, priority="low", after=[low])
        child = task(rota, priority="emergency", after=[middle])
        rota.call(Cancel(tasks=[child]))
        assert take(rota, "ann").task == normal
        assert states(rota, [low, middle]) == ["ready", "blocked"]

    def test_or_with_the_edge(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        low, normal = submit(rota, spec(priority="low"), spec())
        child = task(rota, priority="emergency", after=[low])
        rota.call(Edit(task=child, after=[normal]))
        assert take(rota, "ann").task == normal

    def test_due_in_time_for_the_child(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(
            rota,
            other=spec(deadline="5m", estimate="10s"),
            parent=spec(estimate="10s"),
            child=spec(deadline="6m", estimate="2m", after=["parent"]),
        )
        assert order(rota, names) == ["parent", "other"]

    def test_of_those_needed_at_one_time_the_shorter_goes_first(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(
            rota,
            long=spec(estimate="40s"),
            short=spec(estimate="4s"),
            first=spec(estimate="30s"),
            child=spec(deadline="10m", estimate="60s", after=["long", "short"]),
            sooner=spec(deadline="9m50s", estimate="60s", after=["first"]),
        )
        # Needed by 9:00 (long, short) and 8:50 (first), each half its length later: 9:20, 9:02, 9:05.
        assert order(rota, names) == ["short", "first", "long"]

    def test_what_a_chain_hands_up_is_not_put_off(self, rota: TestDistributor) -> None:
        """Each task asks for its own work alone: a grandparent stands half its own estimate later, no more."""
        agent(rota, "ann", slots=9)
        names = named(
            rota,
            root=spec(estimate="10s"),
            middle=spec(estimate="60s", after=["root"]),
            child=spec(deadline="10m", estimate="60s", after=["middle"]),
            before=spec(deadline="8m4s", estimate="1s"),
            behind=spec(deadline="8m6s", estimate="1s"),
        )
        # Root is needed by 8:00 and stands at 8:05.
        assert order(rota, names) == ["before", "root", "behind"]

    def test_without_a_deadline_nothing_is_put_off(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        names = named(
            rota,
            long=spec(estimate="40s"),
            short=spec(estimate="4s"),
            child=spec(estimate="1s", after=["long", "short"]),
        )
        assert order(rota, names) == ["long", "short"]

    def test_a_retry_keeps_what_was_lent(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        normal, _child = submit(rota, spec(), spec(priority="critical", after=[low]))
        fail(rota, given, retry_at="1s")
        rota.clock.advance("2m")
        assert take(rota, "ann").task == low
        assert view(rota, normal).state == "ready"

    def test_a_new_life_has_not_what_ended_with_the_old_one(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        parent = task(rota, priority="low", max_attempts=1)
        task(rota, after=[parent], priority="critical")
        plain = task(rota, priority="normal")
        fail(rota, take(rota, "ann"))
        rota.call(Redrive(tasks=[parent]))
        assert view(rota, parent).state == "ready"
        assert [it.task for it in claim(rota, "ann", 2)] == [plain, parent]

    def test_a_long_chain_is_handed_up_over_several_turns(
        self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(needs, "AT_ONCE", 3)
        agent(rota, "ann", slots=9)
        first, normal = submit(rota, spec(priority="low"), spec())
        last = first
        for _ in range(8):
            last = task(rota, priority="low", after=[last])
        urgent = task(rota, priority="critical", after=[last])
        rota.clock.advance("3s")
        assert take(rota, "ann").task == first
        rota.call(Cancel(tasks=[urgent]))
        assert take(rota, "ann").task == normal


class TestFair:
    def shares(self, rota: TestDistributor, n: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for _ in range(n):
            given = take(rota, "ann")
            found[given.tenant] += 1
            rota.clock.advance("10s")
            done(rota, given)
        return found

    def test_one_tenant_can_not_flood_the_other(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        rota.call(Submit(tasks=[TaskSpec(title="t", tenant="flood", estimate="10s") for _ in range(200)]))
        rota.call(Submit(tasks=[TaskSpec(title="t", tenant="drop", estimate="10s") for _ in range(60)]))
        found = self.shares(rota, 100)
        assert abs(found["flood"] - found["drop"]) <= 6, "the slack is 5 tasks"

    def test_charged_by_work_and_corrected(self, rota: TestDistributor) -> None:
        """Who says that a task takes a second and takes ten is charged ten."""
        agent(rota, "ann")
        queue(rota, "q", ordering="fair")
        rota.call(Submit(tasks=[TaskSpec(title="t", queue="q", tenant="liar", estimate="1s") for _ in range(200)]))
        rota.call(Submit(tasks=[TaskSpec(title="t", queue="q", tenant="honest", estimate="10s") for _ in range(200)]))
        found = self.shares(rota, 120)
        assert abs(found["liar"] - found["honest"]) <= 12

    def test_idle_time_saves_nothing_up(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        for tenant, n in (("a", 150), ("b", 150)):
            rota.call(Submit(tasks=[TaskSpec(title="t", tenant=tenant, estimate="10s") for _ in range(n)]))
        self.shares(rota, 100)
        rota.call(Submit(tasks=[TaskSpec(title="t", tenant="late", estimate="10s") for _ in range(100)]))
        assert self.shares(rota, 60)["late"] <= 27

    def test_by_weight(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        assert rota.call(SetTenant(tenant="big", weight=4)).changed
        assert not rota.call(SetTenant(tenant="big", weight=4)).changed
        for tenant in ("big", "small"):
            rota.call(Submit(tasks=[TaskSpec(title="t", tenant=tenant, estimate="10s") for _ in range(120)]))
        assert rota.call(ListTenants()).tenants == {"big": 4, "small": 1}
        found = self.shares(rota, 100)
        assert abs(found["big"] - 80) <= 6

    def projects(self, rota: TestDistributor, n: int) -> Counter[str | None]:
        found: Counter[str | None] = Counter()
        for _ in range(n):
            given = take(rota, "ann")
            found[given.project] += 1
            rota.clock.advance("10s")
            done(rota, given)
        return found

    def test_one_project_can_not_flood_another_of_its_tenant(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        made = [
            rota.call(CreateProject(project=ProjectSpec(title=title), tasks=_work(n))).project
            for title, n in (("flood", 200), ("drop", 60))
        ]
        rota.call(Submit(tasks=_work(60)))
        found = self.projects(rota, 120)
        assert set(found) == {*made, None}
        assert max(found.values()) - min(found.values()) <= 7, "the slack is 5 tasks; what has no project is one more"
        waiting = next(iter(rota.call(ListTasks(project=made[0], state="ready", limit=1)).tasks))
        assert rota.call(Explain(task=waiting.id)).order.project_ahead_s >= 0

    def test_a_tenant_does_not_get_more_by_having_more_projects(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "default", ordering="fair")
        for _ in range(4):
            rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=_work(50, "many")))
        rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=_work(50, "one")))
        assert abs(self.shares(rota, 80)["one"] - 40) <= 1

    def test_projects_are_charged_by_work_and_corrected(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "default", ordering="fair")
        liar = rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=_work(150, estimate="1s"))).project
        honest = rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=_work(150))).project
        found = self.projects(rota, 120)
        assert abs(found[liar] - found[honest]) <= 12

    @pytest.mark.parametrize("weight", [0, -1, 1_000_001])
    def test_impossible_weights(self, rota: TestDistributor, weight: int) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(SetTenant(tenant="a", weight=weight))
        assert (caught.value.code, caught.value.field) == ("invalid", "weight")
