"""Writing a report to a file whose ending says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from rota.model.errors import RotaError, invalid
from rota.simulator.report.html import html
from rota.simulator.report.markdown import markdown
from rota.simulator.result import Outcome

_HTML = (".html", ".htm")
_MARKDOWN = (".md", ".markdown")


def check_report(file: str) -> None:
    """Refuse a file that could not be written, before anything is simulated."""
    if PurePath(file).suffix.lower() not in (*_HTML, *_MARKDOWN):
        raise invalid("--report", f"{file[:60]!r} ends neither in .html nor in .md; the ending says which is written")
    if not Path(file).absolute().parent.is_dir():
        raise invalid("--report", f"the folder of {file[:60]!r} does not exist; make it first")


def write_report(file: str, runs: Sequence[tuple[str, Outcome]], agents: Sequence[tuple[str, int]]) -> None:
    """Write the report on these runs."""
    text = html(runs, agents) if PurePath(file).suffix.lower() in _HTML else markdown(runs, agents)
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise RotaError("invalid", f"this cannot be written: {error.strerror}", field=f"--report {file}") from None
