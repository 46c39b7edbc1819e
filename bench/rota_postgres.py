"""Rota as one node on PostgreSQL."""

from bench.places import analyse
from bench.rota_subject import RotaSubject


class RotaPostgres(RotaSubject):
    def fill(self, n: int) -> None:
        super().fill(n)
        self._close()
        analyse(self._where)


def open_subject(where: str) -> RotaSubject:
    return RotaPostgres(where, "PostgreSQL (psycopg), synchronous_commit=on")
