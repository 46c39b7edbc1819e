"""Offers: a slot is kept for a task until its delivery is confirmed."""

from __future__ import annotations

from typing import Any

from rota.model.commands.submit import Cancel
from rota.model.commands.work import Confirm, Held
from rota.model.task import Given
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, fail, submit, take, task, view


def held(*given: Given) -> list[Held]:
    return [Held(task=it.task, token=it.token) for it in given]


class TestOffers:
    def offered(self, rota: TestDistributor, **more: Any) -> list[Given]:
        return claim(rota, "ann", delivery="offer", **more)

    def test_a_confirmed_offer_is_a_lease(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = self.offered(rota)
        rota.clock.advance("4s")
        assert rota.call(Confirm(offers=held(*given))).renewed == [number]
        assert rota.call(Confirm(offers=held(*given))).renewed == [number], "again changes nothing"
        rota.clock.advance("59s")
        assert view(rota, number).state == "running"
        assert done(rota, *given).states == {number: "done"}

    def test_an_unconfirmed_one_lapses_at_no_cost(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota, deadline="1h")
        given = self.offered(rota)
        rota.clock.advance("4s")
        assert view(rota, number).state == "running"
        rota.clock.advance("2s")
        found = view(rota, number)
        assert (found.state, found.attempts, attempts(rota, number)) == ("ready", 0, [])
        again = take(rota, "bob")
        assert (again.task, again.attempt) == (number, 1)
        assert rota.call(Confirm(offers=held(*given))).lost == [number]
        assert done(rota, *given).refused == {number: "lease_lost"}

    def test_the_same_request_gets_the_same_offer(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        submit(rota, "one", "two")
        first = self.offered(rota, request="r")
        again = self.offered(rota, request="r")
        assert [(it.task, it.token) for it in again] == [(it.task, it.token) for it in first]

    def test_an_outcome_confirms_too(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        assert done(rota, *self.offered(rota)).states == {number: "done"}

    def test_it_keeps_the_reason_of_the_last_failure(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        fail(rota, take(rota, "ann"), error="boom", retry_at="1s")
        rota.clock.advance("1s")
        self.offered(rota)
        rota.clock.advance("6s")
        assert view(rota, number).reason == "boom"

    def test_a_time_to_live_that_ended_meanwhile(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, ttl="3s")
        self.offered(rota)
        rota.clock.advance("4s")
        assert view(rota, number).state == "running"
        rota.clock.advance("2s")
        assert view(rota, number).state == "expired"

    def test_cancelled_while_offered(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        self.offered(rota)
        assert rota.call(Cancel(tasks=[number])).pending == [number]
        rota.clock.advance("6s")
        assert view(rota, number).state == "cancelled"
