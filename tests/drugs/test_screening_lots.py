"""Work shared out to processes is answered in order, and a process that dies costs the item it died of."""

from __future__ import annotations

import os

import pytest

from suwen.drugs.screening.lots import lots_of, spread


def _doubled(lot: list[int]) -> list[int]:
    if 5 in lot:
        os._exit(1)  # as a library in C++ that breaks down would
    return [2 * one for one in lot]


def _broken(_item: int) -> int:
    return -1


def test_lots_hold_every_item_once() -> None:
    assert [*lots_of(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert not [*lots_of([], 3)]


@pytest.mark.parametrize("processes", [1, 2])
def test_answers_come_in_order(processes: int) -> None:
    answers = [one for lot in spread(_doubled, lots_of(range(10, 30), 3), processes, _broken) for one in lot]
    assert answers == [*range(20, 60, 2)]


def test_a_process_that_dies_costs_its_item_and_no_other() -> None:
    answers = [one for lot in spread(_doubled, lots_of(range(9), 2), 2, _broken) for one in lot]
    assert answers == [-1 if one == 5 else 2 * one for one in range(9)]
