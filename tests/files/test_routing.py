"""fleet.toml: stages, rules, regions and preemption, as they should be and as they can not be."""

from __future__ import annotations

import pytest

from rota.files.toml import parse_fleet
from rota.model.queue import Preemption
from rota.model.rule import Rule, RuleSet
from rota.model.stage import Change, Person, Stage
from tests.files.refusal import assert_refused

WHOLE = """\
[region.eu]
near = ["uk"]

[queue.people]

[queue.q]
max_attempts = 4
stages = [
    { after = "10m", change = { raise_by = 1 } },
    { after = "20m", change = { widen = "near", skills = { gpu = 0 } } },
    { attempts = 3, change = { person = { role = "editor", queue = "people" }, notify = "three have failed" } },
    { before_deadline = "1h", change = { priority = "critical" } },
]

[pool.default]
preempt = { band = "critical", over = "normal", patience_s = 5 }

[[rule]]
name = "german"
match = { payload.language = "de" }
set = { queue = "people", skills = { german = 2 } }

[[rule]]
match = { any = [{ kind = ["fix", "hotfix"] }, { title = { prefix = "URGENT" } }], not = { tenant = "trial" } }
set = { priority = "high" }
"""


def test_all_of_it() -> None:
    fleet = parse_fleet(WHOLE, "fleet.toml")
    found = fleet.queues["q"]
    assert found.near == {"eu": ("uk",)}
    assert found.stages == (
        Stage(after=600.0, change=Change(raise_by=1)),
        Stage(after=1_200.0, change=Change(widen="near", skills={"gpu": 0})),
        Stage(attempts=3, change=Change(person=Person(role="editor", queue="people"), notify="three have failed")),
        Stage(before_deadline=3_600.0, change=Change(priority="critical")),
    )
    assert fleet.pools["default"].preempt == Preemption(band="critical", over="normal", patience_s=5.0)
    assert fleet.rules[0] == Rule(
        name="german",
        match={"payload": {"language": "de"}},
        set=RuleSet(queue="people", skills={"german": 2}),
    )
    assert fleet.rules[1].set == RuleSet(priority="high")


STAGES = '[queue.q]\nmax_attempts = 3\nstages = [\n{ after = "1m", change = { widen = "any" } },\n'
RULES = "[[rule]]\nmatch = { kind = ['fix', 'build'] }\nset = { priority = 'high' }\n[[rule]]\n"

WRONG = [
    (f"{STAGES}{{ after = -1, change = {{ raise_by = 1 }} }}]", "fleet.toml:5 queue.q.stages[1].after", ["ten years"]),
    (f"{STAGES}{{ change = {{ raise_by = 1 }} }}]", "fleet.toml:5 queue.q.stages[1]", ["exactly one of"]),
    (f"{STAGES}{{ after = 1, change = {{}} }}]", "fleet.toml:5 queue.q.stages[1].change", ["changes nothing"]),
    (
        f"{STAGES}{{ after = 120, change = {{ widen = 'near' }} }}]",
        "fleet.toml:5 queue.q.stages[1].change.widen",
        ["must not narrow"],
    ),
    (f"{STAGES}{{ attempts = 3, change = {{ raise_by = 1 }} }}]", "fleet.toml:5 queue.q.stages[1].attempts", ["never"]),
    (f"{STAGES}{{ after = 1, change = {{ raise_by = 0 }} }}]", "fleet.toml:5 queue.q.stages[1].change.raise_by", []),
    (
        f"{STAGES}{{ after = 1, change = {{ queue = 'w' }} }}]\n[queue.work]",
        "fleet.toml:5 queue.q.stages[1].change.queue",
        ["no queue 'w'"],
    ),
    (f"{RULES}match = {{ kind = 'fix' }}\nset = {{}}", "fleet.toml:5 rule[1].match", ["never matches", "rule 1"]),
    (
        f"{RULES}match = {{ kid = 'fix' }}\nset = {{}}",
        "fleet.toml:5 rule[1].match.kid",
        ["no field", "did you mean 'kind'"],
    ),
    (
        f"{RULES}match = {{ priority = 'hihg' }}\nset = {{}}",
        "fleet.toml:5 rule[1].match.priority",
        ["mean 'high'", "none"],
    ),
    (
        f"{RULES}match = {{ kind = {{ '<' = 2 }} }}\nset = {{}}",
        "fleet.toml:5 rule[1].match.kind['<']",
        ["compared with"],
    ),
    (
        f"{RULES}match = {{ estimate = 'x' }}\nset = {{}}",
        "fleet.toml:5 rule[1].match.estimate",
        ["a number of seconds"],
    ),
    (
        f"{RULES}match = {{ estimate = {{ '<' = 2, '>' = 3 }} }}\nset = {{}}",
        "fleet.toml:5 rule[1].match",
        ["can never match"],
    ),
    (f"{RULES}match = {{}}\nset = {{ queue = 'none' }}", "fleet.toml:6 rule[1].set.queue", ["no queue 'none'"]),
    (f"{RULES}match = {{}}\nset = {{ deadline = '-5' }}", "fleet.toml:6 rule[1].set.deadline", []),
    (f"{RULES}match = {{}}\nset = {{ pin = 'a', ban = ['a'] }}", "fleet.toml:6 rule[1].set.ban", ["pins"]),
    (
        "[[rule]]\nname = 'a'\nmatch = { kind = 'x' }\nset = {}\n[[rule]]\nname = 'a'\nmatch = {}\nset = {}",
        "fleet.toml:6 rule[1].name",
        ["already"],
    ),
    (
        f"{RULES}match = {{ estimate = {{ '<' = 0 }} }}\nset = {{}}",
        "fleet.toml:5 rule[1].match",
        ["estimate < 0 can never be", "remove the rule"],
    ),
    (
        f"{RULES}match = {{ kind = 'a', not = {{ kind = 'a' }} }}\nset = {{}}",
        "fleet.toml:5 rule[1].match",
        ["excluded by `not`"],
    ),
    (
        f"{STAGES}{{ after = 120, change = {{ queue = 'q' }} }}]",
        "fleet.toml:5 queue.q.stages[1].change.queue",
        ["in this queue already"],
    ),
    (
        f"{STAGES}{{ after = 2, change = {{ priority = 'critical' }} }}, {{ after = 3, change = {{ raise_by = 1 }} }}]",
        "fleet.toml:5 queue.q.stages[2].change.raise_by",
        ["lifts nobody"],
    ),
    (
        f"{STAGES}{{ after = 2, change = {{ priority = 'low' }} }}]",
        "fleet.toml:5 queue.q.stages[1].change.priority",
        ["no task stands lower"],
    ),
    ("[pool.p]\npreempt = { band = 'low', over = 'high' }", "fleet.toml:2 pool.p.preempt.over", ["no worse"]),
    ("[pool.p]\npreempt = { at_most = 0 }", "fleet.toml:2 pool.p.preempt.at_most", []),
    ("[region.eu]\nnear = ['eu']", "fleet.toml:2 region.eu.near", ["its own region"]),
]


@pytest.mark.parametrize(("text", "field", "words"), WRONG, ids=[field for _, field, _ in WRONG])
def test_wrong_text(text: str, field: str, words: list[str]) -> None:
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), field, *words)


def test_a_move_back_and_a_last_step_are_no_faults() -> None:
    there = '[queue.a]\nstages = [{ after = 1, change = { queue = "b" } }, { after = 9, change = { queue = "a" } }]\n'
    assert parse_fleet(there + "[queue.b]\n", "fleet.toml").cautions == ()
    steps = ", ".join(f"{{ after = {at}, change = {{ raise_by = 1 }} }}" for at in (1, 2, 3))
    assert len(parse_fleet(f"[queue.q]\nstages = [{steps}]", "fleet.toml").queues["q"].stages) == 3
    one_more = steps + ", { after = 4, change = { raise_by = 1 } }"
    field = "fleet.toml:2 queue.q.stages[3].change.raise_by"
    assert_refused(lambda: parse_fleet(f"[queue.q]\nstages = [{one_more}]", "fleet.toml"), field, "critical")
