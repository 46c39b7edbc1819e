"""Text of processes, made fit to be shown."""

from __future__ import annotations

import pytest

from rota.agents.process.texts import first_part, last_lines, plain, readable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[1;31mb\x1b[0mc", "abc"),
        ("\x1b]0;a title\x07x\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "xlink"),
        ("\x1b]never closed\nrest", "never closed\nrest"),
        ("a\x1b(Bb\x1b7c\x1b", "abc"),
        ("a\0b\x08c\x7fd\x9be", "abcde"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("10%\r20%\r30%\nnext\r", "30%\nnext"),
        ("ünïcode 😀", "ünïcode 😀"),
    ],
)
def test_errors_are_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\rb\r\nc\n", "a\nb\nc\n"), ("a\0b\x07", "a\ufffdb\ufffd"), ("\x1b[1mbold", "bold"), ("a\tb", "a\tb")],
)
def test_answers_lose_nothing_but_colours(text: str, expected: str) -> None:
    assert readable(text) == expected


@pytest.mark.parametrize(
    ("text", "characters", "expected"),
    [
        ("one\ntwo\n\n", 100, "one\ntwo"),
        ("one\ntwo\nthree", 10, "… three"),
        ("one\ntwo\nthree", 5, "… ree"),
        ("0123456789", 6, "… 6789"),
        ("", 10, ""),
    ],
)
def test_last_lines_are_whole_if_they_can_be(text: str, characters: int, expected: str) -> None:
    found = last_lines(text, characters)
    assert (found, len(found) <= characters) == (expected, True)


def test_the_first_part_says_that_it_is_one() -> None:
    assert (first_part("abc", 3), first_part("abcd", 3)) == ("abc", "ab…")


@pytest.mark.timeout(20)
def test_long_lines_take_linear_time() -> None:
    for text in ("a" * 3_000_000, "a\r" * 1_500_000, "\x1b]" * 1_500_000, "\x1b[0" * 1_000_000):
        plain(text)
        readable(text)
