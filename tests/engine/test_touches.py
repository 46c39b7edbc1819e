"""Tasks that touch the same, or something inside it, do not run at once."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from rota.model.commands.fleet import SetQueue
from rota.model.commands.read import Explain
from rota.model.commands.submit import Cancel, Submit
from rota.model.commands.work import Approve, Claim, Reject
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.task import Given, TaskSpec
from rota.model.touches import above, place_of, place_under, places_of
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, give_back, states, submit, take, view
from tests.engine.test_limits import clean, ids


def touching(*patterns: str, **more: object) -> TaskSpec:
    return TaskSpec(title="change", touches=list(patterns), **more)  # type: ignore[arg-type]


def clash(one: list[str], other: list[str]) -> bool:
    return any(a == b or a in above(b) or b in above(a) for a in places_of(one) for b in places_of(other))


@pytest.mark.parametrize(
    ("patterns", "places"),
    [
        (["src/**"], ["src"]),
        (["src/auth/*.py", "./src/auth//login.py"], ["src/auth"]),
        (["src/au*", "docs/a.md"], ["docs/a.md", "src"]),
        (["**/*.py", "src"], ["."]),
        (["a/b/c/d/e/f/g/h/i/j"], ["a/b/c/d/e/f/g/h"]),
    ],
)
def test_a_pattern_is_cut_to_where_it_begins(patterns: list[str], places: list[str]) -> None:
    assert places_of(patterns) == places


def test_a_folder_around_a_pattern_keeps_it_from_those_in_others() -> None:
    assert place_of(place_under("acme/", "**")) == "acme"
    assert place_of(place_under("*/", "src/**")) == "_/src"


@pytest.mark.parametrize("wrong", ["/etc/passwd", "../other/**", "", "a\nb"])
def test_what_is_no_place_is_refused(memory: TestDistributor, wrong: str) -> None:
    with pytest.raises(RotaError) as refused:
        memory.call(Submit(tasks=[touching("src", wrong)]))
    assert refused.value.field == "tasks[0].touches[1]"


def test_a_folder_and_what_is_in_it_are_kept_apart_and_the_reason_is_said(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=50)
    auth, api, whole, docs = submit(
        rota, touching("src/auth/**"), touching("src/api/*.py"), touching("src/**"), touching("docs/**")
    )
    assert states(rota, [auth, api, whole, docs]) == ["ready", "ready", "blocked", "ready"]
    assert view(rota, whole).touches == ["src"]
    given = {one.task: one for one in claim(rota, "ann", 9)}
    assert set(given) == {auth, api, docs}
    (late,) = submit(rota, touching("src/auth/login.py"))
    found = rota.call(Explain(task=late))
    # It stands behind the one that wants all of `src`: nobody goes past whoever came first.
    assert (found.reason, found.text) == ("limit:touches src", f"touches src, which {auth}, {api} have")
    done(rota, given[api])
    assert rota.call(Explain(task=whole)).text == f"touches src, which {auth} has"
    done(rota, given[auth])
    (all_of_it,) = claim(rota, "ann", 9)
    assert all_of_it.task == whole
    assert rota.call(Explain(task=late)).waiting_for == [whole]
    done(rota, all_of_it)
    assert ids(claim(rota, "ann", 9)) == [late]
    clean(rota)


def test_a_better_task_takes_a_folder_from_those_that_only_wait(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=50)
    waiting = submit(rota, *(touching(f"src/{name}") for name in "abc"))
    (urgent,) = submit(rota, touching("src", priority="critical"))
    assert states(rota, [*waiting, urgent]) == ["blocked", "blocked", "blocked", "ready"]
    given = take(rota, "ann")
    assert given.task == urgent
    done(rota, given)
    assert sorted(ids(claim(rota, "ann", 9))) == sorted(waiting)
    clean(rota)


def test_what_is_reviewed_keeps_what_it_touches_until_it_is_decided(rota: TestDistributor) -> None:
    rota.call(SetQueue(queue="default", policy=QueuePolicy(approval=True, max_attempts=9)))
    agent(rota, "ann", slots=50)
    first, second = submit(rota, touching("src/auth/**"), touching("src"))
    done(rota, take(rota, "ann"))
    assert states(rota, [first, second]) == ["review", "blocked"]
    assert rota.call(Explain(task=second)).waiting_for == [first]
    rota.call(Reject(task=first, reason="no"))
    # Nobody else could have changed what it goes on from.
    again = take(rota, "ann")
    assert again.task == first
    done(rota, again)
    (urgent,) = submit(rota, touching("src/auth/login.py", priority="critical"))
    assert states(rota, [first, urgent]) == ["review", "blocked"]
    rota.call(Approve(tasks=[first]))
    assert take(rota, "ann").task == urgent
    clean(rota)


@pytest.mark.parametrize("seed", range(2))
def test_nothing_clashes_and_nobody_waits_for_ever(rota: TestDistributor, seed: int) -> None:
    random = Random(seed)
    rota.call(SetQueue(queue="reviewed", policy=QueuePolicy(approval=True, max_attempts=99)))
    agent(rota, "ann", slots=6)
    folders = [".", "a", "a/b", "a/b/c", "a/d", "e", "e/f", "g/h/i", "g/h"]
    specs: dict[str, TaskSpec] = {}
    for number in range(40):
        patterns = [folder if folder != "." else "**" for folder in random.sample(folders, random.choice([0, 1, 1, 2]))]
        queue, priority = random.choice(["default", "reviewed"]), random.choice(["low", "normal", "high"])
        spec = touching(*patterns, queue=queue, priority=priority, max_attempts=99)
        specs.update(zip(submit(rota, spec), [spec], strict=True))
        if number % 7 == 0:
            rota.call(Cancel(tasks=[random.choice(list(specs))]))
    held: dict[str, Given | None] = {}
    """What is worked on, and (None) what is reviewed."""
    for _round in range(2_000):
        for given in rota.call(Claim(agent="ann", n=random.randint(1, 4))).tasks:
            for other in held:
                assert not clash(specs[given.task].touches, specs[other].touches), (given.task, other)
            held[given.task] = given
        if not held:
            if all(found in ("done", "cancelled") for found in states(rota, list(specs))):
                break
            rota.clock.advance(400)  # what failed is tried again
            continue
        task = random.choice(list(held))
        given_to = held.pop(task)
        if given_to is None:
            rota.call(random.choice([Approve(tasks=[task]), Reject(task=task, reason="no")]))
        else:
            ways: list[Callable[..., object]] = [done, done, done, fail, give_back]
            how = random.choice(ways)
            how(rota, given_to)
            if how is done and specs[task].queue == "reviewed":
                held[task] = None
    assert not held
    assert set(states(rota, list(specs))) <= {"done", "cancelled"}
    clean(rota)
