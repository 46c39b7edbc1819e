"""Each agent of the standard library audit does its tasks right, or fails as it is meant to."""

from __future__ import annotations

import importlib
import os
import re
import signal
from pathlib import Path

import pytest

from tests.examples.audit_processes import (
    STDLIB,
    Json,
    answer,
    call,
    evaluate,
    files_of,
    rejection,
    run_script,
    task_of,
    words,
)


@pytest.mark.parametrize("name", ["heapq", "shlex", "json", "wsgiref"])
def test_counts_agree_with_the_tokenizer(name: str, tmp_path: Path) -> None:
    task = task_of("metrics", {"module": name})
    result = answer("audit.py", task, tmp_path)
    texts = [path.read_text(encoding="utf-8") for path in files_of(name)]
    assert result["files"] == len(texts)
    assert result["lines"] == sum(len(text.splitlines()) for text in texts)
    assert result["functions"] == sum(words(text).count("def") for text in texts) > 0
    assert result["classes"] == sum(words(text).count("class") for text in texts)
    assert rejection(task, result, tmp_path) == ""


@pytest.mark.parametrize("name", ["shlex", "textwrap", "json"])
def test_the_biggest_functions_are_as_big_and_complex_as_told(name: str, tmp_path: Path) -> None:
    result = answer("audit.py", task_of("metrics", {"module": name}), tmp_path)
    assert len(result["biggest"]) == 10
    checked = 0
    for function in result["biggest"]:
        inside = STDLIB / function["module"].replace(".", os.sep)
        path = inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        start = function["line"] - 1
        body = lines[start : start + function["lines"]]
        indent = re.match(r"\s*", body[0])
        assert indent is not None
        width = len(indent.group())
        named = re.match(r"(?:async )?def (\w+)", body[0][width:])
        assert named is not None
        assert named.group(1) == function["name"].rpartition(".")[2]
        code = (line for line in lines[start + function["lines"] :] if re.match(r"\s*[^#\s]", line))
        after = next(code, "")
        assert len(after) - len(after.lstrip()) <= width, "the function goes on below its told end"
        found = words("".join(line[width:] for line in body))
        if found.count("def") == 1 and "match" not in found:
            checked += 1
            decisions = sum(found.count(word) for word in ("if", "elif", "for", "while", "except", "and", "or"))
            assert function["complexity"] == decisions + 1, function
    assert checked >= 3


def test_decisions_count_for_the_innermost_function(tmp_path: Path) -> None:
    code = """
if outside: pass
class Shop:
    def sell(self, many):
        def price(one):
            return one if one and one or many else 0
        for one in many:
            try: yield [x for x in one if x]
            except ValueError: pass
        while False: pass
async def open_up(day):
    async for hour in day: pass
    match day:
        case 1 if early: pass
        case _: pass
"""
    functions = evaluate("use('metrics').functions_of(ast.parse(given), 'm')", code, tmp_path)
    told = {one["name"]: one["complexity"] for one in functions}
    assert told == {"Shop.sell": 6, "Shop.sell.price": 4, "open_up": 5}


def test_a_module_that_does_not_exist_is_a_bad_task(tmp_path: Path) -> None:
    ended = run_script("audit.py", task_of("metrics", {"module": "no_such_module"}), tmp_path)
    assert ended.returncode == 65
    assert ended.stdout == ""
    assert "has no module 'no_such_module'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (task_of("metrics", {}), "payload.module must be a text"),
        (task_of("metrics", {"module": 7}), "payload.module must be a text, not 7"),
        (task_of("compile", {"section": "s", "modules": "json"}), "payload.modules must be a list of texts"),
        (
            task_of("documentation", {"section": "s", "modules": [7]}),
            "payload.modules must be a list of texts",
        ),
        (task_of("sculpture", {"module": "json"}), "kind 'sculpture'"),
    ],
    ids=["no module", "a number", "no list", "a list of numbers", "unknown kind"],
)
def test_a_task_nobody_can_do_is_refused_in_one_line(task: Json, reason: str, tmp_path: Path) -> None:
    ended = run_script("audit.py", task, tmp_path)
    assert ended.returncode == 65
    assert reason in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


# ---- compiling and documentation


def test_every_module_of_a_section_is_compiled(tmp_path: Path) -> None:
    task = task_of("compile", {"section": "some", "modules": ["json", "heapq"]})
    result = answer("audit.py", task, tmp_path)
    assert result["files"] == len(files_of("json")) + 1
    assert result["failures"] == []
    assert rejection(task, result, tmp_path) == ""


def test_the_compiler_is_quoted(tmp_path: Path) -> None:
    broken = (STDLIB / "heapq.py").read_text(encoding="utf-8").replace("def heappop(heap):", "def heappop(heap:", 1)
    line = broken.splitlines().index("def heappop(heap:") + 1
    given = [broken, 'a = 1\nb = "x" is a\n', "a = 1\n", "a = 1\0"]
    answers = evaluate("[use('compiling').compiled(one.encode(), 'm') for one in given]", given, tmp_path)
    (failed, _), (_, warned), clean, (null, _) = answers
    assert failed[0]["line"] == line
    assert "never closed" in failed[0]["reason"]
    assert warned[0]["line"] == 2
    assert "SyntaxWarning" in warned[0]["reason"]
    assert clean == [[], []]
    assert "null bytes" in null[0]["reason"]


def test_docstrings_agree_with_the_living_modules(tmp_path: Path) -> None:
    names = ["heapq", "hashlib", "struct", "decimal", "dataclasses", "http"]
    task = task_of("documentation", {"section": "some", "modules": names})
    first, again = call("docstrings:check_docstrings", [task], [task], folder=tmp_path)
    assert first == again == answer("audit.py", task, tmp_path)
    modules = [*names, *(f"http.{part}" for part in ("client", "cookiejar", "cookies", "server"))]
    living = {name for name in modules if importlib.import_module(name).__doc__ is None}
    # hashlib assigns its docstring, struct and decimal import it; two have none.
    assert set(first["missing"]) == living == {"dataclasses", "http"}
    assert 0 < first["documented"] <= first["public"]
    assert rejection(task, first, tmp_path) == ""


def test_public_definitions_are_those_others_may_use(tmp_path: Path) -> None:
    code = """
def a():
    def inside(): pass
class B:
    def c(self): pass
    async def d(self): pass
    def _e(self): pass
    class F: pass
class _G:
    def h(self): pass
if day:
    def i(): pass
elif night:
    def j(): pass
try:
    def k(): pass
except ImportError:
    def m(): pass
else:
    def n(): pass
finally:
    def o(): pass
"""
    expression = "[one.name for one in use('docstrings').public_definitions(ast.parse(given).body)]"
    assert sorted(evaluate(expression, code, tmp_path)) == list("BFacdijkmno")


# ---- agents with flaws


def test_the_flaky_agent_really_dies_and_a_retry_succeeds(tmp_path: Path) -> None:
    tasks = [task_of("metrics", {"module": "heapq"}, number=number) for number in range(1, 61)]
    ends = (run_script("flaky.py", task, tmp_path).returncode for task in tasks)
    dead = next((task for task, code in zip(tasks, ends, strict=True) if code == -signal.SIGSEGV), None)
    assert dead is not None
    assert run_script("flaky.py", dead, tmp_path).returncode == -signal.SIGSEGV, "the same attempt dies again"
    assert answer("flaky.py", dead | {"attempt": 3}, tmp_path) == answer("audit.py", dead, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_guess_of_the_trainee_is_rejected_and_the_next_attempt_passes(tmp_path: Path) -> None:
    tasks = [task_of("metrics", {"module": "heapq"}, number=number) for number in range(1, 61)]
    truth = answer("audit.py", tasks[0], tmp_path)
    answers = (answer("careless.py", task, tmp_path) for task in tasks)
    guessed = next(((task, result) for task, result in zip(tasks, answers, strict=True) if result != truth), None)
    assert guessed is not None
    task, guess = guessed
    assert "counting again gives" in rejection(task, guess, tmp_path)
    assert answer("careless.py", task | {"attempt": 2}, tmp_path) == truth
    assert rejection(task, truth, tmp_path) == ""
