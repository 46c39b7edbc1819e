"""Long computations in processes of their own: the same call gives the same answer, whatever runs beside it."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, NamedTuple

from bench.scoreboard.say import say


class Job(NamedTuple):
    """A function at the top of a module with its arguments: both go to another process."""

    run: Callable[..., Any]
    arguments: Mapping[str, Any]


def results(jobs: Mapping[str, Job], processes: int) -> Iterator[tuple[str, Any]]:
    """Each job's name and answer, as they come. An error ends all of it, naming the job."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_timed, job): name for name, job in jobs.items()}
        for number, future in enumerate(as_completed(waiting), 1):
            name = waiting[future]
            try:
                seconds, answer = future.result()
            except BaseException as error:
                pool.shutdown(wait=False, cancel_futures=True)
                error.add_note(f"this was scoreboard job {name}")
                raise
            say(f"{number} of {len(jobs)}: {name}, {seconds:.1f} s")
            yield name, answer


def _timed(job: Job) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = job.run(**job.arguments)
    return time.perf_counter() - start, answer
