"""Kinds of timers. The database keeps these numbers: a new kind comes last, and none is ever used for another."""

from __future__ import annotations

START, TTL, CANCEL, WIDEN, LIMIT, LATE, NEED, NEED_LESS, WAKE, ADMIT, STAGE, PREEMPT, CRON = range(13)
"""A delay or a retry's wait is over; time to live is over; the grace after a cancel is over; a temporary requirement
ends; a limit opens; a deadline can hardly be met any more; needs are still to be handed up, or asked for anew; the
clock alone lets agents of a pool have more; a limit on keys of their own may admit more; a stage comes; the grace of a
task that was asked to give way is over; a schedule's tick comes."""

OF_NO_TASK = (LIMIT, WAKE, ADMIT, CRON)
"""Timers that are not about one task."""
