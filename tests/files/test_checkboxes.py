"""Tasks as a Markdown list of checkboxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.files.checkboxes import read_checkboxes
from rota.files.file_task import FileTask
from rota.model.priority import PRIORITIES
from rota.model.task import TaskSpec
from tests.files.refusal import assert_refused


def read(text: str) -> list[FileTask]:
    return list(read_checkboxes(enumerate(text.split("\n"), 1), "backlog.md"))


def titles(text: str) -> list[str]:
    return [task.spec.title for task in read(text)]


def test_a_page() -> None:
    text = """\
# Backlog

- [ ] Ship the page !high #web @python:2 @docs due:2h
  The first paragraph,

      indented code

  * [ ] Write the tests @python
    until they pass
    ```
    - [ ] not a task
    # no heading
    ```
  * [x] Draw the picture
      - [ ] Scan it
  and more about the page
- [X] All done, with #anything !goes
  said here
  - [ ] but this
1. [ ] Water the plants
and the lawn

Not part of it.
"""
    page = "Ship the page"
    assert read(text) == [
        FileTask(
            8,
            TaskSpec(
                title="Write the tests",
                description=f"Part of: {page}\n\nuntil they pass\n```\n- [ ] not a task\n# no heading\n```",
                skills={"python": 1},
                ref="line-8",
            ),
        ),
        FileTask(
            15,
            TaskSpec(title="Scan it", description=f"Part of: {page} > Draw the picture", ref="line-15"),
        ),
        FileTask(
            3,
            TaskSpec(
                title=page,
                description="The first paragraph,\n\n    indented code\n\nand more about the page",
                priority="high",
                kind="web",
                skills={"python": 2, "docs": 1},
                deadline="2h",
                after=["line-8", "line-15"],
            ),
        ),
        FileTask(
            19,
            TaskSpec(
                title="but this",
                description="Part of: All done, with #anything !goes",
                ref="line-19",
            ),
        ),
        FileTask(20, TaskSpec(title="Water the plants", description="and the lawn")),
    ]


def test_the_backlog_of_the_repository() -> None:
    text = (Path(__file__).parents[2] / "examples" / "backlog.md").read_text()
    assert titles(text) == [line[6:] for line in text.splitlines() if line.startswith("- [ ] ")]


@pytest.mark.parametrize("marker", ["-", "*", "+", "1.", "23)"])
def test_markers(marker: str) -> None:
    assert titles(f"{marker} [ ] one\n{marker}   [ ]   two\n{marker} [x] three") == ["one", "two"]


def test_what_is_not_a_task() -> None:
    assert titles("") == []
    links = "- [link](x)\n- [x](y)\n- [x][ref]\n[x]: http://x\n"
    other = "text\n- plain\n- [a] b\n- [-] dropped\n> - [ ] quoted\n---\n| a |\n"
    assert titles(links + other) == []


def test_comments_hide_tasks() -> None:
    text = "- [ ] one\n<!-- - [ ] two -->\n<!--\n- [ ] three\n-->\nnot part of one\n- [ ] four"
    assert [(task.spec.title, task.spec.description) for task in read(text)] == [("one", ""), ("four", "")]


def test_code_hides_tasks() -> None:
    text = "```md\n- [ ] one\n~~~\n````\n- [ ] two\n~~~~\n- [ ] three\n~~~\n```\n~~~~\n- [ ] four"
    assert titles(text) == ["two", "four"]


def test_one_space_is_not_nested() -> None:
    tasks = read("- [ ] one\n - [ ] two\n   - [ ] three")
    assert [(task.spec.title, task.spec.after) for task in tasks] == [
        ("one", []),
        ("three", []),
        ("two", ["line-3"]),
    ]


def test_tabs_are_four_spaces() -> None:
    tasks = read("- [ ] one\n\ttext\n\t- [ ] two\n\t\tdeep")
    assert [(task.spec.title, task.spec.description) for task in tasks] == [
        ("two", "Part of: one\n\ndeep"),
        ("one", "text"),
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Fix the crash #12", "Fix the crash #12"),
        ("Say hello!", "Say hello!"),
        ("Wow !!!", "Wow !!!"),
        ("Use #web in the middle", "Use #web in the middle"),
        ("Keep \\#web", "Keep #web"),
        ("Keep \\!important", "Keep !important"),
        ("Keep \\due:2h", "Keep due:2h"),
        ("Keep \\group:a", "Keep group:a"),
        ("Name the group:", "Name the group:"),
        ("Keep \\@ann", "Keep @ann"),
        ("A \\path", "A \\path"),
        ("Mail a@b.c", "Mail a@b.c"),
        ("\\#web", "#web"),
        ("Two  spaces", "Two  spaces"),
    ],
)
def test_ordinary_words_at_the_end(text: str, title: str) -> None:
    assert [task.spec for task in read(f"- [ ] {text}")] == [TaskSpec(title=title)]


def test_a_word_after_an_annotation_makes_it_ordinary() -> None:
    (task,) = read("- [ ] a !high b #docs")
    assert task.spec == TaskSpec(title="a !high b", kind="docs")


@pytest.mark.parametrize("when", ["2h", "90", "2099-01-01T10:00:00Z"])
def test_deadlines(when: str) -> None:
    assert read(f"- [ ] a due:{when}")[0].spec.deadline == when


def test_groups() -> None:
    assert [task.spec.group for task in read("- [ ] a group:api\n- [ ] b #docs group:x:y !low")] == ["api", "x:y"]


WRONG = [
    # nearly a checkbox
    ("- [] a", "", ["nearly a checkbox", "`- [ ] title`"]),
    ("-[ ] a", "", ["nearly a checkbox"]),
    ("- [ ]a", "", ["nearly a checkbox"]),
    ("- [x ] a", "", ["nearly a checkbox"]),
    ("- [  ] a", "", ["nearly a checkbox"]),
    ("[ ] a", "", ["nearly a checkbox"]),
    # titles and annotations
    ("- [ ]", "title", ["no title"]),
    ("- [ ] !high", "title", ["no title"]),
    ("- [ ] a !hihg", "priority", ["no priority 'hihg'", "did you mean 'high'?", "backslash"]),
    ("- [ ] a !important", "priority", ["emergency, critical", "backslash"]),
    ("- [ ] a !high !low", "priority", ["second priority", "backslash"]),
    ("- [ ] a #b #c", "kind", ["second kind"]),
    ("- [ ] a due:1h due:2h", "deadline", ["second deadline"]),
    ("- [ ] a group:a group:b", "group", ["second group", "backslash"]),
    ("- [ ] a due:soon", "deadline", ["not a length of time"]),
    ("- [ ] a due:-5", "deadline", ["ten years"]),
    ("- [ ] a @b:high", "skills", ["'high' is not a whole number"]),
    ("- [ ] a @b @b:2", "skills", ["'b' stands here twice"]),
    ("- [ ] a @b:0", "skills.b", ["between 1 and 100"]),
    # blocks
    ("```\n- [ ] a", "", ["never ends", "```"]),
    ("<!--\n- [ ] a", "", ["never ends", "-->"]),
]


@pytest.mark.parametrize(("text", "path", "words"), WRONG, ids=[text for text, *_ in WRONG])
def test_wrong_text(text: str, path: str, words: list[str]) -> None:
    assert_refused(lambda: read(f"- [ ] fine\n\n{text}"), f"backlog.md:3 {path}".rstrip(), *words)


def test_too_long() -> None:
    assert_refused(lambda: read(f"\n- [ ] {'x' * 501}"), "backlog.md:2 title", "500", code="too_large")
    text = f"- [ ] a\n  {'x' * 100_001}"
    assert_refused(lambda: read(text), "backlog.md:1 description", "100,000", code="too_large")


@dataclass
class Box:
    """A checkbox as a test writes it."""

    title: str
    priority: str
    done: bool
    parts: list[Box] = field(default_factory=list)

    def written(self, depth: int = 0) -> list[str]:
        line = f"{'  ' * depth}- [{'x' if self.done else ' '}] {self.title} !{self.priority}"
        return [line, *(line for part in self.parts for line in part.written(depth + 1))]

    def open_parts(self) -> list[str]:
        """The titles of the open boxes below, without any open one between."""
        return [title for part in self.parts for title in (part.open_parts() if part.done else [part.title])]

    def all(self) -> list[Box]:
        return [self, *(box for part in self.parts for box in part.all())]


WORDS = st.text(st.sampled_from("abcäß漢 "), max_size=12).map(lambda text: f"{text} x".strip())
BOXES = st.recursive(
    st.builds(Box, WORDS, st.sampled_from(PRIORITIES), st.booleans()),
    lambda inner: st.builds(Box, WORDS, st.sampled_from(PRIORITIES), st.booleans(), st.lists(inner, max_size=3)),
    max_leaves=10,
)


@given(st.lists(BOXES, max_size=3))
def test_trees_come_back_as_they_were_written(boxes: list[Box]) -> None:
    every = [box for root in boxes for box in root.all()]
    for number, box in enumerate(every):
        box.title = f"{box.title} {number}"
    tasks = read("\n".join(line for root in boxes for line in root.written()))
    by_ref = {task.spec.ref: task.spec.title for task in tasks}
    seen: set[str] = set()
    for task in tasks:
        assert {by_ref[str(ref)] for ref in task.spec.after} <= seen, "parts come before the whole"
        seen.add(task.spec.title)
    found = {task.spec.title: (task.spec.priority, [by_ref[str(ref)] for ref in task.spec.after]) for task in tasks}
    assert found == {box.title: (box.priority, box.open_parts()) for box in every if not box.done}
