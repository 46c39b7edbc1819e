"""Who would be best for a task that may not exist yet."""

from __future__ import annotations

from collections.abc import Mapping

from rota.engine.agents_now import agents_now
from rota.engine.book import Book
from rota.engine.estimates import Estimates
from rota.engine.stand import key_hash
from rota.model import bounds, check
from rota.model.commands.route import Match, Matched, Recommended
from rota.model.priority import BANDS
from rota.model.requirements import Requirements, canonical
from rota.model.times import SECOND
from rota.operations.limits import capped
from rota.operations.refusals import refusal_view
from rota.planning.estimate import mean_s
from rota.planning.for_now import Asked
from rota.planning.price import price
from rota.planning.recommend import Candidate, recommend
from rota.planning.snapshot import Agent, Head, Known
from rota.planning.strategies import weights_of
from rota.store.protocol import Reader


def match(reader: Reader, book: Book, request: Match, now: int) -> Matched:
    """The agents of the queue's pool, ranked by the pool's strategy."""
    queue = book.queue(request.queue)
    needs = _needs(request)
    policy = book.pools[queue.pool].policy
    agents = agents_now(reader, book, queue.pool, now, [needs])
    capped(reader, book, agents, now)
    known = _known(Estimates(reader), agents, needs.kind)
    for agent in agents:
        agent.expected = {needs.kind: known[agent.id], **agent.expected}
    tenant = book.known_tenant(reader, request.tenant) or -1
    asked = Asked(needs, BANDS[request.priority], tenant)
    head = Head(due=now, task=0, affinity=key_hash(request.affinity))
    weights = weights_of(policy.strategy, policy.terms)
    found, refused = recommend(agents, asked, weights, now // SECOND, head)
    names = {agent.id: agent.profile.name for agent in agents}
    return Matched(
        strategy=policy.strategy,
        recommended=[_shown(one, rank, known) for rank, one in enumerate(found[: request.n], 1)],
        refusals={names[number]: refusal_view(no) for number, no in refused.items()},
    )


def _needs(request: Match) -> Requirements:
    check.number(request.n, "n", 1, bounds.PAGE)
    check.name(request.kind, "kind")
    check.name(request.tenant, "tenant")
    check.maybe_key(request.affinity, "affinity")
    check.skills(request.skills, "skills")
    check.resources(request.resources, "resources")
    for key in ("role", "pin", "near"):
        check.maybe_name(getattr(request, key), key)
    for key in ("regions", "ban"):
        check.names(getattr(request, key), key)
    if request.max_cost is not None:
        check.amount(request.max_cost, "max_cost")
    return canonical(
        kind=request.kind, skills=request.skills, role=request.role, regions=request.regions, pin=request.pin,
        ban=request.ban, resources=request.resources, near=request.near, max_cost=request.max_cost,
    )  # fmt: skip


def _known(estimates: Estimates, agents: list[Agent], kind: str) -> dict[int, Known]:
    """What is expected of each at this kind of work, also where the strategy does not ask."""
    beliefs = {agent.id: estimates.belief(agent.id, kind) for agent in agents}
    return {number: Known(mean_s(belief), belief.good) for number, belief in beliefs.items()}


def _shown(one: Candidate, rank: int, known: Mapping[int, Known]) -> Recommended:
    agent, expected = one.agent, known[one.agent.id]
    cost = agent.profile.cost
    return Recommended(
        agent=agent.profile.name,
        rank=rank,
        score=round(one.score, 6),
        parts={term: round(share, 6) for term, share in one.parts.items()},
        expected_s=round(expected.seconds, 3),
        success=round(expected.success, 4),
        running=agent.running,
        slots=agent.slots,
        cost=None if cost is None else round(price(cost, expected.seconds), 6),
        waits=None if one.waits is None else refusal_view(one.waits),
    )
