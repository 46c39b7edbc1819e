"""The table of the self-check, for people."""

from bench.reference.row import Row

_WIDTHS = (-32, -34, 9, 9, 8, 9, 7, 9, 3)  # negative: to the left


def head() -> str:
    return _aligned("model", "what", "target", "measured", "+-", "deviation", "allowed", "tasks", "ok")


def line(row: Row) -> str:
    return _aligned(
        row.model,
        row.what,
        _figure(row.target),
        _figure(row.measured),
        f"{row.half_width:.4f}" if row.half_width else "",
        _share(row.deviation),
        _share(row.tolerance),
        f"{row.tasks:,}" if row.tasks else "",
        "yes" if row.ok else "NO",
    )


def summary(rows: list[Row], seconds: float) -> str:
    bad = [row for row in rows if not row.ok]
    simulated = sum({(row.model, row.tasks): row.tasks for row in rows}.values())
    verdict = f"{len(bad)} of {len(rows)} rows are off" if bad else f"all {len(rows)} rows hold"
    return f"{verdict}; {simulated:,} tasks in {seconds:.0f} s, {simulated / max(seconds, 1e-9):,.0f} a second"


def _figure(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.4f}"


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _aligned(*cells: str) -> str:
    sides = zip(cells, _WIDTHS, strict=True)
    return " ".join(cell.ljust(-width) if width < 0 else cell.rjust(width) for cell, width in sides)
