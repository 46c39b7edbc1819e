"""`rota simulate`, as it is typed."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from rota.faces.cli.main import execute

RUN = ["simulate", "poisson", "--slots", "3", "--set", "tasks=60", "--set", "tenants=1:2", "--set", "load=1.2"]


def test_a_page_for_people_and_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(RUN) == 0
    page = capsys.readouterr()
    assert "Little's law holds" in page.out
    assert "tasks a second simulated" in page.err
    assert "\x1b" not in page.out + page.err
    assert execute([*RUN, "--json"]) == 0
    answer = capsys.readouterr()
    found = json.loads(answer.out)
    assert found["tasks"] == found["ended"]["done"] == 60
    assert json.loads(answer.err)["speed"]["tasks_per_s"] > 0


def test_policies_are_compared_on_the_same_luck(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*RUN, "--compare", "fifo,shortest,order=virtual+k=3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["fifo", "shortest", "order=virtual+k=3"]
    waits = [one["queue_s"]["mean"] for one in found.values()]
    assert waits[0] > waits[1]
    assert len({one["makespan_bound_s"] for one in found.values()}) == 1
    assert execute([*RUN, "--compare", "fifo,shortest"]) == 0
    assert "bounded slowdown" in capsys.readouterr().out


def test_reports_hold_everything_and_fetch_nothing(tmp_path: Path) -> None:
    page, text = tmp_path / "r.html", tmp_path / "r.md"
    assert execute([*RUN, "--set", "agent.fail=.2", "--report", str(page)]) == 0
    html = page.read_text()
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) == 5  # waiting, running, bands, tenants, who did what when
    for picture in pictures:
        assert len(list(ElementTree.fromstring(picture).iter())) > 5
    assert set(re.findall(r"https?://[^\"'\s<]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "<script" not in html
    assert execute([*RUN, "--compare", "fifo,shortest", "--report", str(text)]) == 0
    told = text.read_text()
    assert "| queue time |" in told
    drawn = re.findall(r"^<svg[^\n]*>\n.*?</svg>$", told, re.DOTALL | re.MULTILINE)
    assert len(drawn) == 8  # waiting, running, and for each run bands, tenants, who did what when
    for picture in drawn:
        assert "\n\n" not in picture  # an empty line would end the picture
        assert len(list(ElementTree.fromstring(picture).iter())) > 5


def test_strange_names_do_no_harm_in_a_report(tmp_path: Path) -> None:
    tasks, page = tmp_path / "tasks.jsonl", tmp_path / "r.html"
    tasks.write_text(
        '{"title":"<script>x</script>","run_s":1,"tenant":"<b>&\\"|"}\n{"title":"b","run_s":1,"role":"<i>"}\n'
    )
    assert execute(["simulate", str(tasks), "--slots", "1", "--report", str(page)]) == 9
    assert "<script" not in page.read_text()
    assert "<b>&" not in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["simulate"], "what to simulate"),
        (["simulate", "poison", "--slots", "1"], "did you mean 'poisson'"),
        (["simulate", "gone.csv", "--slots", "1"], "there is no such file"),
        (["simulate", "poisson", "--slots", "1", "--compare", "fifo"], "at least two policies"),
        (["simulate", "poisson", "--slots", "1", "--report", "r.pdf"], ".html nor in .md"),
        (["simulate", "poisson", "--slots", "1", "--fleet", "f.toml"], "one of --fleet and --slots"),
        (["simulate", "poisson", "--slots", "1", "--set", "noise"], "key=value"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_anything_runs(
    arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert what in answer.err
    assert "Traceback" not in answer.err


def test_settings_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["simulate", "--settings", "--json"]) == 0
    keys = {row["key"] for row in json.loads(capsys.readouterr().out)}
    assert {"noise", "service.base", "agent.crash", "deadline"} <= keys
    assert execute(["simulate", "--settings"]) == 0
    assert "policy" in capsys.readouterr().out


def test_a_workload_that_can_never_finish_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"title":"a","run_s":1,"skills":{"magic":1}}\n')
    assert execute(["simulate", str(tasks), "--slots", "2"]) == 9
    assert "needs magic 1, has 0" in capsys.readouterr().out
