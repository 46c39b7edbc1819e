"""fleet.toml: what is wrong with it is told with line, field and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.files.tables import FleetTable
from rota.files.toml import load_fleet, parse_fleet
from tests.files.refusal import assert_refused, refusal

AGENT = '[[agent]]\nname = "a"\n'

WRONG = [
    # not TOML
    ("database = ", "fleet.toml:1", ["column 12", "not TOML"]),
    ('a = [1\n"b"', "fleet.toml:2", ["column 1", "unclosed array"]),
    ("a = 1\nb = 2\na = 3\n", "fleet.toml:3", ["column 6", "overwrite"]),
    ("[queue.a]\n[queue.a]\n", "fleet.toml:2", ["[queue.a] stands here twice"]),
    ('x = "\\uD800"', "fleet.toml:1", ["not a Unicode scalar value"]),
    (f"{AGENT}slots = {'9' * 5000}", "fleet.toml:3", ["thousands of digits"]),
    (f"x = {'[' * 5000}{']' * 5000}", "fleet.toml", ["nested too deep"]),
    # unknown names
    ("databse = 'x'", "fleet.toml:1 databse", ["no such field", "did you mean 'database'?"]),
    (f"{AGENT}\n[[agent]]\nname = 'b'\nslot = 2\n", "fleet.toml:6 agent[1].slot", ["did you mean 'slots'?"]),
    ("[queue.q]\nzzzzzz = 1", "fleet.toml:2 queue.q.zzzzzz", ["known are approval,"]),
    ('["queue"."a b"]\nbackoff.bass = 1', "fleet.toml:2 queue['a b'].backoff.bass", ["'base'"]),
    (
        "[queue.q]\ntarget_wait = {\thihg = 3 }",
        "fleet.toml:2 queue.q.target_wait.hihg",
        ["did you mean 'high'?"],
    ),
    ("[queue.q]\nordering = 'fifoo'", "fleet.toml:2 queue.q.ordering", ["none of", "did you mean 'fifo'?"]),
    # wrong types
    ("database = 3", "fleet.toml:1 database", ["must be text, not a whole number"]),
    ("queue = []", "fleet.toml:1 queue", ["must be a table, not a list"]),
    ("[agent]\nname = 'a'", "fleet.toml:1 agent", ["[[agent]]"]),
    (f"{AGENT}command = ['x', 3]", "fleet.toml:3 agent[0].command[1]", ["must be text"]),
    (f"{AGENT}command = 'x'", "fleet.toml:3 agent[0].command", ["must be a list, not text"]),
    (
        f"{AGENT}\n[agent.skills]\na = 1\npython = '3'",
        "fleet.toml:6 agent[0].skills.python",
        ["a whole number"],
    ),
    (f"{AGENT}command = ['x']\ntimeout = true", "fleet.toml:4 agent[0].timeout", ["not true or false"]),
    (f"{AGENT}slots = 2024-01-01", "fleet.toml:3 agent[0].slots", ["not a date"]),
    (f"{AGENT}slots = 1.0", "fleet.toml:3 agent[0].slots", ["not a number"]),
    # ranges and sizes
    ("[[agent]]\nslots = 1", "fleet.toml:1 agent[0].name", ["needed and missing"]),
    ("[[agent]]\nname = ''", "fleet.toml:2 agent[0].name", ["length >= 1"]),
    (f"[[agent]]\nname = '{'n' * 101}'", "fleet.toml:2 agent[0].name", ["length <= 100"]),
    (f"[[agent]]\nname = '{'n' * 99}'\ncount = 2", "fleet.toml:2 agent[0].name", ["with its number", "100"]),
    (f"{AGENT}slots = 0", "fleet.toml:3 agent[0].slots", [">= 1"]),
    (f"{AGENT}slots = 10001", "fleet.toml:3 agent[0].slots", ["<= 10000"]),
    (f"{AGENT}count = 1001", "fleet.toml:3 agent[0].count", ["<= 1000"]),
    (f"{AGENT}slots = {2**64}", "fleet.toml:3 agent[0].slots", ["beyond 64 bits"]),
    (f"{AGENT}skills = {{ python = -1 }}", "fleet.toml:3 agent[0].skills.python", [">= 0"]),
    (
        f"{AGENT}skills = {{ '' = 1 }}",
        "fleet.toml:3 agent[0].skills['']",
        ["name must be text of length >= 1"],
    ),
    (f"{AGENT}weight = nan", "fleet.toml:3 agent[0].weight", ["> 0"]),
    (f"{AGENT}cost.per_hour = inf", "fleet.toml:3 agent[0].cost.per_hour", ["<= 1000000000"]),
    (f"{AGENT}cost = {{ per_task = -1 }}", "fleet.toml:3 agent[0].cost.per_task", [">= 0"]),
    (f"[queue.{'q' * 101}]", f"fleet.toml:1 queue[{'q' * 60!r}...]", ["length <= 100"]),
    ("[queue.q]\nmax_attempts = 0", "fleet.toml:2 queue.q.max_attempts", [">= 1"]),
    ("[queue.q]\ngroup_size = 0", "fleet.toml:2 queue.q.group_size", [">= 1"]),
    ("[queue.q]\ngroup_size = 1001", "fleet.toml:2 queue.q.group_size", ["<= 1000"]),
    ("[queue.q]\ndepth = -1", "fleet.toml:2 queue.q.depth", [">= 1"]),
    ("[queue.q]\nterm = '5 minutes'", "fleet.toml:2 queue.q.term", ["not a length of time", "'90s'"]),
    ("[queue.q]\nterm = 0.5", "fleet.toml:2 queue.q.term", ["from 1 to 604800 seconds"]),
    ("[queue.q]\nterm = '8d'", "fleet.toml:2 queue.q.term", ["from 1 to 604800 seconds"]),
    ("[queue.q]\nttl = 0", "fleet.toml:2 queue.q.ttl", ["more than 0"]),
    (f"[queue.q]\nttl = {2**62}", "fleet.toml:2 queue.q.ttl", ["ten years"]),
    ("[queue.q]\nttl = -5", "fleet.toml:2 queue.q.ttl", ["not between 0 seconds and ten years"]),
    ("[queue.q]\nttl = nan", "fleet.toml:2 queue.q.ttl", ["not between"]),
    ("[queue.q]\nttl = '11000d'", "fleet.toml:2 queue.q.ttl", ["ten years"]),
    (f"[queue.q]\nttl = {'9' * 4000}", "fleet.toml:2 queue.q.ttl", ["beyond 64 bits"]),
    ("[queue.q]\nbackoff = { base = 9, cap = 3 }", "fleet.toml:2 queue.q.backoff.cap", ["less than base"]),
    ("[pool.p]\navoid_s = -1", "fleet.toml:2 pool.p.avoid_s", [">= 0"]),
    ("[pool.p]\navoid_s = 86401", "fleet.toml:2 pool.p.avoid_s", ["<= 86400"]),
    # names
    ("[queue.' ']", "fleet.toml:1 queue[' ']", ["blank"]),
    ('[pool."a\\tb"]', "fleet.toml:1 pool['a\\tb']", ["control character"]),
    ('[[agent]]\nname = "a\\nb"', "fleet.toml:2 agent[0].name", ["'a\\nb'", "control character"]),
    (f'{AGENT}skills = {{ "\\u001b" = 1 }}', "fleet.toml:3 agent[0].skills['\\x1b']", ["control character"]),
    # NUL
    ('[[agent]]\nname = "a\\u0000b"', "fleet.toml:2 agent[0].name", ["NUL", "remove it"]),
    ('[queue]\n"a\\u0000b" = {}', "fleet.toml:2 queue['a\\x00b']", ["NUL"]),
    # what does not fit together
    (f"{AGENT}command = ['x']\npython = 'a:b'", "fleet.toml:4 agent[0].python", ["not both"]),
    (f"{AGENT}command = []", "fleet.toml:3 agent[0].command", ["names no program"]),
    (f"{AGENT}command = [' ']", "fleet.toml:3 agent[0].command", ["names no program"]),
    (f"{AGENT}command = ['x']\ncheck = []", "fleet.toml:4 agent[0].check", ["names no program"]),
    (f"{AGENT}python = 'module.function'", "fleet.toml:3 agent[0].python", ["module:function"]),
    (f"{AGENT}python = 'a b:c'", "fleet.toml:3 agent[0].python", ["module:function"]),
    (f"{AGENT}check = ['x']", "fleet.toml:3 agent[0].check", ["add command or python"]),
    (f"{AGENT}env = {{ A = 'x' }}", "fleet.toml:3 agent[0].env", ["add command or python"]),
    (f"{AGENT}grace = 0", "fleet.toml:3 agent[0].grace", ["add command or python"]),
    (
        f"{AGENT}command = ['x']\nenv = {{ 'A=B' = 'x' }}",
        "fleet.toml:4 agent[0].env['A=B']",
        ["environment variable"],
    ),
    (f"{AGENT}{AGENT}", "fleet.toml:4 agent[1].name", ["agent[0] is called 'a' already"]),
    (f"{AGENT}count = 3\n[[agent]]\nname = 'a-2'", "fleet.toml:5 agent[1].name", ["'a-2' already"]),
    (
        f"{AGENT}pool = 'gpuu'\n[pool.gpu]",
        "fleet.toml:3 agent[0].pool",
        ["did you mean 'gpu'?", "[pool.NAME]"],
    ),
    ("[queue.q]\ndepth = 1\noverflow = 'move'", "fleet.toml:3 queue.q.overflow", ["needs overflow_queue"]),
    ("[queue.q]\noverflow = 'shed'", "fleet.toml:2 queue.q.overflow", ["depth"]),
    ("[queue.q]\noverflow_queue = 'b'", "fleet.toml:2 queue.q.overflow_queue", ['overflow = "move"']),
    (
        "[queue.q]\ndepth = 1\noverflow = 'move'\noverflow_queue = 'q'",
        "fleet.toml:4 queue.q.overflow_queue",
        ["its own overflow"],
    ),
    (
        "[queue.q]\ndepth = 1\noverflow = 'move'\noverflow_queue = 'rst'\n[queue.rest]",
        "fleet.toml:4 queue.q.overflow_queue",
        ["did you mean 'rest'?"],
    ),
    ("database = ' '", "fleet.toml:1 database", ["empty"]),
    # not in this version
    (f"{AGENT}command = ['a']\nmerge = 'main'", "fleet.toml:4 agent[0].merge", ["only used with workspace"]),
    (f"{AGENT}workspace = 'worktree'", "fleet.toml:3 agent[0].workspace", ["agents that Rota starts"]),
    (f"{AGENT}python = 'a:b'\nworkspace = 'worktree'", "fleet.toml:4 agent[0].workspace", ["with a command"]),
    ("[guard]\nmin_free_memory = '2 lots'", "fleet.toml:2 guard.min_free_memory", ["no size", "2GB"]),
    ("\n[[rule]]\nx = 1", "fleet.toml:3 rule[0].x", ["no such field", "match, name, set"]),
    ("[[limit]]\nkey = 'x'", "fleet.toml:1 limit[0].capacity", ["needed and missing"]),
    ("[[alert]]\n", "fleet.toml:1 alert", ["not supported yet in this version"]),
]


@pytest.mark.parametrize(("text", "field", "words"), WRONG, ids=[field for _, field, _ in WRONG])
def test_wrong_text(text: str, field: str, words: list[str]) -> None:
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), field, *words)


def test_what_is_not_supported_is_not_a_field_either() -> None:
    """Otherwise a table would be taken by one part and refused by another."""
    assert not {"alert"} & set(FleetTable.__struct_fields__)


def test_a_huge_unknown_name_makes_a_short_error() -> None:
    error = refusal(lambda: parse_fleet(f'"{"x" * 1_000_000}" = 1', "fleet.toml"))
    assert len(str(error)) < 1_000


def test_the_file_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text("\n\nslots = 1\n")
    assert_refused(lambda: load_fleet(str(file)), f"{file}:3 slots")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_bytes(b"# " + b"x" * 1_048_576)
    assert_refused(lambda: load_fleet(str(file)), str(file), "larger than")


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_bytes(b'\xef\xbb\xbf[[agent]]\r\nname = "a"\r\n')
    assert [agent.spec.name for agent in load_fleet(str(file)).agents] == ["a"]
