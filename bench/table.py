"""The table for people: a row for each thing measured at each backlog, a column for each subject, ratios."""

from collections.abc import Iterable, Sequence

import msgspec

from bench.measure import Machine, Measurement
from bench.subject import OURS

_BUSY = 2.0  # times the quickest synced write of the run
_LESS_IS_BETTER = frozenset({"ms", "s", "MB", "tasks"})


class Report(msgspec.Struct, frozen=True):
    """All of a run; this is what --json writes."""

    machine: Machine
    measurements: list[Measurement]
    not_measured: dict[str, str]  # subject and backlog → why


def render(report: Report) -> str:
    """Plain text, aligned, no colour."""
    databases = _in_order(m.database for m in report.measurements)
    busy_us = _BUSY * min((m.fsync_us for m in report.measurements), default=0.0)
    tables = [_table(name, [m for m in report.measurements if m.database == name], busy_us) for name in databases]
    return "\n\n".join([_machine(report.machine), *tables, _notes(report, busy_us)]) + "\n"


def _machine(machine: Machine) -> str:
    lines = [
        f"{machine.cores} cores {machine.architecture}, load {machine.load} before; Python {machine.python}, "
        f"SQLite {machine.sqlite} in its standard library",
        f"PostgreSQL {machine.postgresql}" if machine.postgresql else "",
        ", ".join(f"{name} {version}" for name, version in machine.packages.items()),
    ]
    return "\n".join(line for line in lines if line)


def _table(database: str, measurements: Sequence[Measurement], busy_us: float) -> str:
    subjects = _in_order(m.subject for m in measurements)
    peers = [name for name in subjects if name != OURS] if OURS in subjects else []
    found = {(m.name, m.backlog, m.subject): m for m in measurements}
    names = _in_order(m.name for m in measurements)
    rows = [[database, "waiting", "unit", "better", *subjects, *(f"{OURS}/{peer}" for peer in peers)]]
    for name in names:
        for backlog in sorted({m.backlog for m in measurements if m.name == name}):
            row = {subject: found.get((name, backlog, subject)) for subject in subjects}
            unit = next((m.unit for m in row.values() if m and m.unit), "")
            rows.append(
                [
                    name,
                    f"{backlog:,}",
                    unit,
                    "less" if unit in _LESS_IS_BETTER else "more",
                    *(_figure(row[subject], busy_us) for subject in subjects),
                    *(_ratio(row[OURS], row[peer]) for peer in peers),
                ]
            )
    return _aligned(rows)


def _figure(measurement: Measurement | None, busy_us: float) -> str:
    if measurement is None:
        return "-"
    if measurement.value is None:
        return "none"
    value = measurement.value
    digits = 0 if value >= 100 or value == int(value) else 2
    return f"{'~' if measurement.fsync_us > busy_us else ''}{value:,.{digits}f}"


def _ratio(ours: Measurement | None, peer: Measurement | None) -> str:
    if ours is None or peer is None or ours.value is None or not peer.value:
        return "-"
    return f"{ours.value / peer.value:,.2f}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 2, 3) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _notes(report: Report, busy_us: float) -> str:
    """Each subject's settings once, and beside the name of the cell what is true of that cell alone."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for m in report.measurements:
        if m.notes:
            said.setdefault((m.subject, m.database, m.notes), []).append(m.name)
    lines = ["notes"]
    if any(m.fsync_us > busy_us for m in report.measurements):
        lines.append(
            f"- ~: one synced write took more than {busy_us:,.0f} us before or after, {_BUSY:.0f} times this run's "
            "quickest: the disk had other work, so compare with care"
        )
    for (subject, database, notes), names in said.items():
        about = "" if len(set(names)) > 2 else ", " + " / ".join(_in_order(names))
        lines.append(f"- {subject} on {database}{about}: {notes}")
    lines += [f"- {what}: {why}" for what, why in report.not_measured.items()]
    return "\n".join(lines)


def _in_order(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
