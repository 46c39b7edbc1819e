"""Routing rules: the first that matches counts, nothing else does, and what can never match is found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rota.model.rule import Rule, RuleSet
from rota.model.task import TaskSpec
from rota.planning.rule_cover import contradicts_itself, covers
from rota.planning.rule_fields import Facts
from rota.planning.rule_match import Unfit, compiled, read_match
from rota.planning.rules import Rules, fault

NOW = 1_760_000_000_000_000

_texts = st.sampled_from(["a", "ab", "b", "abc"])
_numbers = st.integers(0, 4)
_plain = st.one_of(
    st.fixed_dictionaries({"kind": _texts}),
    st.fixed_dictionaries({"kind": st.lists(_texts, min_size=1)}),
    st.fixed_dictionaries({"kind": st.fixed_dictionaries({"prefix": _texts})}),
    st.fixed_dictionaries({"title": st.fixed_dictionaries({"has": _texts})}),
    st.fixed_dictionaries({"estimate": st.fixed_dictionaries({"<": _numbers})}),
    st.fixed_dictionaries({"estimate": st.fixed_dictionaries({">": _numbers})}),
    st.fixed_dictionaries({"estimate": _numbers}),
    st.fixed_dictionaries({"priority": st.sampled_from(["high", "low"])}),
    st.fixed_dictionaries({"ban": st.fixed_dictionaries({"has": st.lists(_texts, min_size=1)})}),
    st.fixed_dictionaries({"payload.x": _texts | _numbers | st.booleans()}),
    st.fixed_dictionaries({"payload": st.fixed_dictionaries({"x": st.fixed_dictionaries({">": _numbers})})}),
    st.fixed_dictionaries({"skills.py": st.fixed_dictionaries({">": _numbers})}),
)
_pairs = st.tuples(_plain, _plain).map(lambda two: {**two[0], **two[1]})
matches = st.recursive(
    st.just({}) | _plain | _pairs,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda found: {"any": found}),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: {"all": found}),
        inner.map(lambda found: {"not": found}),
        st.tuples(_plain, inner.map(lambda found: {"not": found})).map(lambda two: {**two[0], **two[1]}),
    ),
    max_leaves=4,
)
specs = st.builds(
    TaskSpec,
    title=_texts,
    kind=_texts,
    estimate=st.none() | _numbers,
    priority=st.sampled_from(["high", "normal", "low"]),
    ban=st.lists(_texts, unique=True),
    skills=st.dictionaries(st.just("py"), st.integers(1, 5)),
    payload=st.none() | st.fixed_dictionaries({"x": _texts | _numbers | st.booleans() | st.none()}),
)


def fits(match: dict[str, Any], spec: TaskSpec) -> bool:
    return compiled(read_match(match))(Facts(spec, NOW))


@given(matches, matches, specs)
def test_what_is_said_to_be_covered_is(earlier: dict[str, Any], later: dict[str, Any], spec: TaskSpec) -> None:
    assume(fits(later, spec))
    if covers(read_match(earlier), read_match(later)):
        assert fits(earlier, spec)


@given(matches)
def test_a_rule_covers_itself_and_an_empty_one_covers_all(match: dict[str, Any]) -> None:
    assert covers(read_match(match), read_match(match))
    assert covers(read_match({}), read_match(match))


@given(matches, specs)
def test_what_is_said_to_contradict_itself_never_holds(match: dict[str, Any], spec: TaskSpec) -> None:
    if contradicts_itself(read_match(match)) is not None:
        assert not fits(match, spec)


@given(matches, specs)
def test_not_any_and_all_mean_what_they_say(match: dict[str, Any], spec: TaskSpec) -> None:
    assert fits({"not": match}, spec) is not fits(match, spec)
    assert fits({"any": [match, {"kind": "nothing"}]}, spec) is fits(match, spec)
    assert fits({"all": [match, {}]}, spec) is fits(match, spec)


@given(st.lists(matches, max_size=4), specs)
def test_the_first_that_matches_counts(found: list[dict[str, Any]], spec: TaskSpec) -> None:
    rules = Rules([Rule(match=match, set=RuleSet(affinity=str(at))) for at, match in enumerate(found)])
    route = rules.route(spec, NOW)
    first = next((at for at, match in enumerate(found) if fits(match, spec)), None)
    assert (None if route is None else route.at) == first
    if route is not None:
        assert route.spec.affinity == str(first)
        assert spec.affinity is None, "the task that was submitted stays as it is"


FITS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"kind": "fix"}, {"kind": "fix"}, True),
    ({"kind": "fix"}, {}, False),
    ({"kind": ["fix", "task"]}, {}, True),
    ({"title": {"prefix": "URGENT"}}, {"title": "URGENT: it burns"}, True),
    ({"title": {"has": "burn"}}, {"title": "URGENT: it burns"}, True),
    ({"estimate": {">": 60}}, {"estimate": "2m"}, True),
    ({"estimate": {">": 60, "<": 120}}, {"estimate": "2m"}, False),
    ({"estimate": {">": 60}}, {}, False),
    ({"deadline": {"<": 3_600}}, {"deadline": "30m"}, True),
    ({"deadline": {"<": 3_600}}, {"deadline": "2h"}, False),
    ({"skills": {"has": "python"}}, {"skills": {"python": 2}}, True),
    ({"skills": {"python": {">": 2}}}, {"skills": {"python": 2}}, False),
    ({"regions": ["eu", "us"]}, {"regions": ["us", "eu", "uk"]}, True),
    ({"limits": {"has": ["a", "b"]}}, {"limits": ["a"]}, False),
    ({"payload": {"language": "de"}}, {"payload": {"language": "de"}}, True),
    ({"payload.language": {"in": ["de", "fr"]}}, {"payload": {"language": "fr"}}, True),
    ({"payload.a.b": True}, {"payload": {"a": {"b": 1}}}, False),
    ({"payload.tags": {"has": "x"}}, {"payload": {"tags": ["x", "y"]}}, True),
    ({"payload.n": {"<": 3}}, {"payload": {"n": "2"}}, False),
    ({"payload.n": {"<": 3}}, {"payload": ["n"]}, False),
    ({"approval": True}, {"approval": True}, True),
    ({"not": {"tenant": "default"}}, {}, False),
    ({"any": [{"kind": "x"}, {"tenant": "default"}], "priority": "normal"}, {}, True),
]


@pytest.mark.parametrize(("match", "task", "expected"), FITS)
def test_what_fits(match: dict[str, Any], task: dict[str, Any], expected: bool) -> None:
    assert fits(match, TaskSpec(**{"title": "t", **task})) is expected


UNFIT: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    ({"nonsense": 1}, ("nonsense",)),
    ({"kind.x": 1}, ("kind.x",)),
    ({"kind": {}}, ("kind",)),
    ({"kind": []}, ("kind",)),
    ({"kind": 3}, ("kind",)),
    ({"kind": {"~": "a"}}, ("kind", "~")),
    ({"kind": {"prefix": 3}}, ("kind", "prefix")),
    ({"estimate": {"<": "1"}}, ("estimate", "<")),
    ({"estimate": {"<": float("nan")}}, ("estimate", "<")),
    ({"estimate": True}, ("estimate",)),
    ({"priority": "urgent"}, ("priority",)),
    ({"approval": 1}, ("approval",)),
    ({"skills": {"<": 3}}, ("skills", "<")),
    ({"any": []}, ("any",)),
    ({"any": {"kind": "a"}}, ("any",)),
    ({"any": [{"kind": 3}]}, ("any", 0, "kind")),
    ({"not": [{"kind": "a"}]}, ("not",)),
    ({"payload.x": object()}, ("payload.x",)),
    ({"payload.x": {"=": [1]}}, ("payload.x", "=")),
]


@pytest.mark.parametrize(("match", "path"), UNFIT)
def test_what_can_not_be_read(match: dict[str, Any], path: tuple[Any, ...]) -> None:
    with pytest.raises(Unfit) as caught:
        read_match(match)
    assert caught.value.path == path


def test_nesting_and_size_are_bounded() -> None:
    deep: dict[str, Any] = {}
    for _ in range(10):
        deep = {"not": deep}
    with pytest.raises(Unfit, match="nested"):
        read_match(deep)
    with pytest.raises(Unfit, match="conditions"):
        read_match({"all": [{"kind": "a"}] * 300})


@pytest.mark.parametrize(
    ("one", "other", "never"),
    [
        ({}, {"kind": "a"}, True),
        ({"kind": ["a", "b"]}, {"kind": "a", "tenant": "t"}, True),
        ({"kind": "a", "tenant": "t"}, {"kind": "a"}, False),
        ({"estimate": {"<": 10}}, {"estimate": {"<": 5}}, True),
        ({"estimate": {"<": 5}}, {"estimate": {"<": 10}}, False),
        ({"title": {"prefix": "a"}}, {"title": {"prefix": "ab"}}, True),
        ({"any": [{"kind": "a"}, {"kind": "b"}]}, {"kind": ["a", "b"]}, True),
        ({"kind": ["a", "b"]}, {"any": [{"kind": "a"}, {"kind": "b"}]}, True),
        ({"not": {"kind": "a"}}, {"kind": "b"}, True),
        ({"ban": {"has": "a"}}, {"ban": {"has": ["b", "a"]}}, True),
    ],
)
def test_rules_that_never_match(one: dict[str, Any], other: dict[str, Any], never: bool) -> None:
    found = fault([Rule(match=one, set=RuleSet()), Rule(match=other, set=RuleSet(role="x"))])
    assert (found is not None) is never
    if found is not None:
        assert found.path == (1, "match")


@pytest.mark.parametrize(
    "match",
    [
        {"estimate": {"<": 0}},
        {"estimate": -1},
        {"max_attempts": 2.5},
        {"max_attempts": {">": 3, "<": 4}},
        {"skills": {"py": {">": 100}}},
        {"skills": {"py": {"<": 1}}},
        {"kind": ""},
        {"kind": {"prefix": "x" * 101}},
        {"ban": ""},
        {"kind": "a", "not": {"kind": "a"}},
        {"kind": ["a", "b"], "all": [{"not": {"kind": "a"}}, {"not": {"kind": "b"}}]},
        {"kind": "a", "tenant": "t", "not": {"kind": {"prefix": "a"}, "tenant": ["t", "u"]}},
        {"estimate": {">": 9}, "not": {"estimate": {">": 3}}},
        {"not": {}},
        {"not": {"kind": {"prefix": ""}}},
        {"any": [{"kind": "a", "not": {"kind": "a"}}, {"estimate": {"<": 0}}]},
        {"priority": ["high", "low"], "not": {"priority": ["low", "high", "normal"]}},
    ],
)
def test_what_can_never_match(match: dict[str, Any]) -> None:
    found = fault([Rule(match=match, set=RuleSet())])
    assert found is not None
    assert found.path == (0, "match")
    assert "can never match" in found.message


@pytest.mark.parametrize(
    "match",
    [
        {"estimate": {"<": 1}},
        {"estimate": {">": -1}},
        {"deadline": {"<": 0}},
        {"skills": {"py": 100}},
        {"payload": {"x": {"<": -1}}},
        {"not": {"estimate": {">": -1}}},
        {"kind": "a", "not": {"kind": "a", "tenant": "t"}},
        {"any": [{"kind": "a", "not": {"kind": "a"}}, {"kind": "b"}]},
    ],
)
def test_what_may_match(match: dict[str, Any]) -> None:
    assert fault([Rule(match=match, set=RuleSet())]) is None


def test_several_rules_take_all_by_the_values_they_name() -> None:
    rules = [Rule(match={"kind": kind}, set=RuleSet()) for kind in ("a", "b")]
    late = Rule(match={"kind": ["a", "b"], "tenant": "t"}, set=RuleSet(role="x"))
    found = fault([*rules, late])
    assert found is not None
    assert found.path == (2, "match")
    assert "'rule 1' and 'rule 2' before it take every such task" in found.message
    assert fault([rules[0], late]) is None


def test_lists_are_added_and_levels_only_grow() -> None:
    rule = Rule(match={}, set=RuleSet(skills={"py": 2, "go": 1}, ban=["ann"], limits=["l"], regions=["eu"]))
    spec = TaskSpec(title="t", skills={"py": 3, "js": 1}, ban=["bob"], regions=["us"])
    route = Rules([rule]).route(spec, NOW)
    assert route is not None
    assert route.spec.skills == {"py": 3, "js": 1, "go": 1}
    assert (route.spec.ban, route.spec.limits, route.spec.regions) == (["bob", "ann"], ["l"], ["eu"])
