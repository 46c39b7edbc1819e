"""Functions as agents: one process, many tasks, and everything that can go wrong with it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rota.agents.outcome import judge
from rota.agents.process.backoff import Backoff
from rota.agents.process.function import FunctionProcess
from rota.agents.process.stop import Stop, StopReason
from tests.agents.conftest import Functions, StopWhenHeard, are_gone, open_descriptors
from tests.agents.test_backoff import Most
from tests.servers.processes import await_end

MIB = 1 << 20
LINUX = sys.platform == "linux"


def test_one_process_does_task_after_task(functions: Functions) -> None:
    function = functions(
        """
        import os
        calls = 0
        def f(task):
            global calls
            calls += 1
            return [calls, os.getpid(), task]
        """
    )
    assert function.pid is None
    answers = [json.loads(function.run(json.dumps({"n": n}).encode()).stdout) for n in range(3)]
    assert answers == [[n + 1, function.pid, {"n": n}] for n in range(3)]
    assert function.delay_s == 0.0


def test_an_async_function_keeps_its_event_loop(functions: Functions) -> None:
    function = functions(
        """
        import asyncio
        loops = set()
        async def f(task):
            await asyncio.sleep(0)
            loops.add(asyncio.get_running_loop())
            return len(loops)
        """
    )
    assert [function.run(b"{}").stdout for _ in range(2)] == [b"1", b"1"]


@pytest.mark.parametrize(
    ("value", "stdout"),
    [
        ("None", b""),
        ("'é'", '"é"'.encode()),
        ("{'a': [1, 2.5, True, None]}", b'{"a":[1,2.5,true,null]}'),
        ("'a\\ud800b'", '"a\ufffdb"'.encode()),
        ("2**70", b"1180591620717411303424"),
    ],
)
def test_what_it_returns_comes_as_json(functions: Functions, value: str, stdout: bytes) -> None:
    ended = functions(f"def f(task): return {value}").run(b"{}")
    assert (ended.why, ended.exit_code, ended.stdout) == ("exit", 0, stdout)


@pytest.mark.parametrize(
    "value",
    ["{1, 2}", "float('nan')", "object()", "{(1, 2): 3}", "(n for n in 'ab')", "(x := [], x.append(x))"],
)
def test_what_json_cannot_hold_is_a_failed_attempt(functions: Functions, value: str) -> None:
    function = functions(f"def f(task): return {value} if task else 'fine'")
    ended = function.run(b"1")
    assert (ended.why, ended.exit_code) == ("exit", 1)
    assert ended.detail.startswith("the function returned what JSON cannot hold: ")
    assert function.run(b"0").stdout == b'"fine"'


def test_a_long_result_is_cut_and_says_so(functions: Functions) -> None:
    function = functions("def f(task): return 'x' * task", max_output=1000)
    ended = function.run(b"20000000")
    assert (len(ended.stdout), ended.stdout_truncated) == (1000, True)
    assert function.run(b"998").stdout_truncated is False


def test_a_long_task_arrives_whole(functions: Functions) -> None:
    text = "ö" * 3_000_000
    ended = functions("def f(task): return len(task)").run(json.dumps(text).encode())
    assert ended.stdout == b"3000000"


def test_an_exception_is_a_failed_attempt_told_with_its_place(functions: Functions) -> None:
    function = functions(
        """
        import json
        def f(task):
            return read(task)
        def read(task):
            return json.loads(task["text"])
        """
    )
    ended = function.run(b'{"text": "{"}')
    assert (ended.why, ended.exit_code) == ("exit", 1)
    assert ended.detail.startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert ended.detail.endswith(", from work.py:6 in read)")
    assert "Traceback (most recent call last)" in ended.stderr_tail
    missing = function.run(b"{}")
    assert missing.detail == "KeyError: 'text' (at work.py:6 in read)"
    assert "JSONDecodeError" not in missing.stderr_tail
    assert function.run(b'{"text": "[1]"}').stdout == b"[1]"


@pytest.mark.parametrize(
    ("code", "exit_code", "kind", "error", "after"),
    [
        ("raise BadTask('no such file')", 65, "bad_task", "BadTask: no such file (at work.py:4 in f)", None),
        ("raise TryLater(2.5)", 75, "later", "TryLater: try again in 2.5 s (at work.py:4 in f)", 2.5),
        ("raise TryLater()", 75, "later", "TryLater: try again later (at work.py:4 in f)", None),
        ("raise TryLater(-1)", 75, "later", "TryLater: try again in -1 s (at work.py:4 in f)", None),
        ("import sys; sys.exit(0)", 1, "failed", "the function called sys.exit(0)", None),
        ("raise KeyboardInterrupt", 1, "failed", "KeyboardInterrupt (at work.py:4 in f)", None),
    ],
)
def test_what_it_raises_decides(
    functions: Functions, code: str, exit_code: int, kind: str, error: str, after: float | None
) -> None:
    function = functions(f"from rota.agents.process.child import BadTask, TryLater\n\ndef f(task):\n    {code}\n")
    pids = set()
    for _ in range(2):
        ended = function.run(b"{}")
        pids.add(function.pid)
        verdict = judge(ended)
        assert (ended.exit_code, verdict.kind, verdict.error) == (exit_code, kind, error)
        assert (ended.retry_after_s, verdict.retry_after_s) == (after, after)
    assert len(pids) == 1


def test_the_names_of_the_exceptions_are_enough(functions: Functions) -> None:
    function = functions(
        """
        class BadTask(Exception): ...
        class Worse(BadTask): ...
        class TryLater(Exception): ...
        def f(task):
            raise Worse("a") if task == 1 else TryLater(7)
        """
    )
    assert function.run(b"1").exit_code == 65
    later = function.run(b"2")
    assert (later.exit_code, later.retry_after_s) == (75, 7.0)


def test_prints_go_to_stderr_and_are_heard(functions: Functions) -> None:
    heard: list[tuple[str, bytes]] = []
    function = functions(
        """
        import os, subprocess, sys
        def f(task):
            print("printed")
            os.write(1, b"written\\n")
            subprocess.run(["echo", "echoed"])
            sys.stderr.write("said\\n")
            return task
        """
    )
    ended = function.run(b"1", on_output=lambda stream, data: heard.append((stream, data)))
    assert (ended.stdout, ended.stderr_tail) == (b"1", "printed\nwritten\nechoed\nsaid\n")
    assert {stream for stream, _ in heard} == {"stderr"}
    assert b"".join(data for _, data in heard).decode() == ended.stderr_tail
    assert function.run(b"2").stderr_tail == ended.stderr_tail


def test_a_flood_of_prints_is_read_to_its_end(functions: Functions) -> None:
    ended = functions("def f(task):\n for _ in range(200): print('x' * 100_000)\n return 1").run(b"{}")
    assert (ended.stdout, len(ended.stderr_tail)) == (b"1", 65_536)


@pytest.mark.parametrize(
    ("code", "exit_code", "number", "how"),
    [
        ("os._exit(0)", 0, None, "exit code 0"),
        ("os._exit(7)", 7, None, "exit code 7"),
        ("os.kill(os.getpid(), 9)", None, 9, "signal 9"),
        ("os.abort()", None, 6, "signal 6"),
    ],
)
def test_dying_in_the_middle_is_a_crash(
    functions: Functions, code: str, exit_code: int | None, number: int | None, how: str
) -> None:
    function = functions(f"import os\ndef f(task):\n    if task: print('so far', flush=True); {code}\n    return 'ok'")
    ended = function.run(b"1")
    assert (ended.why, ended.exit_code, ended.signal) == ("crashed", exit_code, number)
    assert ended.detail == f"the agent's process died in the middle of the task ({how})"
    assert (ended.stderr_tail, function.pid) == ("so far\n", None)
    assert judge(ended).kind == "crashed"
    assert function.run(b"0").stdout == b'"ok"'


def test_dying_is_noticed_although_a_forked_copy_holds_its_pipes(functions: Functions) -> None:
    function = functions(
        """
        import os, signal
        def f(task):
            copy = os.fork()
            if copy == 0:
                signal.pause()
            print(copy)
            os._exit(3)
        """
    )
    ended = function.run(b"{}")
    assert (ended.why, ended.exit_code) == ("crashed", 3)
    assert are_gone(int(ended.stderr_tail))


def test_its_delay_grows_with_each_crash_and_ends_with_a_success(functions: Functions) -> None:
    code = "import os\ndef f(task): return os._exit(1) if task else 0"
    function = functions(code, backoff=Backoff(chance=Most()))
    delays = []
    for task in (b"1", b"1", b"1", b"0", b"1"):
        function.run(task)
        delays.append(round(function.delay_s, 6))
    assert delays == [0.1, 0.2, 0.4, 0.0, 0.1]


def test_one_that_dies_while_idle_costs_no_task(functions: Functions) -> None:
    function = functions("import os\ndef f(task): return os.getpid()")
    first = json.loads(function.run(b"{}").stdout)
    process = psutil.Process(first)
    process.kill()
    assert await_end([process], 20) == []
    ended = function.run(b"{}")
    assert (ended.why, ended.exit_code) == ("exit", 0)
    assert json.loads(ended.stdout) != first


def test_a_timeout_ends_it_and_the_next_task_gets_a_new_process(functions: Functions) -> None:
    function = functions("import time\ndef f(task): print('on', flush=True); time.sleep(task); return 1")
    ended = function.run(b"1000", timeout_s=0.5)
    assert (ended.why, ended.signal, ended.detail) == ("timeout", 15, "no end within 0.5 s (timeout)")
    assert (ended.stderr_tail, function.pid, function.delay_s) == ("on\n", None, 0.0)
    assert function.run(b"0").stdout == b"1"


def test_silence_is_a_stall_and_prints_are_signs_of_life(functions: Functions) -> None:
    function = functions(
        """
        import time
        def f(task):
            for _ in range(22):
                time.sleep(0.05)
                print(end=".")
            time.sleep(task)
        """
    )
    ended = function.run(b"1000", stall_s=1.0)
    assert (ended.why, ended.stderr_tail) == ("stalled", "." * 22)


@pytest.mark.parametrize(
    ("reason", "why"), [("cancel", "cancelled"), ("shutdown", "shutdown"), ("preempt", "preempted")]
)
def test_a_stop_ends_it(
    functions: Functions, stop_when_heard: Callable[..., StopWhenHeard], reason: StopReason, why: str
) -> None:
    function = functions("import time\ndef f(task): print('ready', flush=True); time.sleep(1000)")
    stopper = stop_when_heard("ready", reason)
    ended = function.run(b"{}", stop=stopper.stop, on_output=stopper.listen)
    assert (ended.why, ended.signal, function.pid, function.delay_s) == (why, 15, None, 0.0)


def test_nothing_is_started_after_a_stop(functions: Functions) -> None:
    function = functions("def f(task): return 1")
    with Stop() as stop:
        stop.set("cancel")
        assert (function.run(b"{}", stop=stop).why, function.pid) == ("cancelled", None)


def test_one_that_ignores_sigterm_is_killed(
    functions: Functions, stop_when_heard: Callable[..., StopWhenHeard]
) -> None:
    function = functions(
        """
        import signal, time
        def f(task):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("ready", flush=True)
            time.sleep(1000)
        """,
        grace_s=0.1,
    )
    stopper = stop_when_heard()
    assert function.run(b"{}", stop=stopper.stop, on_output=stopper.listen).signal == signal.SIGKILL


@pytest.mark.parametrize(
    ("target", "why", "detail"),
    [
        ("work", "not_found", "'work' does not name a function; write 'module:function'"),
        ("nowhere:f", "not_found", "there is no module 'nowhere'"),
        ("nowhere.deep:f", "not_found", "there is no module 'nowhere'"),
        ("work:g", "not_found", "the module 'work' has no 'g'"),
        ("work:number", "not_found", "'work:number' is not a function but int"),
    ],
)
def test_a_function_that_is_not_there(functions: Functions, target: str, why: str, detail: str) -> None:
    function = functions("number = 3", target=target)
    ended = function.run(b"{}")
    assert (ended.why, judge(ended).kind) == (why, "broken")
    assert ended.detail.startswith(detail)
    assert function.delay_s > 0


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("1 / 0", "importing 'work' failed: ZeroDivisionError: division by zero (at work.py:1 in <module>)"),
        (
            "import nowhere",
            "importing 'work' failed: ModuleNotFoundError: No module named 'nowhere' (at work",
        ),
        ("def f(:", "importing 'work' failed: SyntaxError: "),
        ("import sys; sys.exit(3)", "importing 'work' failed: SystemExit: 3"),
        ("import os; os._exit(3)", "the process for 'work:f' ended while it was starting (exit code 3)"),
        (
            "import os; os.kill(os.getpid(), 9)",
            "the process for 'work:f' ended while it was starting (signal 9)",
        ),
    ],
)
def test_a_module_that_cannot_be_imported(functions: Functions, code: str, detail: str) -> None:
    ended = functions(code).run(b"{}")
    assert ended.why == "broken"
    assert ended.detail.startswith(detail)


def test_an_import_that_never_ends(functions: Functions) -> None:
    ended = functions("import time; time.sleep(1000)", start_timeout_s=0.5).run(b"{}")
    assert (ended.why, ended.detail) == ("broken", "importing 'work:f' took longer than 0.5 s")


def test_a_stop_during_a_long_import(functions: Functions, named_pipe: Callable[[str], Path]) -> None:
    up = named_pipe("up")
    function = functions(f"import time\nwith open({str(up)!r}, 'w') as file: file.write('up')\ntime.sleep(1000)")
    with Stop() as stop:

        def stop_once_up() -> None:
            up.read_text()
            stop.set("shutdown")

        thread = threading.Thread(target=stop_once_up)
        thread.start()
        assert (function.run(b"{}", stop=stop).why, function.pid) == ("shutdown", None)
        thread.join()


def test_a_python_that_is_not_there(functions: Functions) -> None:
    ended = functions("def f(task): ...", python="no-such-python").run(b"{}")
    assert (ended.why, "no-such-python" in ended.detail) == ("not_found", True)


def test_printing_while_it_is_imported_does_no_harm(functions: Functions) -> None:
    assert functions("print('x' * 1_000_000)\ndef f(task): return 1").run(b"{}").stdout == b"1"


def test_a_method_and_a_callable_object_will_do(functions: Functions) -> None:
    code = "class A:\n    def __call__(self, task): return 1\n    @staticmethod\n    def g(task): return 2\na = A()"
    assert functions(code, target="work:a").run(b"{}").stdout == b"1"
    assert functions(code, target="work:A.g").run(b"{}").stdout == b"2"


@pytest.mark.parametrize(
    "harm",
    [
        "os.closerange(3, 50)",
        "[os.write(n, b'rubbish' * 1000) for n in range(3, 50) if writable(n)]",
        "[os.write(n, b'\\0\\0\\0\\3\\0\\0\\0\\0nil') for n in range(3, 50) if writable(n)]",
        "[os.write(n, b'\\0\\0\\0\\2\\0\\0\\0\\0[]') for n in range(3, 50) if writable(n)]",
    ],
)
def test_one_that_spoils_its_own_pipes_is_a_crash(functions: Functions, harm: str) -> None:
    function = functions(
        f"""
        import fcntl, os, time
        def writable(n):
            try:
                return fcntl.fcntl(n, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
            except OSError:
                return False
        def f(task):
            if task:
                {harm}
                time.sleep(1000)
            return "ok"
        """
    )
    assert (function.run(b"1").why, function.pid) == ("crashed", None)
    assert function.run(b"0").stdout == b'"ok"'


@pytest.mark.skipif(not LINUX, reason="looks into /proc")
def test_what_it_starts_inherits_no_pipe_of_ours_and_no_descriptor_is_lost(functions: Functions) -> None:
    before = None
    for _ in range(3):
        function = functions(
            """
            import subprocess
            def f(task):
                listing = subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True, close_fds=False)
                return listing.stdout.split()
            """
        )
        assert json.loads(function.run(b"{}").stdout) == ["0", "1", "2", "3"]
        function.close()
        assert before in (None, open_descriptors())
        before = open_descriptors()


def test_closing_ends_it_and_what_it_started(functions: Functions) -> None:
    function = functions(
        """
        import atexit, os, subprocess
        atexit.register(lambda: open("left", "w").write("politely"))
        def f(task):
            return [os.getpid(), subprocess.Popen(["sleep", "1000"]).pid]
        """
    )
    pids = json.loads(function.run(b"{}").stdout)
    left = Path(f"/proc/{pids[0]}/cwd").resolve() / "left" if LINUX else None
    function.close()
    function.close()
    assert are_gone(*pids)
    assert left is None or left.read_text() == "politely"


def test_an_error_of_the_listener_ends_the_process_and_is_raised(functions: Functions) -> None:
    function = functions("import time\ndef f(task): print('on', flush=True); time.sleep(task)")
    pids = []

    def listen(_stream: str, _data: bytes) -> None:
        pids.append(function.pid)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        function.run(b"1000", on_output=listen)
    assert function.pid is None
    assert are_gone(*[pid for pid in pids if pid])
    assert function.run(b"0").exit_code == 0


def test_usage_is_that_of_the_task(functions: Functions) -> None:
    function = functions(
        """
        import subprocess, sys, time
        burnt = time.process_time()
        while time.process_time() < burnt + 0.3: pass
        def f(task):
            if task == "burn":
                start = time.process_time()
                while time.process_time() < start + 0.2: pass
            if task == "child":
                subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.2: pass"])
            if task == "fill":
                return len(bytearray(150 << 20))
        """
    )
    usage = {task: function.run(json.dumps(task).encode()).usage for task in ("idle", "burn", "child", "fill", "last")}
    assert usage["idle"].cpu_s < 0.15
    assert usage["burn"].cpu_s >= 0.2
    assert usage["child"].cpu_s >= 0.2
    assert usage["last"].cpu_s < 0.15
    most = {task: one.max_rss_bytes or 0 for task, one in usage.items()}
    assert 0 < most["idle"] < 100 * MIB
    assert most["fill"] >= 150 * MIB
    assert not LINUX or most["last"] < 100 * MIB


def test_a_crash_has_used_cpu_as_well(functions: Functions) -> None:
    code = "import os, time\ndef f(task):\n    while time.process_time() < 0.3: pass\n    os._exit(1)"
    assert functions(code).run(b"{}").usage.cpu_s >= 0.15


def test_our_package_is_found_whatever_the_environment_says(functions: Functions) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    code = "from rota.agents.process.child import BadTask\ndef f(task): return BadTask.__name__"
    assert functions(code, env=env).run(b"{}").stdout == b'"BadTask"'


def test_one_that_is_forgotten_takes_its_process_along(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("def f(task): return 1")
    function = FunctionProcess("work:f", env=dict(os.environ), cwd=tmp_path)
    function.run(b"{}")
    pid = function.pid
    assert pid is not None
    del function
    assert are_gone(pid)
