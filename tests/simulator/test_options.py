"""Settings: what is impossible is refused, naming the setting and the fix."""

from __future__ import annotations

import pytest

from rota.model.errors import RotaError
from rota.simulator.options import parsed
from rota.simulator.policies import POLICIES
from tests.simulator.runs import run, setup


@pytest.mark.parametrize(
    ("given", "field", "what"),
    [
        ({"noize": "1"}, "--set noize", "did you mean 'noise'"),
        ({"fail": "1"}, "--set fail", "did you mean 'agent.fail'"),
        ({"noise": "-1"}, "--set noise", ">= 0"),
        ({"noise": "nan"}, "--set noise", ">= 0"),
        ({"load": "0"}, "--set load", "> 0"),
        ({"tasks": "0"}, "--set tasks", ">= 1"),
        ({"tasks": "1.5"}, "--set tasks", "whole number"),
        ({"order": "best"}, "--set order", "shortest"),
        ({"policy": "fife"}, "policy", "did you mean 'fifo'"),
        ({"service.base": "1"}, "--set service.base", "means nothing to generated tasks"),
        ({"agent.fail": "1.5"}, "--set agent.fail", "<= 1"),
        ({"agent.speed": "0"}, "--set agent.speed", "> 0"),
        ({"agent.bob.fail": "0.5"}, "--set agent.bob.fail", "no agent is called 'bob'"),
        ({"agent.sped": "1"}, "--set agent.sped", "did you mean 'agent.speed'"),
        ({"queue.dpth": "1"}, "--set queue.dpth", "did you mean 'queue.depth'"),
        ({"queue.depth": "x"}, "--set queue.depth", "whole number"),
        ({"pool.strategy": "best"}, "--set pool.strategy", "round_robin"),
        ({"deadline": "soon"}, "--set deadline", "estimate*A..B"),
        ({"deadline": "estimate*3..2"}, "--set deadline", "the smaller first"),
        ({"deadline": "run+5@2"}, "--set deadline", "share between 0 and 1"),
        ({"deadline": "estimate*2", "estimates": "none"}, "--set deadline", "no estimates"),
        ({"tenants": "1:0"}, "--set tenants", "above 0"),
        ({"bands": "urgent"}, "--set bands", "none of emergency"),
        ({"service": "hyperexponential", "service.cv": "0.5"}, "--set service.cv", "at least 1"),
    ],
)  # fmt: skip
def test_an_impossible_setting_is_refused(given: dict[str, str], field: str, what: str) -> None:
    with pytest.raises(RotaError) as refused:
        setup("poisson", "2", more=given)
    assert refused.value.field == field
    assert what in refused.value.message


@pytest.mark.parametrize(("field", "value"), [("queue.depth", "0"), ("queue.term", "0"), ("queue.overflow", "move")])
def test_a_policy_the_engine_refuses_is_refused_under_its_setting(field: str, value: str) -> None:
    with pytest.raises(RotaError) as refused:
        run("poisson", "2", tasks="5", more={field: value})
    assert refused.value.field == f"--set {field}"


@pytest.mark.parametrize("slots", ["0", "x", "3x0", "-1", "", "20000"])
def test_impossible_slots_are_refused(slots: str) -> None:
    with pytest.raises(RotaError) as refused:
        setup("poisson", slots)
    assert refused.value.field == "--slots"


def test_somebody_must_do_the_tasks() -> None:
    with pytest.raises(RotaError, match="take --slots N"):
        setup("poisson")


def test_pairs_are_read_as_they_are_written() -> None:
    assert parsed(["a=.5", " b = x=y "]) == {"a": "0.5", "b": "x=y"}
    for wrong in (["a"], ["=1"], ["a="], ["a=1", "a=2"]):
        with pytest.raises(RotaError):
            parsed(wrong)


def test_what_the_user_sets_wins_over_the_policy_and_the_workload() -> None:
    ready = setup("seed", load="0.5", policy="fifo", queue__ordering="deadline", queue__backoff__base="3")
    assert ready.options.settings.load == 0.5
    assert ready.options.settings.cv == 3
    assert ready.queues["default"].ordering == "deadline"
    assert ready.queues["default"].backoff.base == 3


@pytest.mark.parametrize("policy", list(POLICIES))
def test_every_policy_runs(policy: str) -> None:
    assert run("bursty", "3", tasks="40", policy=policy, deadline="estimate*3").ended["done"] == 40
