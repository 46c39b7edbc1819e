"""Statements about limits: what they say, what was used of them, whom they count, who stands in line."""

from __future__ import annotations

from typing import NamedTuple

from rota.store.statement import Each, One, add

LIMIT_SPECS = One("limit_specs", "SELECT id, spec FROM limit_spec ORDER BY name")
SET_LIMIT_SPEC = One(
    "set_limit_spec",
    "INSERT INTO limit_spec (id, name, spec) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET spec = excluded.spec",
)
DROP_LIMIT_SPEC = One("drop_limit_spec", "DELETE FROM limit_spec WHERE name = ?")


class MeterRow(NamedTuple):
    """What was used of a limit at one value of its key, amounts in millionths, times in microseconds."""

    id: int
    key: str
    spec: int
    """The limit it belongs to."""
    used: int
    began: int
    average: int
    """What earlier tasks used each; 0 = nothing is known."""
    asked: int
    """Since when a person is asked for more; 0 = nobody is."""


_ROW = ", ".join(f"meter.{name}" for name in MeterRow._fields)

ADD_METER = add("meter", "key text, spec bigint", ignore=True)
LOCK_METERS = Each("lock_meters", "key text", f"SELECT {_ROW} FROM meter{{comma}} WHERE meter.key = v.key {{lock}}")
"""In order of key: the order every plan keeps."""
METERS_OF = Each("meters_of", "key text", f"SELECT {_ROW} FROM meter{{comma}} WHERE meter.key = v.key")
METERS_OF_SPEC = One("meters_of_spec", f"SELECT {_ROW} FROM meter WHERE spec = ? AND key > ? ORDER BY key LIMIT ?")
METERS_BY_ID = Each("meters_by_id", "id bigint", f"SELECT {_ROW} FROM meter{{comma}} WHERE meter.id = v.id")
SET_METER_SPEC = One("set_meter_spec", "UPDATE meter SET spec = ? WHERE key = ?")
SET_METERS = Each(
    "set_meters",
    "key text, used bigint, began bigint, average bigint, asked bigint",
    "UPDATE meter SET used = v.used, began = v.began, average = v.average, asked = v.asked {from}"
    " WHERE meter.key = v.key",
)
ASKED_FOR = One("asked_for", "UPDATE meter SET asked = 0 WHERE spec = ? AND asked <> 0")
DROP_METERS = Each("drop_meters", "key text", "DELETE FROM meter {using} WHERE meter.key = v.key")

ADD_USE = add("limit_use", "key text, more bigint, actual bigint, since bigint")
TAKE_USES = Each(
    "take_uses",
    "key text",
    "DELETE FROM limit_use {using} WHERE limit_use.key = v.key"
    " RETURNING limit_use.id, limit_use.key, limit_use.more, limit_use.actual, limit_use.since",
)
"""What ended leases used beside what was charged: appended by whoever ends them, folded by the next plan."""
USES_OF = Each(
    "uses_of",
    "key text",
    "SELECT limit_use.id, limit_use.key, limit_use.more, limit_use.actual, limit_use.since FROM limit_use{comma}"
    " WHERE limit_use.key = v.key",
)

SET_LEASE_LIMIT = Each(
    "set_lease_limit",
    "task bigint, key text, token bigint, amount bigint",
    "INSERT INTO lease_limit (task, key, token, amount) SELECT v.task, v.key, v.token, v.amount {from} WHERE true"
    " ON CONFLICT (task, key) DO UPDATE SET token = excluded.token, amount = excluded.amount",
)
END_LEASE_LIMITS = Each(
    "end_lease_limits",
    "task bigint, token bigint",
    "DELETE FROM lease_limit {using} WHERE lease_limit.task = v.task AND lease_limit.token = v.token"
    " RETURNING lease_limit.task, lease_limit.key, lease_limit.amount",
)
COUNT_LEASE_LIMITS = Each(
    "count_lease_limits",
    "key text",
    "SELECT lease_limit.key, count(*) FROM lease_limit{comma}, lease WHERE lease_limit.key = v.key"
    " AND lease.task = lease_limit.task AND lease.token = lease_limit.token GROUP BY lease_limit.key",
)
"""Only rows whose lease is there count, so none can be counted longer than it lasts."""
DROP_LEASE_LIMITS = One(
    "drop_lease_limits", "DELETE FROM lease_limit WHERE key IN (SELECT key FROM meter WHERE spec = ?)"
)
DROP_METERS_OF_SPEC = One("drop_meters_of_spec", "DELETE FROM meter WHERE spec = ?")
RUNNING = One("running", "SELECT task, token, lane, agent FROM lease ORDER BY task")

ADD_ADMITTED = add("admitted", "task bigint, key text, amount bigint, since bigint", ignore=True)
ADMITTED_OF = Each(
    "admitted_of",
    "key text",
    "SELECT admitted.key, admitted.task, admitted.amount FROM admitted{comma} WHERE admitted.key = v.key",
)
ADMITTED_TO = Each(
    "admitted_to",
    "task bigint",
    "SELECT admitted.task, admitted.key, admitted.amount, admitted.since FROM admitted{comma}"
    " WHERE admitted.task = v.task",
)
END_ADMITTED = Each(
    "end_admitted",
    "task bigint",
    "DELETE FROM admitted {using} WHERE admitted.task = v.task"
    " RETURNING admitted.task, admitted.key, admitted.amount, admitted.since",
)
SET_IN_LINE = Each(
    "set_in_line",
    "task bigint, key text, band smallint, due bigint",
    "INSERT INTO in_line (task, key, band, due) SELECT v.task, v.key, v.band, v.due {from} WHERE true"
    " ON CONFLICT (task) DO UPDATE SET key = excluded.key, band = excluded.band, due = excluded.due",
)
LEAVE_LINE = Each(
    "leave_line", "task bigint", "DELETE FROM in_line {using} WHERE in_line.task = v.task RETURNING in_line.key"
)
FIRST_IN_LINE_SQLITE = Each(
    "first_in_line",
    "key text, k bigint",
    "SELECT key, task FROM in_line WHERE key = v.key ORDER BY band, due, task LIMIT v.k",
)
FIRST_IN_LINE_POSTGRES = Each(
    "first_in_line",
    "key text, k bigint",
    "SELECT first.key, first.task {from} CROSS JOIN LATERAL (SELECT key, task, band, due FROM in_line"
    " WHERE in_line.key = v.key ORDER BY band, due, task LIMIT v.k) AS first",
)
COUNT_IN_LINE = One("count_in_line", "SELECT count(*) FROM (SELECT 1 FROM in_line WHERE key = ? LIMIT ?) AS waiting")
LINE_OF = Each(
    "line_of", "task bigint", "SELECT in_line.task, in_line.key FROM in_line{comma} WHERE in_line.task = v.task"
)
