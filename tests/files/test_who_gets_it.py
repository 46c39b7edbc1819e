"""What fleet.toml says of who gets which task: strategies, resources, hours, reserved slots."""

from __future__ import annotations

import pytest

from rota.files.toml import parse_fleet
from rota.model.agent import Reserve
from rota.model.errors import RotaError
from rota.planning.strategies import STRATEGIES

AGENT = '[[agent]]\nname = "ann"\nslots = 2\n'


def refused(text: str) -> RotaError:
    with pytest.raises(RotaError) as caught:
        parse_fleet(text, "fleet.toml")
    return caught.value


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_strategy_can_be_chosen(strategy: str) -> None:
    policy = parse_fleet(f'[pool.p]\nstrategy = "{strategy}"', "fleet.toml").pools["p"]
    assert (policy.strategy, policy.terms) == (strategy, {})


def test_a_strategy_of_ones_own() -> None:
    fleet = parse_fleet(
        '[pool.p]\nstrategy = "mine"\nmatching = "regret"\n[strategy.mine]\nutilisation = 1\ncost = 0.3', "fleet.toml"
    )
    policy = fleet.pools["p"]
    assert (policy.strategy, policy.matching) == ("mine", "regret")
    assert policy.terms == {"utilisation": 1.0, "cost": 0.3}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('[pool.p]\nstrategy = "balansed"', "fleet.toml:2 pool.p.strategy", "did you mean 'balanced'"),
        ('[pool.p]\nstrategy = "mine"', "fleet.toml:2 pool.p.strategy", "or add [strategy.mine]"),
        ("[strategy.mine]\ncosts = 1", "fleet.toml:2 strategy.mine.costs", "did you mean 'cost'"),
        ("[strategy.mine]\nload = 1\ncost = 0", "fleet.toml:3 strategy.mine.cost", "above 0"),
        ("[strategy.mine]\ncost = -2", "fleet.toml:2 strategy.mine.cost", "above 0"),
        ("[strategy.mine]\ncost = nan", "fleet.toml:2 strategy.mine.cost", "above 0"),
        ("\n[strategy.mine]", "fleet.toml:2 strategy.mine", "weighs no term"),
        ("[strategy.random]\nload = 1", "fleet.toml:1 strategy.random", "another name"),
        ('[pool.p]\nmatching = "best"', "fleet.toml:2 pool.p.matching", "regret"),
        ("[pool.p]\nbreaker_s = -1", "fleet.toml:2 pool.p.breaker_s", "0"),
    ],
)
def test_strategies_that_mean_nothing(text: str, place: str, said: str) -> None:
    error = refused(text)
    assert error.field == place
    assert said in error.message


def test_resources_hours_and_reserved_slots() -> None:
    spec = (
        parse_fleet(
            AGENT
            + """resources = { gpu = 2, memory_gb = 64.5 }
hours = ["mon-fri 09:00-17:00", "sat 10:00-14:00"]
time_zone = "Europe/Berlin"
reserve = [{ priority = "critical" }, { slots = 2, tenant = "acme", hours = ["daily 22:00-06:00"] }]
""",
            "fleet.toml",
        )
        .agents[0]
        .spec
    )
    assert spec.resources == {"gpu": 2.0, "memory_gb": 64.5}
    assert spec.hours == ("mon-fri 09:00-17:00", "sat 10:00-14:00")
    assert spec.time_zone == "Europe/Berlin"
    assert spec.reserve == (
        Reserve(priority="critical"),
        Reserve(slots=2, tenant="acme", hours=("daily 22:00-06:00",)),
    )


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("resources = { gpu = 0 }", "resources.gpu", "0"),
        ('hours = ["9 to 5"]', "hours[0]", "mon-fri 09:00-17:00"),
        ('hours = ["mon 09:00-17:00", "mom 09:00-17:00"]', "hours[1]", "no day"),
        ('hours = ["mon 09:00-17:00"]\ntime_zone = "Berlin"', "time_zone", "Europe/Berlin"),
        ('time_zone = "Europe/Berlin"', "time_zone", "only used with hours"),
        ("reserve = [{ slots = 1 }]", "reserve[0]", "priority nor by tenant"),
        ('reserve = [{ priority = "low" }]', "reserve[0].priority", "name a better one"),
        ('reserve = [{ slots = 3, tenant = "acme" }]', "reserve[0].slots", "the 2 slots"),
        ('reserve = [{ slots = 2, tenant = "a" }, { tenant = "b" }]', "reserve[1].slots", "2 for 'a' and 1 for 'b'"),
        ('reserve = [{ tenant = "acme", hours = ["never"] }]', "reserve[0].hours[0]", "mon-fri"),
    ],
)
def test_agents_that_contradict_themselves(line: str, place: str, said: str) -> None:
    error = refused(AGENT + line)
    assert (error.field or "").startswith("fleet.toml:")
    assert (error.field or "").endswith(f" agent[0].{place}")
    assert said in error.message
