"""Placeholders in arguments."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.agents.placeholders import ARGUMENT_BYTES, PlaceholderError, check_arguments, names_in, substitute
from tests.agents.conftest import Run

TASK: dict[str, Any] = {
    "task": "task-7",
    "title": "Fix $(rm -rf ~); `id` 'it' \"now\"\n{title}",
    "description": "",
    "payload": {"file": "a b.py", "n": 3, "on": True, "no": None, "deep": {"list": [10, {"x": 1}]}, "a-b": 1.5},
    "priority": "high",
    "attempt": 2,
    "deadline": None,
    "python": "/usr/bin/python3",
}


@pytest.mark.parametrize(
    ("argument", "filled"),
    [
        ("{id}", "task-7"),
        ("{title}", TASK["title"]),
        ("--file={payload.file}:{payload.n}", "--file=a b.py:3"),
        ("{payload.on}{payload.no}{payload.a-b}", "true1.5"),
        ("{payload.deep}", '{"list":[10,{"x":1}]}'),
        ("{payload.deep.list.0} {payload.deep.list.1.x}", "10 1"),
        ("[{deadline}{description}{project}]", "[]"),
        ("{attempt}/{priority}", "2/high"),
        ("{{title}}", "{title}"),
        ("{{{id}}}", "{task-7}"),
        ("{{{{id}}}}", "{{id}}"),
        ('{"id":"{id}","of":{"n":{payload.n}}}', '{"id":"task-7","of":{"n":3}}'),
        ("{{nonsense}}", "{nonsense}"),
        ("{brief}", "the brief of {id}"),
        ("{python}", "/usr/bin/python3"),
    ],
)
def test_placeholders_are_filled(argument: str, filled: str) -> None:
    assert substitute(["run", argument], TASK, lambda: "the brief of {id}") == ("run", filled)


@pytest.mark.parametrize(
    "argument",
    ["", "plain", "{}", "{ title }", "{print $1}", '{"a": 1}', "{{.Names}}", "${HOME}", "${title}", "{1}", "a{b", "b}"],
)
def test_what_is_no_placeholder_stays_as_it_is(argument: str) -> None:
    assert substitute([argument], TASK) == (argument,)
    assert names_in(argument) == []


@given(st.lists(st.text().filter(lambda text: "{" not in text), min_size=1))
def test_arguments_without_braces_are_unchanged(argv: list[str]) -> None:
    assert substitute(argv, TASK) == tuple(argv)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_one_argument_stays_one_whatever_the_task_holds(title: str) -> None:
    assert substitute(["run", "-t", "{title}", "end"], {"title": title}) == ("run", "-t", title, "end")


def test_no_shell_sees_what_a_task_holds(run: Run) -> None:
    ended = run(*substitute(["printf", "%s|%s", "{title}", "{payload.file}"], TASK))
    assert ended.stdout.decode() == f"{TASK['title']}|a b.py"


@pytest.mark.parametrize("name", ["tilte", "payloadx", "title.x", "brief.x", "Title", "task"])
def test_an_unknown_name_is_refused_naming_the_known_ones(name: str) -> None:
    with pytest.raises(PlaceholderError) as caught:
        check_arguments(["run", f"--x={{{name}}}"])
    assert caught.value.fault == "command"
    message = str(caught.value)
    assert message.startswith(f"{{{name}}} is no placeholder; there are {{id}}, {{title}}, ")
    assert f"double the braces: {{{{{name}}}}}" in message


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("{payload.fil}", "{payload.fil}: the task's payload has no 'fil'; it has a-b, deep, file, n, no, on"),
        ("{payload.deep.list.2}", "{payload.deep.list.2}: the task's payload.deep.list has no '2'; it is a list of 2"),
        ("{payload.n.x}", "{payload.n.x}: the task's payload.n has no 'x'; it is '3'"),
    ],
)
def test_a_missing_key_of_the_payload_is_the_tasks_fault(argument: str, message: str) -> None:
    check_arguments(["run", argument])
    with pytest.raises(PlaceholderError) as caught:
        substitute(["run", argument], TASK)
    assert (str(caught.value), caught.value.fault) == (message, "task")


def test_a_task_without_a_payload_says_so() -> None:
    with pytest.raises(PlaceholderError, match="the task's payload has no 'x'; it is empty"):
        substitute(["run", "{payload.x}"], {"title": "a"})


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("a\0b", "NUL"),
        ("a\ud800", "surrogate"),
        ("ö" * ARGUMENT_BYTES, "argument 1 ('{title}') would be 262,142 bytes long, the system takes 131,071"),
    ],
)
def test_values_that_no_argument_can_hold_are_refused(title: str, message: str) -> None:
    with pytest.raises(PlaceholderError) as caught:
        substitute(["run", "{title}"], {"title": title})
    assert message in str(caught.value)
    assert caught.value.fault == "task"


def test_the_longest_argument_can_be_passed(run: Run) -> None:
    argv = substitute(["printf", "%s", "{title}"], {"title": "x" * ARGUMENT_BYTES})
    assert run(*argv).stdout == b"x" * ARGUMENT_BYTES


@pytest.mark.parametrize(
    "argv",
    [["sh", "-c", "grep {title} file"], ["/bin/bash", "-euo", "pipefail", "-c", "{title}"], ["zsh", "-lc", "x {id}"]],
)
def test_shell_code_takes_no_placeholders(argv: list[str]) -> None:
    with pytest.raises(PlaceholderError, match="inside shell code") as caught:
        check_arguments(argv)
    assert caught.value.fault == "command"


@pytest.mark.parametrize(
    "argv",
    [["sh", "-c", 'grep "$1" file', "-", "{title}"], ["sh", "script.sh", "-c", "{title}"], ["python", "-c", "{id}"]],
)
def test_arguments_of_shell_code_do(argv: list[str]) -> None:
    check_arguments(argv)


def test_the_brief_is_made_only_if_it_is_wanted() -> None:
    def never() -> str:
        raise AssertionError

    assert substitute(["run", "{title}"], {"title": "a"}, never) == ("run", "a")
    with pytest.raises(PlaceholderError, match="not to be had"):
        substitute(["run", "{brief}"], TASK)
