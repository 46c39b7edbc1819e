"""Tasks as a Markdown list of checkboxes.

- `- [ ] title` is a task, `- [x] title` is done and skipped; `*`, `+` and `1.` begin items too.
- Indented text below an item is its description.
- A checkbox indented by two spaces or more is a task of its own. The one it is part of runs after it, and its
  description begins with the titles it is part of.
- At the end of a title stand its annotations: `!high` the priority, `@python:2` a skill and its level (1
  without), `#docs` the kind, `due:2h` the deadline, `group:api` the group. A backslash before one makes it an
  ordinary word.
- Code between fences, comments and all other text are not tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import dedent
from typing import Any

from rota.files.file_task import FileTask, task_of
from rota.files.place import Misfit, bad, nearest, quoted
from rota.model.priority import PRIORITIES

_MARKER = r"(?:[-*+]|[0-9]{1,9}[.)])"
_BOX = re.compile(rf"( *){_MARKER} +\[([ xX])\](?: +(.*))?")
_NEARLY = re.compile(rf" *(?:{_MARKER} *\[ *[xX]? *\](?![(\[:])|\[ \] )")
_BLOCK = re.compile(rf"#|>|\||<|```|~~~|{_MARKER}(?: |$)|---|===|\*\*\*")
_FENCE = re.compile(r" *(`{3,}(?=[^`]*$)|~{3,})")
_NESTED = 2
"""How many spaces deeper a checkbox stands to be part of the one above it."""


def read_checkboxes(lines: Iterable[tuple[int, str]], file: str) -> Iterator[FileTask]:
    """The tasks of numbered lines, those that are part of another before it."""
    return _Reader(file).read(lines)


class _Item:
    """A checkbox that may still go on: what was read of it, and the references of its open parts."""

    def __init__(self, line: int, indent: int, done: bool, fields: dict[str, Any], within: list[str]) -> None:
        self.line = line
        self.indent = indent
        self.done = done
        self.fields = fields
        self.within = within
        self.text: list[str] = []
        self.parts: list[str] = []


class _Reader:
    """Reads line by line. `items` are the checkboxes that the present line may belong to, outermost first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.items: list[_Item] = []
        self.blank = True

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[FileTask]:
        numbered = iter(lines)
        for number, raw in numbered:
            line = _spaced(raw)
            indent = len(line) - len(line.lstrip())
            if line.startswith("<!--", indent):
                self._skip_comment(number, line, numbered)
                line = ""
            elif fence := _FENCE.match(line):
                yield from self._close(indent)
                self._read_code(number, line, fence[1], numbered)
            elif box := _BOX.fullmatch(line):
                yield from self._close(indent - _NESTED + 1)
                self.items.append(self._item(number, box))
            elif _NEARLY.match(line):
                raise bad(self.file, "this is nearly a checkbox; write `- [ ] title`, or `- [x] title`", line=number)
            elif not line:
                self._add(line)
            elif indent or self.blank or _BLOCK.match(line):
                yield from self._close(indent)
                self._add(line)
            else:
                self._add(line)  # a paragraph may go on without indentation
            self.blank = not line
        yield from self._close(0)

    def _item(self, number: int, box: re.Match[str]) -> _Item:
        within = [] if not self.items else [*self.items[-1].within, self.items[-1].fields["title"]]
        if box[2] != " ":
            return _Item(number, len(box[1]), True, {"title": box[3] or ""}, within)
        try:
            return _Item(number, len(box[1]), False, _annotated(box[3] or ""), within)
        except Misfit as error:
            raise error.at(self.file, number) from None

    def _close(self, indent: int) -> Iterator[FileTask]:
        """End the items that a line with this indentation does not belong to."""
        while self.items and self.items[-1].indent >= indent:
            item = self.items.pop()
            if not item.done:
                yield self._task(item)
                item.parts = [item.fields["ref"]] if "ref" in item.fields else []
            if self.items:
                self.items[-1].parts += item.parts

    def _task(self, item: _Item) -> FileTask:
        if self.items:
            item.fields["ref"] = f"line-{item.line}"
        if item.parts:
            item.fields["after"] = item.parts
        context = f"Part of: {' > '.join(item.within)}" if item.within else ""
        text = dedent("\n".join(item.text)).strip("\n")
        item.fields["description"] = "\n\n".join(part for part in (context, text) if part)
        return task_of(item.fields, self.file, item.line)

    def _add(self, line: str) -> None:
        if self.items:
            self.items[-1].text.append(line)

    def _skip_comment(self, begin: int, line: str, lines: Iterator[tuple[int, str]]) -> None:
        while "-->" not in line:
            _, line = next(lines, (0, ""))
            if not line:
                raise bad(self.file, "this comment never ends; close it with -->", line=begin)

    def _read_code(self, begin: int, line: str, fence: str, lines: Iterator[tuple[int, str]]) -> None:
        closing = re.compile(rf" *{re.escape(fence[0])}{{{len(fence)},}} *")
        self._add(line)
        for _, raw in lines:
            line = _spaced(raw)
            self._add(line)
            if closing.fullmatch(line):
                return
        raise bad(self.file, f"this code never ends; close it with {fence}", line=begin)


def _spaced(raw: str) -> str:
    """A line without its end, tabs before its text as spaces."""
    text = raw.rstrip()
    rest = text.lstrip()
    return text[: len(text) - len(rest)].expandtabs(4) + rest


def _annotated(text: str) -> dict[str, Any]:
    """Title and annotations of a checkbox's text, as fields of a task."""
    fields: dict[str, Any] = {}
    title = text.strip()
    while title:
        *before, word = title.rsplit(maxsplit=1)
        rest = "".join(before)
        if word.startswith("\\") and _annotation(word[1:]):
            title = f"{rest} {word[1:]}".strip()
            break
        found = _annotation(word)
        if found is None:
            break
        _put(fields, found[0], found[1], word)
        title = rest
    if not title:
        raise Misfit(("title",), "this checkbox has no title; write one after it")
    return {**fields, "title": title}


def _annotation(word: str) -> tuple[str, Any] | None:
    """The field and value that a word at the end of a title stands for, if it does."""
    if re.fullmatch(r"![A-Za-z]+", word):
        return "priority", word[1:]
    if skill := re.fullmatch(r"@([^@:\s]+)(?::([^:\s]+))?", word):
        return "skills", (skill[1], skill[2])
    if re.fullmatch(r"#[A-Za-z][^#\s]*", word):
        return "kind", word[1:]
    if re.fullmatch(r"due:\S+", word):
        return "deadline", word.removeprefix("due:")
    if re.fullmatch(r"group:\S+", word):
        return "group", word.removeprefix("group:")
    return None


def _put(fields: dict[str, Any], name: str, value: Any, word: str) -> None:
    literal = "or put a backslash before it if it belongs to the title"
    if name == "skills":
        skill, level = value
        skills = fields.setdefault("skills", {})
        if skill in skills:
            raise Misfit((name,), f"{quoted(skill)} stands here twice; remove one")
        if level is not None and not re.fullmatch(r"[0-9]{1,9}", level):
            raise Misfit((name,), f"the level {quoted(level)} is not a whole number; correct it, {literal}")
        skills[skill] = int(level or 1)
        return
    if name in fields:
        raise Misfit((name,), f"{quoted(word)} is the second {name} of this title; remove one, {literal}")
    if name == "priority" and value not in PRIORITIES:
        known = nearest(value, PRIORITIES) or f"; write one of {', '.join(PRIORITIES)}"
        raise Misfit((name,), f"there is no priority {quoted(value)}{known}, {literal}")
    fields[name] = value
