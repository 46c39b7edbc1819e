"""Small fleets and workloads with many ties. Times are halves, speeds powers of two, so sums are exact."""

from hypothesis import strategies as st

from bench.reference.agent import Agent
from bench.reference.task import Task

SKILLS = ("a", "b")

halves = st.integers(0, 20).map(lambda number: number / 2)
# Somebody who can do everything is always there, so that no task is impossible.
anybody = st.builds(
    Agent,
    name=st.just("some"),
    slots=st.integers(1, 3),
    speed=st.sampled_from((0.5, 1.0, 2.0)),
    skills=st.dictionaries(st.sampled_from(SKILLS), st.integers(0, 2)),
)
expert = st.builds(Agent, name=st.just("expert"), slots=st.integers(1, 2), skills=st.just(dict.fromkeys(SKILLS, 2)))
fleets = st.tuples(expert, st.lists(anybody, max_size=3)).map(lambda both: (both[0], *both[1]))
needs = st.dictionaries(st.sampled_from(SKILLS), st.integers(0, 2)).map(lambda wanted: tuple(sorted(wanted.items())))


@st.composite
def workloads(draw: st.DrawFn, *, parents: bool = False, patience: bool = False, most: int = 25) -> list[Task]:
    submits = sorted(draw(st.lists(halves, min_size=1, max_size=most)))
    return [
        Task(
            seq,
            submit,
            draw(halves),
            draw(halves),
            draw(st.integers(0, 2)),
            needs=draw(needs),
            parents=tuple(draw(st.sets(st.integers(0, seq - 1), max_size=2))) if parents and seq else (),
            patience=draw(halves) if patience and draw(st.booleans()) else float("inf"),
        )
        for seq, submit in enumerate(submits)
    ]


@st.composite
def batches(draw: st.DrawFn) -> list[Task]:
    """A graph of tasks, all submitted at once, estimates exact."""
    works = draw(st.lists(halves, min_size=1, max_size=25))
    return [
        Task(seq, 0.0, work, work, parents=tuple(draw(st.sets(st.integers(0, seq - 1), max_size=3))) if seq else ())
        for seq, work in enumerate(works)
    ]
