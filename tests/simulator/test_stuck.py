"""A workload that can never finish ends, and says why."""

from __future__ import annotations

from pathlib import Path

from tests.simulator.runs import run


def test_each_shape_that_nobody_may_do_has_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(
        '{"title":"one","run_s":1,"skills":{"magic":3}}\n'
        '{"title":"two","run_s":1,"skills":{"magic":3}}\n'
        '{"title":"three","run_s":1,"role":"king","ref":"k"}\n'
        '{"title":"four","run_s":1,"after":["k"]}\n'
        '{"title":"five","run_s":1,"held":true}\n'
        '{"title":"six","run_s":1,"approval":true}\n'
        '{"title":"seven","run_s":1}\n'
    )
    found = run(file, "2")
    assert found.ended["done"] == 1
    assert found.ended["unfinished"] == 6
    reasons = {one.example: (one.reason, one.tasks) for one in found.stuck}
    assert reasons == {
        "one": ("nobody:skill=2", 2),
        "three": ("nobody:role=2", 1),
        "four": ("blocked", 1),
        "five": ("held", 1),
        "six": ("review", 1),
    }
    assert found.stuck[0].needs == {"skills": [["magic", 3]]}
    assert "needs magic 3, has 0" in found.stuck[0].text


def test_a_task_waits_for_tasks_that_came_long_before(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    lines = ['{"title":"first","run_s":2,"ref":"first"}\n']
    lines += [f'{{"title":"t{n}","run_s":1,"submit_s":{n}}}\n' for n in range(1, 1_101)]
    lines += ['{"title":"last","run_s":1,"after":["first"],"submit_s":2000}\n']
    file.write_text("".join(lines))
    found = run(file, "3")
    assert found.ended["done"] == 1_102
    assert found.stuck == []
