"""A fleet and a workload drawn by a seed: everything a fleet.toml can say of the order of work, thrown together."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

STRATEGIES = (
    "balanced", "least_loaded", "round_robin", "weighted", "capacity", "random", "power_of_two", "consistent_hash",
    "affinity", "locality", "performance", "cost", "energy",
)  # fmt: skip
PREEMPTS = (("emergency", "low"), ("high", "normal"), ("critical", "low"))
BANDS = ("emergency", "critical", "high", "normal", "low", "low")
STAGES = """stages = [
  { after = "20s", change = { raise_by = 1 } }, { attempts = 1, change = { priority = "high" } },
  { after = "60s", change = { widen = "near", skills = { py = 1 } } },
  { before_deadline = "10s", change = { priority = "critical" } },
]"""
MIDNIGHT = 'hours = ["daily 00:00-00:01", "daily 23:59-00:02"]'


class RandomWork(NamedTuple):
    """What is simulated."""

    fleet: str
    tasks: list[dict[str, Any]]
    settings: dict[str, str]


def random_work(seed: int) -> RandomWork:
    luck = Random(seed)
    lines = [*_policies(luck)]
    for number in range(luck.randint(1, 5)):
        lines += _agent(luck, number)
    lines += _limits(luck)
    tasks = _tasks(luck, luck.choice((20, 60)))
    settings = {"agent.fail": luck.choice(("0", "0.1", "0.5")), "agent.crash": luck.choice(("0", "0", "0.1"))}
    return RandomWork("\n".join(lines) + "\n", tasks, settings)


def _maybe(luck: Random, share: float, line: str) -> list[str]:
    return [line] if luck.random() < share else []


def _policies(luck: Random) -> list[str]:
    band, over = luck.choice(PREEMPTS)
    priced = luck.choice(("", ", priced = true"))
    patience, times = luck.choice((0, 5, 30)), luck.randint(1, 3)
    preempt = f'{{ band = "{band}", over = "{over}", patience_s = {patience}, at_most = {times}{priced} }}'
    return [
        "[pool.default]",
        f'strategy = "{luck.choice(STRATEGIES)}"',
        *_maybe(luck, 0.4, 'matching = "regret"'),
        *_maybe(luck, 0.3, "slow_start_s = 30"),
        *_maybe(luck, 0.4, f"preempt = {preempt}"),
        *_maybe(luck, 0.3, f"slack = {luck.choice((0, 1, 20))}"),
        "[queue.default]",
        f'ordering = "{luck.choice(("deadline", "fifo", "fair", "shortest", "makespan"))}"',
        *_maybe(luck, 0.3, f'ttl = "{luck.randint(50, 500)}s"'),
        *_maybe(luck, 0.3, f'term = "{luck.randint(5, 50)}s"'),
        *_maybe(luck, 0.5, STAGES),
    ]


def _agent(luck: Random, number: int) -> list[str]:
    slots = luck.choice((f"slots = {luck.randint(1, 4)}",) * 4 + ('slots = "auto"\nmin_slots = 1\nmax_slots = 4',))
    hours = luck.choice(("", ", " + MIDNIGHT, ', hours = ["daily 09:00-17:00"]'))
    reserve = luck.choice(
        (f'reserve = [{{ slots = 1, priority = "high"{hours} }}]', 'reserve = [{ slots = 1, tenant = "t1" }]')
    )
    return [
        "[[agent]]",
        f'name = "g{number}"',
        slots,
        f'region = "{luck.choice(("eu-west", "eu-north", "us"))}"',
        *_maybe(luck, 0.6, f"skills = {{ py = {luck.randint(1, 3)} }}"),
        *_maybe(luck, 0.4, f"resources = {{ gpu = {luck.randint(1, 2)} }}"),
        *_maybe(luck, 0.5, reserve),
        *_maybe(luck, 0.2, 'hours = ["daily 00:00-00:02", "daily 00:05-23:50"]'),
        *_maybe(luck, 0.4, f"cost = {{ per_hour = {luck.randint(1, 9)}, per_task = {luck.choice((0, 0.1))} }}"),
    ]


def _limits(luck: Random) -> list[str]:
    rate = f'unit = "tasks"\nperiod = "10s"\ncapacity = {luck.randint(1, 5)}\nburst = 1'
    budget = f'unit = "tasks"\ncapacity = {luck.randint(5, 30)}\non_empty = "pause_and_ask"'
    return [
        *_maybe(luck, 0.3, f'[[limit]]\nkey = "tenant"\ncapacity = {luck.randint(1, 3)}'),
        *_maybe(luck, 0.2, f'[[limit]]\nkey = "kind"\n{rate}'),
        *_maybe(luck, 0.2, '[[limit]]\nkey = "doc:{payload.d}"\ncapacity = 1'),
        *_maybe(luck, 0.2, f'[[limit]]\nkey = "tenant:t2"\n{budget}'),
        *_maybe(luck, 0.2, f'[[limit]]\nkey = "agent"\n{rate}'),
    ]


def _tasks(luck: Random, many: int) -> list[dict[str, Any]]:
    tasks = []
    at = 0.0
    for number in range(many):
        at += luck.expovariate(1 / luck.choice((1, 4)))
        one: dict[str, Any] = {
            "title": f"x{number}",
            "submit_s": round(at, 3),
            "run_s": round(luck.expovariate(1 / 8) + 0.01, 3),
            "tenant": luck.choice(("t1", "t2", "t3")),
            "kind": luck.choice(("a", "b")),
            "priority": luck.choice(BANDS),
        }
        may = {
            "skills": (0.3, {"py": luck.randint(1, 3)}),
            "resources": (0.2, {"gpu": 1}),
            "regions": (0.2, ["eu-west"]),
            "deadline": (0.3, f"{luck.randint(5, 200)}s"),
            "payload": (0.2, {"d": luck.randint(1, 3)}),
            "affinity": (0.2, f"k{luck.randint(1, 4)}"),
            "sequence": (0.1, f"s{luck.randint(1, 3)}"),
            "max_cost": (0.1, luck.choice((0.01, 1))),
            "estimate": (0.3, round(luck.random() * 20 + 0.1, 2)),
        }
        one.update((name, value) for name, (share, value) in may.items() if luck.random() < share)
        tasks.append(one)
    return tasks
