"""Proves the augmentations of signals: each does what it is asked, polarity and lead ratios stay, masks move along."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from suwen.errors import InputError
from suwen.learn.augment.signals import Signals

STILL = Signals(
    rate=250, scale=0, noise=0, wander=0, powerline=0, shift=0, warp=0, dropout=0, probability=1.0
)  # fmt: skip


def only(**values: Any) -> Signals:
    return dataclasses.replace(STILL, **values)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def beats(n: int = 4, leads: int = 3, time: int = 500) -> Tensor:
    """A narrow peak every 200 steps, in each lead times its number."""
    steps = torch.arange(time)
    wave = torch.exp(-(((steps % 200) - 100.0) ** 2) / 20)
    return (wave * torch.arange(1, leads + 1)[:, None]).expand(n, leads, time).clone()


def test_without_strength_nothing_changes() -> None:
    masks = torch.randint(0, 3, (4, 500), generator=seeded())
    changed, there = STILL(beats(), masks, seeded())
    assert torch.equal(changed, beats())
    assert there is masks
    with_places, moved = only(shift=1e-12)(beats(), masks, seeded())
    assert torch.allclose(with_places, beats(), atol=1e-6)
    assert torch.equal(moved, masks)  # type: ignore[arg-type]


def test_gain_keeps_polarity_and_the_ratio_of_leads() -> None:
    changed, _ = only(scale=0.3)(beats(200), None, seeded())
    factor = changed[:, :, 100] / beats(200)[:, :, 100]
    assert factor.std(1).max() < 1e-5
    assert 1 / 1.3 - 1e-4 <= float(factor.min()) < 0.85
    assert 1.2 < float(factor.max()) <= 1.3 + 1e-4


def test_noise_is_as_strong_as_asked() -> None:
    changed, _ = only(noise=0.2)(torch.zeros(300, 1, 800), None, seeded())
    spread = changed.flatten(1).std(1)
    assert float(spread.max()) < 0.22
    assert float(spread.mean()) == pytest.approx(0.1, abs=0.01)


def power(signal: Tensor, rate: float) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.rfftfreq(signal.shape[-1], 1 / rate), np.abs(np.fft.rfft(signal.numpy())) ** 2


def test_the_baseline_sways_slowly_and_no_more_than_asked() -> None:
    changed, _ = only(wander=0.5)(torch.zeros(50, 2, 10000), None, seeded())
    assert float(changed.abs().max()) <= 0.5
    assert float(changed.abs().max()) > 0.3
    frequency, strength = power(changed[:, 0] * torch.hann_window(10000), 250)
    assert strength[:, frequency > 0.8].sum() < 1e-3 * strength.sum()
    assert not torch.allclose(changed[:, 0], changed[:, 1])


@pytest.mark.parametrize("hum", [(50.0,), (60.0,), (50.0, 60.0)])
def test_hum_has_the_frequency_of_the_mains(hum: tuple[float, ...]) -> None:
    changed, _ = only(powerline=0.2, hum=hum)(torch.zeros(30, 2, 1000), None, seeded())
    assert float(changed.abs().max()) <= 0.2
    frequency, strength = power(changed[:, 0], 250)
    assert set(frequency[strength.argmax(1)]) == set(hum)


@pytest.mark.parametrize(("rate", "hum"), [(100.0, (50.0, 60.0)), (110.0, (60.0,)), (60.0, (50.0,))])
def test_a_hum_that_the_rate_cannot_hold_is_refused(rate: float, hum: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="powerline"):
        Signals(rate=rate, hum=hum)
    Signals(rate=rate, hum=hum, powerline=0)


def test_a_shift_moves_all_leads_and_masks_alike_and_no_more_than_asked() -> None:
    inputs = torch.zeros(100, 2, 201)
    inputs[:, :, 100] = 1
    masks = (inputs[:, 0] > 0).long()
    changed, there = only(shift=0.1)(inputs, masks, seeded())
    assert there is not None
    places = (changed * torch.arange(201)).sum(2)
    assert torch.allclose(places[:, 0], places[:, 1])
    assert 17 < float((places - 100).abs().max()) <= 20.1 + 1e-3
    assert (there.sum(1) == 1).all()
    assert (there.argmax(1) - places[:, 0]).abs().max() <= 0.51


def test_what_comes_in_from_outside_is_the_last_value_and_belongs_to_no_class() -> None:
    inputs = torch.linspace(1, 2, 50).expand(40, 1, 50)
    changed, there = only(shift=0.5)(inputs, torch.ones(40, 50, dtype=torch.long), seeded())
    assert there is not None
    assert float(changed.min()) >= 1
    assert float(changed.max()) <= 2
    outside = there == 0
    assert outside.any()
    assert set(changed[:, 0][outside].unique().tolist()) == {1.0, 2.0}


def test_a_changed_pace_never_runs_backwards_and_keeps_the_middle() -> None:
    inputs = torch.arange(400.0).expand(60, 1, 400)
    changed, _ = only(warp=0.2)(inputs, None, seeded())
    pace = changed[:, 0].diff(dim=1)
    inner = (changed[:, 0, 1:] < 399) & (changed[:, 0, :-1] > 0)
    assert float(pace[inner].min()) >= 1 / 1.2 - 1e-3
    assert float(pace[inner].max()) <= 1.2 + 1e-3
    assert changed[:, 0, 200].numpy() == pytest.approx(np.full(60, 200.0), abs=1e-2)
    assert pace[inner].std() > 0.02


def test_leads_fall_off_whole_and_one_always_stays() -> None:
    inputs = torch.ones(500, 4, 10)
    changed, _ = only(dropout=0.4)(inputs, None, seeded())
    kept = changed[:, :, 0]
    assert torch.equal(changed, kept[:, :, None].expand_as(changed))
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert kept.sum(1).min() >= 1
    assert float(kept.mean()) == pytest.approx(1 - 0.4 * 3 / 4, abs=0.04)
    assert (only(dropout=0.999)(inputs, None, seeded())[0].sum(1) >= 1).all()


def test_what_is_not_chosen_stays() -> None:
    change = Signals(rate=250, warp=0.1, dropout=0.3, probability=0.0)
    assert torch.allclose(change(beats(), None, seeded())[0], beats(), atol=1e-6)


def test_images_and_a_rate_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="channels, time"):
        STILL(torch.zeros(1, 1, 4, 4), None, seeded())
    with pytest.raises(InputError, match="rate"):
        Signals(rate=0)
