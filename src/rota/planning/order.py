"""The order of work inside a band: when a task is due."""

from __future__ import annotations

from rota.model.priority import PRIORITIES, TARGET_WAIT_S
from rota.model.queue import QueuePolicy
from rota.model.times import SECOND


def due(submitted: int, band: int, deadline: int | None, policy: QueuePolicy) -> int:
    """When the task should be given out, microseconds: the smaller, the sooner inside its band.

    `deadline` ordering: the deadline, else submission plus the target wait of its band. `fifo`: submission plus the
    target wait, whatever the deadline. Both count in the same time, so queues of both kinds mix in one pool.
    """
    own = submitted + round(target_wait_s(band, policy) * SECOND)
    if policy.ordering == "fifo" or deadline is None:
        return own
    return deadline


def target_wait_s(band: int, policy: QueuePolicy) -> float:
    """How long a task of this band may wait in a queue with this policy, seconds."""
    return policy.target_wait.get(PRIORITIES[band], TARGET_WAIT_S[band])
