"""Terminals of a test's own, with whatever owner they start."""

from __future__ import annotations

from tests.owner.conftest import database as database
from tests.owner.conftest import runtime as runtime
