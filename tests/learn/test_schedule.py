"""Proves the course of the learning rate and what is read from the course of the losses."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.learn.history import Epoch, notices
from suwen.learn.plan import SCHEDULES, Plan
from suwen.learn.schedule import rate_at, rate_on_plateau


@given(
    schedule=st.sampled_from([name for name in SCHEDULES if name != "plateau"]),
    steps=st.integers(2, 500),
    warm=st.floats(0, 0.9),
)
def test_the_rate_is_above_zero_and_never_above_the_plans(schedule: str, steps: int, warm: float) -> None:
    plan = Plan(rate=0.1, schedule=schedule, warm_up=warm)
    rates = [rate_at(plan, step, steps) for step in range(steps)]
    assert min(rates) > 0
    assert max(rates) <= 0.1 * (1 + 1e-9)


def test_cosine_rises_to_the_rate_then_falls_to_a_thousandth() -> None:
    plan = Plan(rate=1.0, schedule="cosine", warm_up=0.1)
    rates = [rate_at(plan, step, 101) for step in range(101)]
    assert rates[:11] == sorted(rates[:11])
    assert rates[10] == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(1e-3)


def test_one_cycle_has_the_published_ends_and_its_top_at_three_tenths() -> None:
    plan = Plan(rate=1.0, schedule="one-cycle")
    rates = [rate_at(plan, step, 101) for step in range(101)]
    assert rates[0] == pytest.approx(1 / 25)
    assert rates.index(max(rates)) == 30
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(1e-4)


def test_a_plateau_divides_by_ten_after_the_wait() -> None:
    plan = Plan(rate=1.0, schedule="plateau", wait=2)
    scores = [0.1, 0.2, 0.2, 0.1, 0.3, 0.2, 0.3]
    rates = [rate_on_plateau(plan, scores[:n]) for n in range(len(scores) + 1)]
    assert rates == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def course(training: list[float], validation: list[float]) -> list[Epoch]:
    pairs = zip(training, validation, strict=True)
    return [Epoch(n, 1e-3, loss, held, {}, 1.0) for n, (loss, held) in enumerate(pairs, 1)]


def kinds(training: list[float], validation: list[float]) -> set[str]:
    best = 1 + min(range(len(validation)), key=validation.__getitem__)
    return {notice.kind for notice in notices(course(training, validation), best)}


def test_learning_by_heart_is_noticed() -> None:
    falling = [1.0 / (n + 1) for n in range(12)]
    assert kinds(falling, [1.0, 0.7, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1]) == {"gap"}
    assert kinds(falling, [value * 1.1 for value in falling]) == set()


def test_a_standstill_is_noticed() -> None:
    assert kinds([0.69] * 12, [0.69] * 12) == {"stall"}


def test_a_jump_is_noticed_where_it_happened() -> None:
    losses = [1.0, 0.8, 0.6, 2.5, 0.6, 0.5]
    found = notices(course(losses, losses), 6)
    assert [(notice.kind, notice.epoch) for notice in found] == [("jump", 4)]


def test_every_notice_says_what_to_try_in_both_languages() -> None:
    courses = [([0.69] * 12, [0.69] * 12), ([1.0, 3.0], [1.0, 3.0])]
    found = itertools.chain.from_iterable(notices(course(*one), 1) for one in courses)
    for notice in found:
        assert "ry " in notice.english
        assert "可" in notice.chinese
