"""Showing routing rules."""

from __future__ import annotations

from rota.engine.book import Book
from rota.model.commands.route import ListRules, RulePage
from rota.store.protocol import Reader


def listed(reader: Reader, book: Book, request: ListRules, now: int) -> RulePage:
    """All of them, in their order."""
    del reader, request, now
    return RulePage(rules=list(book.rules.rules))
