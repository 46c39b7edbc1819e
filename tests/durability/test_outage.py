"""After an outage of PostgreSQL every node looks lost to the one that is back first. On a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from rota.engine.node import NODES_EVERY_S
from rota.engine.timers import NODE_LOST_S
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Beat, Claim, Complete, Done, Heartbeat
from rota.model.task import Given, TaskSpec
from rota.store.postgres import PostgresStore
from rota.store.statement import One
from tests.durability.finish import look
from tests.durability.ledger import Ledger
from tests.durability.steps import Steps

SECOND = 1_000_000
NODES = One("nodes", "SELECT count(*) FROM node")


class Nodes:
    """Two nodes whose clocks go alike."""

    def __init__(self, dsn: str) -> None:
        self.stores = [PostgresStore(dsn) for _ in range(2)]
        self.one, self.other = (Steps(store, Random(seed)) for seed, store in enumerate(self.stores))

    def go_on(self, seconds: float, *nodes: Steps) -> None:
        """Time passes, with a turn each second of these nodes alone."""
        both = (self.one, self.other)
        for _ in range(round(seconds)):
            for node in both:
                node.now += SECOND
            for node in nodes:
                node.ask([], wait_us=0)

    def known(self) -> int:
        with self.stores[0].read() as reader:
            return int(reader.one(NODES)[0][0])

    def close(self) -> None:
        for store in self.stores:
            store.close()


@pytest.fixture
def nodes(postgres_dsn: str) -> Iterator[Nodes]:
    made = Nodes(postgres_dsn)
    yield made
    made.close()


def given_to_local(node: Steps) -> Given:
    """A task in the hands of an agent that lives in this node's process."""
    node.call(Register(agent=AgentSpec(name="ann"), local=True, instance="1"))
    node.call(Submit(tasks=[TaskSpec(title="one")]))
    (given,) = node.call(Claim(agent="ann")).tasks
    assert isinstance(given, Given)
    return given


def test_a_node_that_is_back_first_does_not_bury_the_others(nodes: Nodes) -> None:
    nodes.go_on(NODE_LOST_S + NODES_EVERY_S, nodes.one, nodes.other)
    given = given_to_local(nodes.other)
    nodes.go_on(40)
    nodes.go_on(NODES_EVERY_S + 2, nodes.one)
    nodes.other.now = nodes.one.now
    done = Complete(outcomes=[Done(task=given.task, token=given.token)])
    assert nodes.other.call(done).states == {given.task: "done"}
    nodes.go_on(NODE_LOST_S + NODES_EVERY_S, nodes.one, nodes.other)
    assert nodes.known() == 2


def test_a_node_that_died_in_the_outage_is_buried_once_the_others_had_time_to_be_seen(nodes: Nodes) -> None:
    given = given_to_local(nodes.other)
    nodes.go_on(40)
    nodes.go_on(NODE_LOST_S + NODES_EVERY_S + 2, nodes.one)
    assert nodes.known() == 1
    nodes.one.call(Register(agent=AgentSpec(name="bob")))
    assert [again.task for again in nodes.one.call(Claim(agent="bob")).tasks] == [given.task]
    assert look(nodes.stores[0], Ledger()) == []


def test_a_node_that_was_buried_and_lives_is_known_again_and_its_claims_listen(nodes: Nodes) -> None:
    """Its process was stopped, say, or its machine slept."""
    given = given_to_local(nodes.other)
    nodes.other.call(Register(agent=AgentSpec(name="eve")))
    (waits,) = nodes.other.ask([Claim(agent="eve", wait=45)])
    assert waits is None
    nodes.go_on(NODE_LOST_S + NODES_EVERY_S + 2, nodes.one)
    assert nodes.known() == 1
    nodes.other.now = nodes.one.now
    beat = Heartbeat(agent="ann", beats=[Beat(task=given.task, token=given.token)])
    assert nodes.other.call(beat).lost == [given.task]
    nodes.go_on(2, nodes.one, nodes.other)
    assert nodes.known() == 2
    nodes.go_on(NODE_LOST_S + NODES_EVERY_S, nodes.one, nodes.other)
    assert nodes.known() == 2
    with nodes.stores[0].read() as reader:
        leased = reader.one(One("leased", "SELECT agent.name FROM lease JOIN agent ON agent.id = lease.agent"))
    assert leased == [("eve",)], "the claim that waited got the task that went back"
    assert look(nodes.stores[0], Ledger()) == []
