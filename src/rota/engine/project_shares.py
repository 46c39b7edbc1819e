"""Which share of its tenant each project counts to (see `planning.fair`)."""

from __future__ import annotations

from rota.store.protocol import Reader
from rota.store.sql.relations import LAST_SHARE, SHARE_OF_PROJECT

SHARES = 16
"""Projects of a tenant that are told apart at a time."""
REMEMBERED = 100_000


class ProjectShares:
    """A memory of what projects were dealt; it never changes."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, reader: Reader, project: int | None) -> int:
        """The share of a project; 0 = no project."""
        if project is None:
            return 0
        share = self._known.get(project)
        if share is None:
            found = reader.one(SHARE_OF_PROJECT, project)
            share = self._keep(project, int(found[0][0]) if found else 0)
        return share

    def deal(self, reader: Reader, project: int) -> int:
        """The share of a new project: they are dealt in turn.

        With more projects at a time than shares, several have one together (stochastic fairness queueing, McKenney
        1990): lanes stay few.
        """
        last = reader.one(LAST_SHARE)
        return self._keep(project, (last[0][0] if last else 0) % SHARES + 1)

    def _keep(self, project: int, share: int) -> int:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[project] = share
        return share
