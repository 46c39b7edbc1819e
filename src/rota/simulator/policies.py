"""Named policies: other settings in one word, for `--set policy=NAME` and `--compare NAME,NAME`."""

from __future__ import annotations

from typing import get_args

from rota.model.queue import Ordering
from rota.planning.strategies import STRATEGIES

POLICIES: dict[str, dict[str, str]] = {
    "default": {},
    **{order: {"order": order} for order in ("shortest", "longest", "virtual", "inherited")},
    **{str(ordering): {"queue.ordering": str(ordering)} for ordering in get_args(Ordering)},
    **{strategy: {"pool.strategy": strategy} for strategy in STRATEGIES},
}
"""Orderings and strategies are those that the engine has; orders that it has not are rehearsed (see `rehearse`)."""
