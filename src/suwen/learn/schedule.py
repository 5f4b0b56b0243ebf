"""The learning rate at every step of a training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from suwen.learn.plan import Plan

__all__ = ["rate_at", "rate_on_plateau"]


def rate_at(plan: Plan, step: int, steps: int) -> float:
    """Learning rate of a step (from 0) of `steps`, for the schedules that know it beforehand."""
    done = step / max(1, steps - 1)
    if plan.schedule == "one-cycle":
        return _one_cycle(plan.rate, done)
    if plan.warm_up > 0 and done < plan.warm_up:
        return plan.rate * max(done / plan.warm_up, 1e-2)
    if plan.schedule == "cosine":
        left = (done - plan.warm_up) / (1 - plan.warm_up)
        return plan.rate * (0.5 * (1 + math.cos(math.pi * left)) * 0.999 + 0.001)
    return plan.rate


def _one_cycle(rate: float, done: float, *, rise: float = 0.3, start: float = 25.0, end: float = 1e4) -> float:
    """Up from rate / 25 for three tenths, then down to rate / 10,000, by half cosines (Smith & Topin 2019)."""
    low, high, share = (rate / start, rate, done / rise) if done < rise else (rate / end, rate, (1 - done) / (1 - rise))
    return low + (high - low) * 0.5 * (1 - math.cos(math.pi * share))


def rate_on_plateau(plan: Plan, scores: Sequence[float]) -> float:
    """Learning rate after epochs with these scores (higher is better): a tenth after each `wait` without gain."""
    rate, best, since = plan.rate, -math.inf, 0
    for score in scores:
        if score > best:
            best, since = score, 0
        else:
            since += 1
        if since >= plan.wait:
            rate, since = rate / 10, 0
    return rate
