"""fleet.toml: what none of its agents may do is refused where Rota starts them all, and told where others may come."""

from __future__ import annotations

import pytest

from rota.agents.apply import apply_fleet
from rota.files.toml import parse_fleet
from rota.operations.distributor import Distributor
from tests.files.refusal import assert_refused

STARTED = '[[agent]]\nname = "ann"\ncommand = ["true"]\nskills = { python = 1 }\nrole = "coder"\nregion = "eu"\n'
OUTSIDE = '[[agent]]\nname = "bob"\n'
RULE = "[[rule]]\nmatch = {{ kind = 'x' }}\nset = {{ {} }}\n"
STAGES = "[queue.q]\nstages = [{}]\n"
DEAR = '[[agent]]\nname = "ann"\ncommand = ["true"]\ncost = { per_hour = 3 }\n'

FOR_NOBODY = [
    (RULE.format("pin = 'anna'"), "rule[0].set.pin", "did you mean 'ann'"),
    (RULE.format("role = 'codr'"), "rule[0].set.role", "did you mean 'coder'"),
    (RULE.format("regions = ['mars']"), "rule[0].set.regions", "needs region mars, is in eu"),
    (RULE.format("skills = { pyhton = 1 }"), "rule[0].set.skills.pyhton", "did you mean 'python'"),
    (RULE.format("skills = { python = 2 }"), "rule[0].set.skills.python", "needs python 2, has 1"),
    (RULE.format("resources = { gpu = 1 }"), "rule[0].set.resources.gpu", "needs 1 gpu, offers 0"),
    (RULE.format("ban = ['ann', 'bob']"), "rule[0].set.ban", "banned"),
    ("[[limit]]\ncapacity = 1\nkey = 'agent:anna'\n", "limit[0].key", "did you mean 'ann'"),
    (
        STAGES.format("{ attempts = 1, change = { person = { role = 'chief' } } }"),
        "queue.q.stages[0].change.person.role",
        "no agent of this file in pool 'default' is of role 'chief'",
    ),
    (
        "[pool.p]\n[queue.p]\npool = 'p'\nstages = [{ after = 9, change = { person = { queue = 'far' } } }]\n"
        "[queue.far]\npool = 'far'\n",
        "queue.p.stages[0].change.person.queue",
        "no agent of this file is in the pool",
    ),
]


def line_of(text: str, field: str) -> int:
    """The line on which the last word of the field stands first."""
    word = field.rpartition(".")[2].partition("[")[0]
    return next(number for number, line in enumerate(text.splitlines(), 1) if f"{word} =" in line)


@pytest.mark.parametrize(("text", "field", "said"), FOR_NOBODY, ids=[field for _, field, _ in FOR_NOBODY])
def test_refused_where_rota_starts_all_agents(text: str, field: str, said: str) -> None:
    at = line_of(text, field)
    assert_refused(lambda: parse_fleet(text + STARTED, "fleet.toml"), f"fleet.toml:{at} {field}", said, "[[agent]]")


@pytest.mark.parametrize(("text", "field", "said"), FOR_NOBODY, ids=[field for _, field, _ in FOR_NOBODY])
def test_told_where_agents_come_from_outside(text: str, field: str, said: str) -> None:
    first = parse_fleet(text + STARTED + OUTSIDE, "fleet.toml").cautions[0]
    assert first.where == f"fleet.toml:{line_of(text, field)} {field}"
    assert said in first.text


@pytest.mark.parametrize("text", [text for text, _, _ in FOR_NOBODY], ids=[field for _, field, _ in FOR_NOBODY])
def test_nothing_is_asked_of_a_file_without_agents(text: str) -> None:
    assert parse_fleet(text, "fleet.toml").cautions == ()


def test_a_price_that_nobody_can_keep_to() -> None:
    text = RULE.format("max_cost = 0") + DEAR
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), "fleet.toml:3 rule[0].set.max_cost", "may cost 0")
    assert parse_fleet(text + '[[agent]]\nname = "free"\ncommand = ["true"]\n', "fleet.toml").cautions == ()


def test_all_that_a_rule_asks_for_must_be_of_one_agent() -> None:
    other = '[[agent]]\nname = "eve"\ncommand = ["true"]\nrole = "editor"\n'
    text = RULE.format("role = 'editor', skills = { python = 1 }") + STARTED + other
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), "fleet.toml:3 rule[0].set", "needs role editor, has coder")


def test_the_queue_decides_who_is_asked() -> None:
    far = '[queue.far]\npool = "far"\n[[agent]]\nname = "eve"\ncommand = ["true"]\npool = "far"\n'
    asks = RULE.format("queue = 'far', skills = { python = 1 }")
    assert_refused(lambda: parse_fleet(asks + far + STARTED, "fleet.toml"), "fleet.toml:3 rule[0].set.skills.python")
    without = RULE.format("skills = { python = 1 }")
    assert parse_fleet(without + far + STARTED, "fleet.toml").cautions == ()


@pytest.mark.parametrize(
    ("stage", "comes"),
    [
        ("{ after = '10m', change = { skills = { rust = 0 } } }", True),
        ("{ before_deadline = '10m', change = { skills = { rust = 0 } } }", True),
        ("{ attempts = 1, change = { skills = { rust = 0 } } }", False),
    ],
)
def test_what_stages_of_the_queue_let_go_in_time_may_be_asked(stage: str, comes: bool) -> None:
    text = RULE.format("queue = 'q', skills = { rust = 2 }") + STAGES.format(stage) + STARTED
    if comes:
        assert parse_fleet(text, "fleet.toml").cautions == ()
    else:
        assert_refused(lambda: parse_fleet(text, "fleet.toml"), "fleet.toml:3 rule[0].set.skills.rust")


def test_a_queue_whose_pool_has_no_agents_is_told() -> None:
    (one,) = parse_fleet('[pool.p]\n[queue.q]\npool = "p"\n' + STARTED, "fleet.toml").cautions
    assert one.where == "fleet.toml:3 queue.q.pool"
    moved = '[pool.p]\n[queue.q]\npool = "p"\nstages = [{ after = 9, change = { queue = "default" } }]\n'
    assert parse_fleet(moved + STARTED, "fleet.toml").cautions == ()


def test_preemption_that_can_never_be() -> None:
    on = "[pool.default]\npreempt = { %s }\n"
    assert_refused(
        lambda: parse_fleet(on % "" + DEAR, "fleet.toml"), "fleet.toml:2 pool.default.preempt", "priced = true"
    )
    assert parse_fleet(on % "priced = true" + DEAR, "fleet.toml").cautions == ()
    assert parse_fleet(on % "" + DEAR + STARTED.replace("ann", "eve"), "fleet.toml").cautions == ()
    assert len(parse_fleet(on % "" + DEAR + '[[agent]]\nname = "bob"\ncost = { per_task = 1 }\n', "f").cautions) == 1


@pytest.mark.parametrize("key", ["tennant", "Tenant", "tenants", "tennant:acme", "agents:ann", "payload.document"])
def test_keys_that_are_all_but_fields(key: str) -> None:
    text = f"[[limit]]\nkey = '{key}'\ncapacity = 1\n"
    said = "braces" if "." in key else f"did you mean '{'agent' if 'agent' in key else 'tenant'}"
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), "fleet.toml:2 limit[0].key", said)
    rule = f"[[rule]]\nmatch = {{}}\nset = {{ limits = ['{key}'] }}\n"
    assert parse_fleet(rule + text, "fleet.toml").limits[0].key == key, "a rule says that it is meant"


def test_names_of_ones_own_are_fine() -> None:
    for key in ("openai", "project-x", "queue2", "long"):
        assert parse_fleet(f"[[limit]]\nkey = '{key}'\ncapacity = 1\n", "fleet.toml").cautions == ()


def test_stages_that_probably_change_nothing() -> None:
    late = "[queue.q]\nttl = '1m'\nstages = [{ after = '1m', change = { raise_by = 1 } }]\n"
    (one,) = parse_fleet(late, "fleet.toml").cautions
    assert (one.where, "60 seconds" in one.text) == ("fleet.toml:3 queue.q.stages[0].after", True)
    assert parse_fleet(late.replace("after = '1m'", "after = '59s'"), "fleet.toml").cautions == ()
    wide = "{ after = '1m', change = { widen = 'any', skills = { py = 1 } } }"
    near = "{ attempts = 1, change = { widen = 'near', skills = { py = 2 } } }"
    found = parse_fleet(STAGES.format(f"{wide}, {near}"), "fleet.toml").cautions
    place = "fleet.toml:2 queue.q.stages[1].change"
    assert [one.where for one in found] == [f"{place}.widen", f"{place}.skills.py"]
    assert parse_fleet(STAGES.format(f"{near}, {wide}"), "fleet.toml").cautions == ()


def test_queues_that_take_each_others_overflow_can_be_used() -> None:
    text = "[queue.{}]\ndepth = 1\noverflow = 'move'\noverflow_queue = '{}'\n"
    fleet = parse_fleet(text.format("a", "b") + text.format("b", "a"), "fleet.toml")
    with Distributor.open(":memory:") as rota:
        apply_fleet(rota, fleet)
