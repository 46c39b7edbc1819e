"""Messages between us and the process of a function."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.agents.process.child import LENGTHS as CHILD_LENGTHS
from rota.agents.process.frames import LENGTHS, BrokenFrame, Frame, FrameReader, encode_task


def message(header: object, body: bytes) -> bytes:
    encoded = json.dumps(header).encode()
    return LENGTHS.pack(len(encoded), len(body)) + encoded + body


@given(
    body=st.binary(max_size=50),
    cuts=st.lists(st.integers(0, 80)),
    kept=st.integers(0, 60),
    header=st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
def test_a_frame_may_come_in_any_pieces(body: bytes, cuts: list[int], kept: int, header: dict[str, int]) -> None:
    whole = message(header, body)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    reader = FrameReader(kept)
    frames = [reader.feed(whole[a:b]) for a, b in pairwise(places) if a < b]
    assert frames[-1] == Frame(header, body[:kept], len(body) > kept)
    assert set(frames[:-1]) <= {None}


@pytest.mark.parametrize(
    "data",
    [
        b"Traceback (most recent call last)",
        LENGTHS.pack(3, 0) + b"nil",
        LENGTHS.pack(2, 0) + b"[]",
        LENGTHS.pack(2, 0) + b"\xff\xff",
        message({}, b"ab") + b"c",
        message({}, b"") + message({}, b""),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFrame):
        FrameReader(100).feed(data)


def test_both_sides_agree() -> None:
    assert CHILD_LENGTHS.format == LENGTHS.format
    assert FrameReader(100).feed(encode_task(b"[1]")) == Frame({}, b"[1]", False)
