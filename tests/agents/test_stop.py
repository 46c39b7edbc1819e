"""The word that ends a run."""

from __future__ import annotations

import select
import threading

from rota.agents.process.stop import Stop


def is_readable(stop: Stop) -> bool:
    return bool(select.select([stop], [], [], 0)[0])


def test_the_first_reason_stays() -> None:
    with Stop() as stop:
        assert (stop.reason, is_readable(stop)) == (None, False)
        stop.set("cancel")
        stop.set("shutdown")
        assert (stop.reason, is_readable(stop)) == ("cancel", True)
        assert is_readable(stop), "whoever looks first must not take it away from the others"


def test_waiting_ends_when_it_is_set() -> None:
    with Stop() as stop:
        waiting = [threading.Thread(target=stop.wait) for _ in range(3)]
        for thread in waiting:
            thread.start()
        stop.set("shutdown")
        for thread in waiting:
            thread.join()
        assert stop.wait()


def test_waiting_has_an_end_of_its_own() -> None:
    with Stop() as stop:
        assert not stop.wait(0.01)
        assert not stop.wait(-1)
        stop.set("cancel")
        assert stop.wait(0)


def test_after_closing_nothing_happens_any_more() -> None:
    stop = Stop()
    stop.close()
    stop.close()
    stop.set("cancel")
    assert stop.wait(0)
    assert Stop().reason is None
