"""How short commands read their words, and that they know all that operations take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from rota.faces.cli.say import Usage
from rota.faces.cli.short import add, agents, edit, limits, lists, match, projects, work
from rota.faces.cli.short.parse import Unplaced, parsed
from rota.faces.cli.short.shape import Option, Verb, Word
from rota.model.agent import AgentSpec
from rota.model.commands.read import ListTasks
from rota.model.commands.route import Match
from rota.model.commands.submit import Describe, Edit
from rota.model.commands.work import Ask, Beat, Claim, Done, Failed, GiveBack, Heartbeat, Held
from rota.model.limit import LimitSpec
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec

VERB = Verb(
    "try",
    "Try it",
    lambda _given: 0,
    (Word("name", "Its name.", "NAME"), Word("more", "More.", "MORE", many=True, optional=True)),
    (
        Option("number", "A number.", "integer", ("--number", "-n")),
        Option("yes", "A switch.", "switch", ("--yes", "-y")),
        Option("word", "A word.", many=True),
        Option("choice", "A choice.", choices=("red", "blue"), clears=True),
        Option("skills", "Skills.", "levels", ("--skill",)),
        Option("used", "Used.", "amounts"),
        Option("value", "Anything.", "json"),
        Option("span", "How long.", "span"),
        Option("agent", "Who.", variable="ROTA_AGENT"),
    ),
)


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["a"], {"name": "a"}),
        (["a", "b", "-n", "5", "c"], {"name": "a", "more": ["b", "c"], "number": 5}),
        (["--number=5", "a", "-y"], {"name": "a", "number": 5, "yes": True}),
        (["-n5", "a"], {"name": "a", "number": 5}),
        (["--", "-n", "--yes"], {"name": "-n", "more": ["--yes"]}),
        (["-5", "--number", "-3"], {"name": "-5", "number": -3}),
        (["-"], {"name": "-"}),
        (["a", "--word", "x", "--word=y=z"], {"name": "a", "word": ["x", "y=z"]}),
        (["a", "--word", "-y"], {"name": "a", "word": ["-y"]}),
        (["a", "--choice", "none"], {"name": "a", "choice": None}),
        (["a", "--skill", "py=3", "--skill", "docs"], {"name": "a", "skills": {"py": 3, "docs": 1}}),
        (["a", "--used", "tokens=1.5"], {"name": "a", "used": {"tokens": 1.5}}),
        (["a", "--value", '{"b": [1, null]}'], {"name": "a", "value": {"b": [1, None]}}),
        (["a", "--value", "plain text"], {"name": "a", "value": "plain text"}),
        (["a", "--value", "7"], {"name": "a", "value": 7}),
        (["a", "--value", "NaN"], {"name": "a", "value": "NaN"}),
        (["", ""], {"name": "", "more": [""]}),
        (["a", "--span", "1h30m"], {"name": "a", "span": 5_400.0}),
    ],
)
def test_words_and_what_they_say(words: list[str], given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROTA_AGENT", raising=False)
    assert parsed(VERB, "try", words) == given


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "NAME is missing"),
        (["a", "--numbr", "5"], "did you mean --number"),
        (["a", "-n"], "-n needs a value"),
        (["a", "-n", "many"], "'many' is no whole number"),
        (["a", "-n", "9" * 5_000], "is no whole number"),
        (["a", "--yes=no"], "takes no value"),
        (["a", "--choice", "green"], "none of red, blue"),
        (["a", "--skill", "=3"], "has no name"),
        (["a", "--used", "tokens"], "no NAME=NUMBER"),
        (["a", "--span", "soon"], "is no length of time"),
        (["a", "--used", "tokens=inf"], "is no number"),
        (["a", "--value", "{"], "begins like JSON"),
        (["a", "--value", "[" * 100_000], "begins like JSON"),
        (["a", "-yn"], "there is no option '-yn'"),
    ],
)
def test_words_that_can_not_be_taken(words: list[str], told: str) -> None:
    with pytest.raises(Usage) as refused:
        parsed(VERB, "try", words)
    assert told in refused.value.message
    assert "rota try --help" in refused.value.fix


def test_words_too_many_and_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    one = VERB._replace(words=VERB.words[:1])
    with pytest.raises(Unplaced):
        parsed(one, "try", ["a", "b"])
    monkeypatch.setenv("ROTA_AGENT", "ann")
    assert parsed(VERB, "try", ["a"])["agent"] == "ann"
    assert parsed(VERB, "try", ["a", "--agent", "bob"])["agent"] == "bob"


def fields(*requests: type[msgspec.Struct]) -> set[str]:
    return {field for request in requests for field in request.__struct_fields__}


def declared(verb: Verb, without: Iterable[str] = ()) -> set[str]:
    every = {word.field for word in verb.words} | {option.field for option in verb.options}
    return every - {"database", "json", "yes", "watch", "all", *without}


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (declared(add.ADD, ["batch", "key"]), fields(TaskSpec) - {"ref"}),
        (declared(edit.EDIT), fields(Edit, Describe)),
        (declared(lists.TASKS), fields(ListTasks) - {"whole"}),
        ({option.field for option in agents.SPEC} | {"name"}, fields(AgentSpec)),
        ({option.field for option in limits.SPEC} | {"key"}, fields(LimitSpec)),
        (declared(projects.PROJECTS.verbs[1]), fields(ProjectSpec)),
        (declared(work.CLAIM), fields(Claim) - {"agents", "delivery"}),
        (declared(work.HEARTBEAT), fields(Heartbeat, Beat) - {"beats"}),
        (declared(work.COMPLETE), fields(Done)),
        (declared(work.FAIL, ["final"]), fields(Failed) - {"retryable"}),
        (declared(work.GIVE_BACK), fields(Held, GiveBack) - {"tasks", "said"}),
        (declared(work.ASK), fields(Ask)),
        (declared(match.MATCH), fields(Match)),
    ],
)
def test_short_commands_know_what_operations_take(said: set[str], taken: set[str]) -> None:
    assert said == taken
