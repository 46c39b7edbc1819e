"""Rota on one SQLite file."""

from bench.rota_subject import RotaSubject


def open_subject(where: str) -> RotaSubject:
    return RotaSubject(where, "SQLite (apsw) WAL, synchronous=FULL")
