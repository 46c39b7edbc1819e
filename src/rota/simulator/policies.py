"""Named policies: other settings in one word, for `--set policy=NAME` and `--compare NAME,NAME`."""

from __future__ import annotations

from typing import get_args

from rota.model.queue import Ordering
from rota.planning.score import SCORES

POLICIES: dict[str, dict[str, str]] = {
    "default": {},
    **{str(ordering): {"queue.ordering": str(ordering)} for ordering in get_args(Ordering)},
    "shortest": {"order": "shortest"},
    "longest": {"order": "longest"},
    "virtual": {"order": "virtual"},
    "inherited": {"order": "inherited"},
    **{str(strategy): {"pool.strategy": str(strategy)} for strategy in SCORES},
}
"""Orderings and strategies are those that the engine has; the others are rehearsed (see `rehearse`)."""
