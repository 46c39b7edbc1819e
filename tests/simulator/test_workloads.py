"""Readers of traces: the shapes they take, and what they say to broken ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rota.model.errors import RotaError
from rota.simulator.arrival import Arrival
from rota.simulator.shaping import shaped
from tests.simulator.runs import TRACES, run, setup

LLM = "id,submit_s,tokens_in,tokens_out\n"


def read(file: Path, **given: str) -> list[Arrival]:
    ready = setup(file, "4", more={key.replace("__", "."): value for key, value in given.items()})
    return list(shaped(ready.workload, ready.options.settings, ready.fleet.capacity, ready.seed))


def test_llm_requests_with_columns_nobody_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv.gz"
    with gzip.open(file, "wt") as stream:
        stream.write("model,submit_s,id,tokens_out,tokens_in\nbig,0,7,100,5000\n\nbig,2.5,8,0,10000\n")
    found = read(file)
    assert [(arrival.at_s, arrival.works[0].run_s) for arrival in found] == [(0, 3.2), (2.5, 2.2)]
    assert found[0].works[0].tokens == 5_100
    slower = read(file, service__out="10", service__in="1000", service__base="1", pace="2")
    assert [(arrival.at_s, arrival.works[0].run_s) for arrival in slower] == [(0, 16), (1.25, 11)]


def test_mooncake_requests(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text('{"id":0,"submit_ms":250,"tokens_in":5000,"tokens_out":50,"prefix_blocks":[1,2]}\n')
    (found,) = read(file)
    assert (found.at_s, found.works[0].run_s) == (0.25, 2.2)


def test_machine_logs_have_users_as_tenants_and_their_estimates(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(
        "id,submit_s,wait_s,run_s,procs,est_s,status,user\n1,0,5,100,4,600,1,12\n2,9,0,-1,1,60,5,13\n3,9,,7,1,,1,\n"
    )
    found = [arrival.works[0] for arrival in read(file)]
    assert [(work.spec.tenant, work.spec.estimate, work.run_s) for work in found] == [
        ("user-12", 600, 100),
        ("user-unknown", 7, 7),
    ]


def test_agent_runs_come_as_one_batch(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("task,repo,dispatch_s,saved_s,tokens_in,tokens_out\na,r,10,310.5,5,6\nb,r,12,,1,1\nc,q,11,12,,\n")
    found = read(file)
    assert [(one.at_s, one.works[0].run_s, one.works[0].tokens) for one in found] == [(0, 300.5, 11), (0, 1, 0)]


def test_dags_come_over_time_parents_first(tmp_path: Path) -> None:
    file = tmp_path / "flows.jsonl"
    file.write_text(
        '{"name":"w","fields":["kind","parents","runtime_s"],"tasks":[["b",[1],2],["a",[],3],["c",[0,1],0]]}\n'
    )
    first, second = read(file, repeat="2", load="0.5", deadline="path*3")
    assert first.group
    assert second.at_s > first.at_s == 0
    assert [(work.spec.kind, work.run_s, len(work.spec.after)) for work in first.works] == [
        ("a", 3, 0),
        ("b", 2, 1),
        ("c", 0.001, 2),
    ]
    assert first.works[0].spec.deadline == pytest.approx(3 * 5.001)
    assert run(file, "4", repeat="3").ended["done"] == 9


def test_our_own_tasks_with_and_without_times(tmp_path: Path) -> None:
    timed = tmp_path / "tasks.jsonl.gz"
    with gzip.open(timed, "wt") as stream:
        stream.write(
            '{"title":"a","submit_s":1,"run_s":2,"estimate":"5m","priority":"high","tokens":9,"project":"p"}\n'
        )
        stream.write('{"title":"b","submit_s":1,"estimate":"30s"}\n{"title":"c","submit_s":2}\n')
    found = read(timed, run="4")
    assert [(arrival.at_s, len(arrival.works)) for arrival in found] == [(1, 2), (2, 1)]
    works = [work for arrival in found for work in arrival.works]
    assert [(work.run_s, work.spec.estimate) for work in works] == [(2, 300), (30, 30), (4, 4)]
    listed = tmp_path / "todo.md"
    listed.write_text("- [ ] one\n- [ ] two\n")
    assert [len(arrival.works) for arrival in read(listed, run="1")] == [2]
    table = tmp_path / "tasks.csv"
    table.write_text("title,estimate,queue\nx,1m,mail\n")
    assert read(table)[0].works[0].run_s == 60
    assert run(table, "1").ended["done"] == 1


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("a.csv", LLM + "0,0,5,5\n1,x,5,5\n", "a.csv:3 submit_s", "'x' is not a number"),
        ("a.csv", LLM + "0,0,5,5\n1,1,,5\n", "a.csv:3 tokens_in", "empty"),
        ("a.csv", LLM + "0,0,-5,5\n", "a.csv:2 tokens_in", "not between 0"),
        ("a.csv", LLM + "0,nan,5,5\n", "a.csv:2 submit_s", "not between 0"),
        ("a.csv", LLM + "0,5,5,5\n1,3,5,5\n", "a.csv:3 submit_s", "sort the file by submit_s"),
        ("a.csv", LLM + "0,5,5\n", "a.csv:2", "3 cells"),
        ("a.csv", LLM + '0,5,5,"5\n', "a.csv:2", "not CSV"),
        ("a.csv", LLM, "a.csv", "no tasks"),
        ("a.csv", "", "a.csv", "there must be submit_s"),
        ("a.csv", "x,y\n1,2\n", "a.csv:1", "there must be submit_s"),
        ("a.csv", "submit_s,run_s\n1,2\n0,1\n", "a.csv:3 submit_s", "before"),
        ("a.csv", "dispatch_s,saved_s\n5,2\n", "a.csv:2 saved_s", "before it was dispatched"),
        ("a.jsonl", "", "a.jsonl", "empty"),
        ("a.jsonl", '{"title": bad}\n', "a.jsonl:1", "not a JSON object"),
        ("a.jsonl", "[1]\n", "a.jsonl:1", "not a JSON object"),
        ("a.jsonl", '{"foo":1}\n', "a.jsonl:1", "tells no workload"),
        ("a.jsonl", '{"title":"a","run_s":1}\n{"title":"b","prioritiy":"x"}\n', "a.jsonl:2 prioritiy", "priority"),
        ("a.jsonl", '{"title":"a"}\n', "a.jsonl:1 run_s", "--set run"),
        ("a.jsonl", '{"title":"a","run_s":0,"estimate":3}\n', "a.jsonl:1 run_s", "no task takes 0 seconds"),
        ("a.jsonl", '{"tasks":[["a",1,[1]],["b",1,[0]]]}\n', "a.jsonl:1 tasks", "0 -> 1 -> 0"),
        ("a.jsonl", '{"tasks":[["a",1,[7]]]}\n', "a.jsonl:1 tasks[0].parents", "from 0 to 0"),
        ("a.jsonl", '{"tasks":[["a",1]]}\n', "a.jsonl:1 tasks[0]", "a value for each"),
        ("a.jsonl", '{"tasks":[["a","x",[]]]}\n', "a.jsonl:1 tasks[0].runtime_s", "not a number"),
        ("a.jsonl", '{"tasks":[],"fields":["kind"]}\n', "a.jsonl:1 fields", "runtime_s"),
        ("a.txt.gz", "one\n", "a.txt.gz", "rename the file"),
        ("a.xyz", "one\n", "a.xyz", "rename the file"),
    ],
)  # fmt: skip
def test_a_broken_trace_is_refused_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, where: str, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    with pytest.raises(RotaError) as refused:
        setup(name, "2")
    assert refused.value.field == where
    assert what in refused.value.message


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_gz_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "a.csv.gz"
    packed = gzip.compress((LLM + "".join(f"{n},{n},5,5\n" for n in range(200))).encode())
    file.write_bytes(packed[:-cut])
    with pytest.raises(RotaError, match="damaged or cut short"):
        setup(file, "2")


def test_so_many_tasks_are_read_and_groups_stay_whole(tmp_path: Path) -> None:
    listed = tmp_path / "todo.txt"
    listed.write_text("one\ntwo\nthree\n")
    assert run(listed, "1", tasks="2", run="1").tasks == 2
    file = tmp_path / "flows.jsonl"
    file.write_text('{"tasks":[["a",1,[]],["b",1,[0]]]}\n')
    assert run(file, "1", tasks="5", repeat="3").tasks == 4
    with pytest.raises(RotaError, match="2 tasks of the first group"):
        setup(file, "1", tasks="1")


def test_what_the_engine_refuses_is_refused_with_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"title":"a","run_s":1}\n{"title":"b","run_s":1,"after":["c"],"submit_s":3}\n')
    with pytest.raises(RotaError) as refused:
        run("a.jsonl", "2")
    assert refused.value.field == "a.jsonl:2 after[0]"


@pytest.mark.parametrize(
    ("name", "slots", "kind"),
    [
        ("azure_llm_conv_2023.csv.gz", "26", "LLM requests"),
        ("mooncake_synthetic_2025.jsonl.gz", "34", "LLM requests"),
        ("swf_kth_sp2_1996.csv.gz", "10", "machine log"),
        ("swebench_agent_runs_2025.csv.gz", "40", "agent runs"),
        ("wfinstances_science_dags.jsonl.gz", "32", "DAGs"),
    ],
)
def test_real_traces_can_be_simulated(name: str, slots: str, kind: str) -> None:
    if not (TRACES / name).exists():
        pytest.skip("the traces are not beside this checkout")
    found = run(TRACES / name, slots, tasks="700" if kind == "DAGs" else "150")
    assert (found.kind, found.stuck) == (kind, [])
    assert found.ended["done"] == found.tasks > 0
