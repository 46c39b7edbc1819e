"""`rota run` from the outside: real agents, real processes, one JSON object at the end."""

from __future__ import annotations

from rota.model.commands.read import GetHistory, ListProjects, ListTasks
from rota.model.commands.submit import Submit
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from tests.run.conftest import Folder

ECHO = """
[[agent]]
name = "echo"
slots = 2
command = ["sh", "-c", "echo \\"$1\\" >> log; echo \\"did $1\\"", "-", "{title}"]
"""


def test_a_fleet_does_everything_and_counts_it(folder: Folder) -> None:
    folder.script("check.sh", "grep -q '\"result\":\"sound' || { echo 'this is not sound' >&2; exit 1; }\n")
    folder.script(
        "work.sh",
        """case "$ROTA_TITLE:$ROTA_ATTEMPT" in
        bad:*) echo 'nobody can ever do this' >&2; exit 65 ;;
        crashing:1) kill -SEGV $$ ;;
        guessed:1) echo 'a guess' ;;
        *) echo "sound $ROTA_TITLE by $ROTA_AGENT" ;;
        esac
        """,
    )
    (folder.path / "summing.py").write_text(
        "def total(task):\n"
        "    return {'parents': [[p['title'], p['state'], p['result'], p['reason']] for p in task['parents']]}\n"
    )
    folder.fleet(
        """
        [queue.work]
        max_attempts = 3
        backoff = { base = 0.01, cap = 0.02 }
        [[agent]]
        name = "hand"
        count = 2
        skills = { work = 1 }
        command = ["./work.sh"]
        check = ["./check.sh"]
        cost = { per_task = 0.5 }
        [[agent]]
        name = "head"
        role = "head"
        python = "summing:total"
        """
    )
    work = {"queue": "work", "skills": {"work": 1}, "deadline": "10m"}
    names = ["plain", "crashing", "guessed", "bad"]
    after = [{"task": name, "rule": "run"} for name in names]
    folder.tasks(
        *({"ref": name, "title": name, "project": "all", **work} for name in names),
        {"title": "sum", "role": "head", "after": after, "project": "all"},
    )
    ended = folder.run()
    card = ended.card
    assert ended.code == card["exit_code"] == 8, ended.err
    assert card["ended"] == "done"
    assert card["states"] == {"done": 4, "dead": 1}
    assert card["retried"] == 2
    assert card["outcomes"] == {"done": 4, "failed": 3}
    assert card["failures"] == {"crashed by SIGSEGV": 1, "rejected by the check": 1, "exit code 65": 1}
    assert card["endings"] == [
        {
            "task": "task-5",
            "title": "bad",
            "state": "dead",
            "reason": "not retryable: exit code 65: nobody can ever do this",
        }
    ]
    assert card["deadlines"] == {"met": 3, "missed": 1, "open": 0, "share": 0.75}
    assert card["inversions"] == card["violations"] == 0
    assert card["cost"] == 1.5
    assert card["queue_time"]["n"] == card["distribution_latency"]["n"] == card["attempts"] == 7
    assert {agent["name"] for agent in card["agents"]} == {"hand-1", "hand-2", "head"}
    with Distributor.open(str(folder.path / "work.db")) as distributor:
        page = distributor.call(ListTasks(batch=card["batch"], project="all"))
        total = distributor.call(GetHistory(task=page.tasks[0].id))
    parents = {title: (state, result, reason) for title, state, result, reason in total.task.result["parents"]}
    assert parents["plain"][:2] == ("done", parents["plain"][1])
    assert parents["plain"][1].startswith("sound plain by hand-")
    assert parents["bad"] == ("dead", None, "not retryable: exit code 65: nobody can ever do this")
    assert total.attempts[0].usage.keys() >= {"cpu_s", "wall_s"}


def test_a_second_run_does_nothing_twice_unless_asked(folder: Folder) -> None:
    folder.fleet(ECHO)
    folder.tasks({"title": "a"}, {"title": "b"})
    first = folder.run()
    assert (first.code, sorted(folder.log())) == (0, ["a", "b"]), first.err
    again = folder.run()
    assert again.code == 0
    assert again.card["batch"] == first.card["batch"]
    assert again.card["done"] == 2
    assert "--again" in again.err
    assert len(folder.log()) == 2
    anew = folder.run("--again")
    assert anew.card["batch"] != first.card["batch"]
    assert sorted(folder.log()) == ["a", "a", "b", "b"]
    # The newest is what a plain run means from now on.
    assert folder.run().card["batch"] == anew.card["batch"]
    folder.tasks({"title": "a"}, {"title": "c"})
    changed = folder.run()
    assert changed.card["tasks"] == 2
    assert sorted(folder.log()) == ["a", "a", "a", "b", "b", "c"]


def test_later_burns_no_attempt_and_blames_nobody(folder: Folder) -> None:
    folder.script("work.sh", '[ "$ROTA_ATTEMPT" -gt 2 ] || { echo "not yet" >&2; exit 75; }\necho "at last"\n')
    folder.fleet('[queue.default]\nmax_attempts = 1\n[[agent]]\nname = "one"\ncommand = ["./work.sh"]\n')
    folder.tasks({"title": "patience"})
    ended = folder.run()
    assert ended.code == 0, ended.err
    assert ended.card["outcomes"] == {"done": 1, "limited": 2}
    assert ended.card["retried"] == 0
    assert [agent["failed"] for agent in ended.card["agents"]] == [0]


def test_what_nobody_can_do_is_told_and_not_waited_for(folder: Folder) -> None:
    folder.fleet(ECHO)
    folder.tasks(
        {"title": "easy"},
        {"title": "hard", "ref": "hard", "skills": {"magic": 3}},
        {"title": "behind it", "after": ["hard"]},
        {"title": "not yet", "held": True},
    )
    ended = folder.run()
    assert ended.code == ended.card["exit_code"] == 9
    assert ended.card["ended"] == "stuck"
    assert ended.card["states"] == {"done": 1, "ready": 1, "blocked": 1, "held": 1}
    reasons = {one["examples"][0]["title"]: one["reason"] for one in ended.card["obstacles"]}
    assert reasons["hard"] == "nobody can do it: echo: skill: needs magic 3, has 0"
    assert reasons["behind it"].startswith("behind tasks")
    assert reasons["not yet"].startswith("on hold")
    assert "needs magic 3" in ended.err
    assert "--wait" in ended.err


def test_a_stage_that_will_make_somebody_fit_is_waited_for(folder: Folder) -> None:
    folder.fleet(f"queue.default.stages = [{{ after = 3, change = {{ skills = {{ magic = 0 }} }} }}]\n{ECHO}")
    folder.tasks({"title": "hard", "skills": {"magic": 3}})
    ended = folder.run()
    assert ended.code == 0, ended.err
    assert ended.card["states"] == {"done": 1}


def test_an_agent_that_cannot_be_started_is_told(folder: Folder) -> None:
    (folder.path / "lost.py").write_text("import no_such_module\n")
    folder.fleet('[[agent]]\nname = "lost"\npython = "lost:f"\n')
    folder.tasks({"title": "anything"})
    ended = folder.run()
    assert ended.code == 9
    assert ended.card["states"] == {"ready": 1}
    assert ended.card["outcomes"].keys() == {"given_back"}
    assert "no_such_module" in ended.card["obstacles"][0]["reason"]


def test_bad_input_is_one_line_and_leaves_nothing_behind(folder: Folder) -> None:
    def refused(code: int) -> str:
        ended = folder.here("run", "fleet.toml", "tasks.jsonl")
        assert (ended.code, ended.out) == (code, "")
        assert ended.err.count("\n") == 1
        return ended.err

    folder.tasks({"title": "x"})
    folder.fleet('[[agent]]\nname = "a"\ncommand = ["no-such-program"]\n')
    assert "'no-such-program' was not found on PATH" in refused(2)
    folder.fleet('[[agent]]\nname = "a"\ncommand = ["./no-such-script"]\n')
    assert "no-such-script' does not exist" in refused(2)
    folder.fleet('[[agent]]\nname = "a"\ncommand = ["true"]\ncheck = ["./fleet.toml"]\n')
    assert "agent[0].check" in refused(2)
    for target, absent in {"nowhere:f": "nowhere", "json.nowhere.deep:f": "json.nowhere", "rota.x:f": "rota.x"}.items():
        folder.fleet(f'[[agent]]\nname = "a"\npython = "{target}"\n')
        assert f"agent[0].python: there is no module '{absent}'" in refused(2)
    folder.fleet('[[agent]]\nname = "a"\ncommand = ["echo", "{nothing}"]\n')
    assert "fleet.toml:2 agent[0].command: {nothing} is no placeholder" in refused(2)
    assert not (folder.path / "work.db").exists()
    folder.fleet(ECHO)
    folder.tasks({"title": "x"}, {"title": "y", "titel": "z"})
    assert "tasks.jsonl:2 titel" in refused(2)
    folder.tasks({"title": "x", "project": "p"}, {"title": "y", "queue": "nowhere"})
    assert "tasks.jsonl:2 queue" in refused(3)
    assert folder.log() == []
    with Distributor.open(str(folder.path / "work.db")) as distributor:
        assert distributor.call(ListTasks()).tasks == []
        assert distributor.call(ListProjects()).projects == []


def test_without_tasks_it_works_off_the_database(folder: Folder) -> None:
    folder.fleet(ECHO)
    with Distributor.open(str(folder.path / "work.db")) as distributor:
        specs = [TaskSpec(title="one"), TaskSpec(title="two", after=["task-1"]), TaskSpec(title="far", start="1h")]
        distributor.call(Submit(tasks=specs[:1]))
        distributor.call(Submit(tasks=specs[1:]))
    ended = folder.rota("run", "--json")
    assert folder.log() == ["one", "two"]
    assert "2 tasks" not in ended.out
    assert (ended.card["batch"], ended.card["done"], ended.card["tasks"]) == (None, 2, 2)
    assert ended.card["obstacles"] == [
        {"reason": "not to start yet", "tasks": 1, "examples": [{"id": "task-3", "title": "far"}]}
    ]
    assert folder.rota("run", "--json").code == 9


def test_one_file_alone_is_a_file_of_tasks(folder: Folder) -> None:
    folder.fleet(ECHO)
    (folder.path / "list.md").write_text("- [ ] first\n- [x] old\n- [ ] second\n")
    ended = folder.here("run", "list.md", "--json")
    assert ended.code == 0, ended.err
    assert sorted(folder.log()) == ["first", "second"]
    assert "fleet2.toml: there is no such file" in folder.here("run", "fleet2.toml").err


def test_a_priority_and_an_order_are_kept(folder: Folder) -> None:
    folder.fleet(ECHO.replace("slots = 2", "slots = 1"))
    bands = ["low", "normal", "high", "critical", "emergency"]
    folder.tasks(*({"title": band, "priority": band} for band in bands))
    ended = folder.run()
    assert folder.log() == list(reversed(bands))
    assert ended.card["inversions"] == 0


def test_what_may_be_wrong_with_the_fleet_is_said(folder: Folder) -> None:
    folder.fleet(ECHO + "[queue.far]\npool = 'far'\n")
    folder.tasks({"title": "one"})
    ended = folder.run("--quiet")
    assert ended.code == 0
    assert "warning: " in ended.err
    assert "queue.far.pool: no agent of this file is in pool 'far'" in ended.err
