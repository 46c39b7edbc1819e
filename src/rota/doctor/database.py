"""The database itself: its version, its own check, and whether what it counts is so."""

from __future__ import annotations

from rota.doctor.finding import Finding, count, fail, ok, warn
from rota.engine.timers import NODE_LOST_S
from rota.model.times import SECOND, rfc3339
from rota.operations.distributor import now_us
from rota.store.migrate import VERSION_KEY
from rota.store.move.mark import went
from rota.store.protocol import Reader
from rota.store.sql import doctor as sql
from rota.store.sql.fleet import GET_META, NODES

SERVER_LEAST = 140_000
CLOCKS_APART_S = 1.0
AHEAD_S = 60.0
OVERDUE_S = 60.0


def database(reader: Reader, now: int, *, in_use: bool) -> list[Finding]:
    """What a reader of one committed state can tell; `in_use`: a process owns it now."""
    found = [ok("schema", f"version {reader.one(GET_META, VERSION_KEY)[0][0]}")]
    mark = went(reader)
    if mark is not None:
        found.append(fail("moved", f"it was moved to {mark.place} on {rfc3339(mark.at)}", "use that one"))
    if reader.dialect == "postgres":
        found += server(reader)
    return [
        *found,
        depths(reader),
        orphans(reader),
        overdue(reader, now, in_use=in_use or reader.dialect == "postgres"),
        newest(reader, now),
        *nodes(reader, now),
    ]


def server(reader: Reader) -> list[Finding]:
    """The PostgreSQL server: its version and its clock."""
    before = now_us()
    version, number, at = reader.one(sql.SERVER_POSTGRES)[0]
    after = now_us()
    found = [ok("postgresql", version)]
    if number < SERVER_LEAST:
        found = [fail("postgresql", version, "use PostgreSQL 14 or newer")]
    # How long the answer took is no fault of either clock.
    apart = max(before - at, at - after, 0) / SECOND
    if apart > CLOCKS_APART_S:
        found.append(warn("clocks", f"the server's clock is {apart:,.1f} s from ours", "let both machines use NTP"))
    else:
        found.append(ok("clocks", f"the server's is within {CLOCKS_APART_S:g} s of ours"))
    return found


def depths(reader: Reader) -> Finding:
    """Whether the folded counts of lanes are right."""
    wrong = reader.one(sql.UNEQUAL_DEPTHS)
    if wrong:
        lane, told, there = wrong[0]
        text = f"{count(len(wrong), 'lane')} with a wrong count, such as lane {lane}: {told} counted, {there} there"
        return fail("depth", text, "run `rota audit` and report what it finds")
    return ok("depth", "every lane's count is right")


def orphans(reader: Reader) -> Finding:
    """Whether leases belong to tasks and agents that are there."""
    found = reader.one(sql.ORPHANED_LEASES)
    if found:
        text = f"{count(len(found), 'lease')} without a running task or its agent, such as of task-{found[0][0]}"
        return fail("leases", text, "run `rota audit` and report what it finds")
    return ok("leases", "every lease belongs to a task and an agent")


def overdue(reader: Reader, now: int, *, in_use: bool) -> Finding:
    """Whether leases that ended are taken back."""
    late = int(reader.one(sql.OVERDUE_LEASES, now - round(OVERDUE_S * SECOND))[0][0])
    if late and in_use:
        text = f"{count(late, 'lease')} ended over {OVERDUE_S:g} s ago and still stand"
        return warn("sweep", text, "see whether the owner still turns; restart it")
    if late:
        return ok("sweep", f"{count(late, 'lease')} ended while nobody was there; the next start takes them back")
    return ok("sweep", "no lease is overdue")


def newest(reader: Reader, now: int) -> Finding:
    """Whether the log lies in the past."""
    rows = reader.one(sql.NEWEST_EVENT)
    if rows and rows[0][0] - now > AHEAD_S * SECOND:
        text = f"the newest event lies {(rows[0][0] - now) / SECOND:,.0f} s ahead"
        return fail("history", text, "set this machine's clock: it was ahead once, or is behind now")
    return ok("history", f"the newest event is of {rfc3339(rows[0][0])}" if rows else "no events yet")


def nodes(reader: Reader, now: int) -> list[Finding]:
    """The processes that work on the database, or did last."""
    rows = reader.one(NODES)
    if reader.dialect != "postgres":
        last = max(rows, key=lambda row: int(row[2]), default=None)
        return [] if last is None else [ok("node", f"{last[1]}, started {rfc3339(last[2])}")]
    found = []
    for _number, name, _started, seen in rows:
        quiet = (now - seen) / SECOND
        if quiet > NODE_LOST_S:
            text = f"{name} was seen last {quiet:,.0f} s ago"
            found.append(warn("node", text, "nothing, if it was stopped: another node takes over from it"))
        else:
            found.append(ok("node", f"{name}, seen {max(quiet, 0):,.0f} s ago"))
    return found
