"""Writers take turns in the order in which they came, one at a time, and nobody who gives up blocks the rest."""

from __future__ import annotations

import threading
import time

from suwen.records.store.turns import Turns


def test_one_at_a_time_in_the_order_of_coming() -> None:
    turns, order, inside = Turns(patience=30), list[int](), list[int]()
    first = turns.turn()
    first.__enter__()
    threads = []

    def one(number: int) -> None:
        with turns.turn():
            inside.append(1)
            assert sum(inside) == 1
            order.append(number)
            time.sleep(0.001)
            inside.append(-1)

    for number in range(20):
        threads.append(threading.Thread(target=one, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) <= number:  # it stands in the queue before the next one comes
            time.sleep(0.0005)
    first.__exit__(None, None, None)
    for thread in threads:
        thread.join(10)
    assert order == list(range(20))


def test_whoever_waits_too_long_goes_on_without_a_turn_and_the_queue_goes_on() -> None:
    turns = Turns(patience=0.01)
    with turns.turn():
        with turns.turn():  # the same thread: it would wait for itself
            pass
        with turns.turn():
            pass
    done = []
    with turns.turn():
        done.append(1)
    assert done == [1]
    assert not turns._taken


def test_a_failure_hands_the_turn_on() -> None:
    turns = Turns(patience=30)
    for _ in range(3):
        try:
            with turns.turn():
                raise ValueError
        except ValueError:
            pass
    assert not turns._taken
