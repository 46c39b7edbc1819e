"""The tables of schedules, as a migration; see `schema` for the marks."""

from __future__ import annotations

SCHEDULES = """
CREATE TABLE schedule (
    id bigint NOT NULL PRIMARY KEY, name text NOT NULL UNIQUE, spec text NOT NULL, paused smallint NOT NULL DEFAULT 0,
    reason text, due bigint, last bigint, task bigint, trouble text
) {updated};

CREATE TABLE tick (at bigint NOT NULL, schedule text NOT NULL, task bigint, PRIMARY KEY (at, schedule)) {clustered};
"""
"""Schedules, and which of their ticks have come: a key of the database lets each come once."""
