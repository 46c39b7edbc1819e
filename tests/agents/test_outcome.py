"""What a run means for its task."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.agents.outcome import ERROR_CHARACTERS, Verdict, judge
from rota.agents.process.ended import Ended
from rota.model.bounds import DEPTH


def ended(**fields: Any) -> Ended:
    return Ended(**{"why": "exit", "started": 1.0, "ended": 2.0, "exit_code": None, **fields})


@pytest.mark.parametrize(
    ("run", "kind", "error"),
    [
        ({"exit_code": 1, "stderr_tail": "one\ntwo\n"}, "failed", "exit code 1: one\ntwo"),
        ({"exit_code": 3}, "failed", "exit code 3"),
        ({"exit_code": 2, "stdout": b"only here\n"}, "failed", "exit code 2: only here"),
        ({"exit_code": 75, "stderr_tail": "full"}, "later", "exit code 75: full"),
        ({"exit_code": 65, "stderr_tail": "no file"}, "bad_task", "exit code 65: no file"),
        ({"signal": 9}, "crashed", "ended by signal 9 (SIGKILL)"),
        ({"signal": 11, "stderr_tail": "oh"}, "crashed", "ended by signal 11 (SIGSEGV): oh"),
        ({"signal": 250}, "crashed", "ended by signal 250"),
        ({"why": "timeout", "signal": 15, "detail": "too slow", "stderr_tail": "x"}, "timeout", "too slow: x"),
        ({"why": "stalled", "exit_code": 0, "detail": "silent"}, "stalled", "silent"),
        ({"why": "cancelled", "exit_code": 0}, "cancelled", "cancelled"),
        ({"why": "shutdown", "signal": 15}, "shutdown", "shutdown"),
        ({"why": "not_found", "detail": "no such command"}, "broken", "no such command"),
        ({"why": "not_executable", "detail": "a folder"}, "broken", "a folder"),
        ({"why": "broken", "detail": "no pipes"}, "broken", "no pipes"),
        ({"why": "crashed", "exit_code": 0, "detail": "died"}, "crashed", "died"),
        ({"exit_code": 1, "detail": "E: x (at a:1)", "stderr_tail": "Tr..."}, "failed", "E: x (at a:1)"),
    ],
)
def test_how_a_run_ended_decides(run: dict[str, Any], kind: str, error: str) -> None:
    verdict = judge(ended(**run))
    assert (verdict.kind, verdict.error, verdict.result_kind) == (kind, error, "none")


def test_a_delay_is_handed_on() -> None:
    assert judge(ended(exit_code=75, retry_after_s=3.5)).retry_after_s == 3.5


@pytest.mark.parametrize(
    ("stdout", "result", "kind"),
    [
        (b'{"a": [1, null]}\n', {"a": [1, None]}, "json"),
        (b" [1]\n", [1], "json"),
        (b"3.5", 3.5, "json"),
        (b'"text"', "text", "json"),
        (b"null", None, "json"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}, "json"),
        (b"plain text\nof two lines\r\n\n", "plain text\nof two lines", "text"),
        (b'{"a": 1} and more', '{"a": 1} and more', "text"),
        (b"NaN", "NaN", "text"),
        (b"1e999", "1e999", "text"),
        (b'"\\ud800"', '"\\ud800"', "text"),
        (b"", None, "none"),
        (b" \n\t\n", None, "none"),
        (b"\x1b[31mred\x1b[0m", "red", "text"),
        ("grün\ufffd".encode(), "grün\ufffd", "text"),
    ],
)
def test_the_answer_is_json_if_it_parses_else_text(stdout: bytes, result: Any, kind: str) -> None:
    assert judge(ended(exit_code=0, stdout=stdout)) == Verdict(kind="done", result=result, result_kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [DEPTH + 1, 700, 5_000, 200_000])
def test_json_nested_too_deep_for_anybody_is_kept_as_text(depth: int) -> None:
    text = "[" * depth + "]" * depth
    verdict = judge(ended(exit_code=0, stdout=text.encode()))
    assert (verdict.kind, verdict.result, verdict.result_kind) == ("done", text, "text")


def test_json_nested_as_deep_as_is_allowed_stays_json() -> None:
    text = '{"a":' * (DEPTH - 1) + "[1]" + "}" * (DEPTH - 1)
    verdict = judge(ended(exit_code=0, stdout=text.encode()))
    assert verdict.result_kind == "json"
    assert msgspec.json.encode(verdict.result).decode() == text


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 123456789012345678901234567890, -(2**63) - 1])
def test_json_with_a_number_too_great_for_anybody_is_kept_as_text_and_says_so(number: int) -> None:
    verdict = judge(ended(exit_code=0, stdout=f'{{"n": [{number}]}}\n'.encode()))
    assert (verdict.kind, verdict.result, verdict.result_kind) == ("done", f'{{"n": [{number}]}}', "text")
    assert verdict.note == "the answer is JSON with a number beyond 9223372036854775807: it is kept as text"


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_greatest_numbers_stay_numbers(number: int) -> None:
    assert judge(ended(exit_code=0, stdout=str(number).encode())).result == number


def test_an_answer_that_is_no_text_is_replaced_and_says_so() -> None:
    verdict = judge(ended(exit_code=0, stdout=b"a\xff\0b"))
    assert (verdict.result, verdict.result_kind) == ("a\ufffd\ufffdb", "text")
    assert verdict.note is not None
    assert "replaced" in verdict.note


def test_a_truncated_answer_is_text_and_says_so() -> None:
    verdict = judge(ended(exit_code=0, stdout=b"12345", stdout_truncated=True))
    assert (verdict.kind, verdict.result, verdict.result_kind, verdict.truncated) == ("done", "12345", "text", True)
    assert verdict.note == "the answer was too long: only its first 5 bytes were kept, as text"


@given(st.binary())
def test_any_answer_can_be_stored(stdout: bytes) -> None:
    encoded = msgspec.json.encode(judge(ended(exit_code=0, stdout=stdout)).result)
    assert len(encoded) <= 4 + 6 * len(stdout)
    encoded.decode()


DONE = {"exit_code": 0, "stdout": b"[1]"}


@pytest.mark.parametrize(
    ("check", "kind", "error"),
    [
        (
            {"exit_code": 1, "stderr_tail": "too short"},
            "rejected",
            "the check refused the answer: exit code 1: too short",
        ),
        ({"exit_code": 1, "stdout": b"FAILED a"}, "rejected", "the check refused the answer: exit code 1: FAILED a"),
        ({"exit_code": 75}, "rejected", "the check refused the answer: exit code 75"),
        ({"signal": 9}, "rejected", "the check refused the answer: ended by signal 9 (SIGKILL)"),
        ({"why": "timeout", "detail": "too slow"}, "rejected", "the check refused the answer: too slow"),
        ({"why": "cancelled"}, "cancelled", "the check: cancelled"),
        ({"why": "shutdown"}, "shutdown", "the check: shutdown"),
        ({"why": "not_found", "detail": "no such command"}, "broken", "the check: no such command"),
    ],
)
def test_a_check_can_refuse(check: dict[str, Any], kind: str, error: str) -> None:
    verdict = judge(ended(**DONE), ended(**check))
    assert (verdict.kind, verdict.error) == (kind, error)
    assert verdict.result == ([1] if kind == "rejected" else None)


def test_a_check_that_passes_changes_nothing() -> None:
    assert judge(ended(**DONE), ended(exit_code=0, stdout=b"fine")) == judge(ended(**DONE))


def test_without_an_answer_there_is_nothing_to_check() -> None:
    assert judge(ended(exit_code=3), ended(exit_code=0)).kind == "failed"


def test_an_error_is_short_and_clean_and_ends_with_the_last_lines() -> None:
    noise = "".join(f"\x1b[3{n % 8}mline {n}\x1b[0m\x07\0\n" for n in range(5000))
    error = judge(ended(exit_code=1, stderr_tail=noise + "10%\r50%\r100%\nlast\n")).error
    assert error is not None
    assert error.startswith("exit code 1: … line ")
    assert error.endswith("line 4999\n100%\nlast")
    assert ERROR_CHARACTERS - 100 < len(error) <= ERROR_CHARACTERS


@given(st.text(), st.text(), st.sampled_from(["exit", "timeout", "broken", "crashed"]))
def test_any_error_is_short_and_without_control_characters(said: str, detail: str, why: Any) -> None:
    error = judge(ended(exit_code=1, why=why, stderr_tail=said * 50, detail=detail * 50)).error
    assert error is not None
    assert 0 < len(error) <= ERROR_CHARACTERS
    assert not [mark for mark in error if (ord(mark) < 32 and mark not in "\n\t") or 127 <= ord(mark) < 160]
