"""Frames: whole ones come out however they were cut; broken ones are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.owner.frames import HEADER, MOST_BYTES, BrokenFrame, Incoming, frame, framed, unframed

_VALUES = st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(), st.text()), max_size=4)


@given(st.lists(_VALUES, max_size=5), st.data())
def test_frames_come_out_whole_however_they_are_cut(values: list[dict[str, object]], data: st.DataObject) -> None:
    whole = b"".join(frame(value) for value in values)
    incoming, came = Incoming(), []
    while whole:
        cut = data.draw(st.integers(1, len(whole)))
        came += [unframed(payload) for payload in incoming.feed(whole[:cut])]
        whole = whole[cut:]
    assert came == values
    assert not incoming.is_within


@pytest.mark.parametrize("length", [0, MOST_BYTES + 1, 2**32 - 1])
def test_a_length_that_no_frame_has_is_told_before_any_of_it_came(length: int) -> None:
    with pytest.raises(BrokenFrame, match=f"{length:,} bytes"):
        list(Incoming().feed(length.to_bytes(HEADER, "big")))


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_broken(data: bytes) -> None:
    try:
        for payload in Incoming().feed(data):
            unframed(payload)
    except BrokenFrame:
        pass


def test_what_is_too_long_is_not_framed() -> None:
    with pytest.raises(BrokenFrame, match="the most is"):
        framed(bytes(MOST_BYTES + 1))
