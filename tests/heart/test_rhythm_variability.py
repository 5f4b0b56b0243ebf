"""Proves that variability follows the definitions of the Task Force: values by hand, known spectra, ectopic beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from scipy.signal import welch

from suwen.diagnosis.rhythm.variability import _spline, normal_intervals, variability, welch_power
from suwen.errors import InputError


def times(nn: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(nn) / 1000])


def modulated(hertz: float, size: float, seconds: float = 600.0) -> np.ndarray:
    """Beats about every 0.8 s whose interval swings by `size` ms at `hertz`."""
    at, found = 0.0, [0.0]
    while at < seconds:
        at += 0.8 + size / 1000 * np.sin(2 * np.pi * hertz * at)
        found.append(at)
    return np.array(found)


def test_time_domain_by_hand() -> None:
    nn = np.array([800.0, 860.0, 800.0, 790.0, 850.0])
    found = variability(times(nn))
    assert found.mean_nn == pytest.approx(820)
    assert found.sdnn == pytest.approx(np.sqrt((400 + 1600 + 400 + 900 + 900) / 4))
    assert found.rmssd == pytest.approx(np.sqrt((3600 + 3600 + 100 + 3600) / 4))
    assert found.pnn50 == pytest.approx(75)
    assert found.sdann is found.lf is found.hf is found.triangular is None


@pytest.mark.parametrize("method", ["welch", "lomb"])
@pytest.mark.parametrize(("hertz", "band"), [(0.1, "lf"), (0.25, "hf"), (0.02, "vlf")])
def test_a_swing_of_known_size_has_its_power_in_its_band(hertz: float, band: str, method: str) -> None:
    found = variability(modulated(hertz, 30), method=method)
    power = {name: getattr(found, name) or 0.0 for name in ("vlf", "lf", "hf")}
    assert power[band] == pytest.approx(30**2 / 2, rel=0.15)
    assert sum(power.values()) - power[band] < 0.12 * power[band]
    assert found.sdnn == pytest.approx(30 / np.sqrt(2), rel=0.05)


def test_power_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    beats = times(800 + 40 * rng.standard_normal(900))
    end, nn, keep = normal_intervals(beats)
    frequencies, density = welch_power(end[keep], nn[keep])
    grid = np.arange(end[keep][0], end[keep][-1], 0.25)
    even = _spline(end[keep], nn[keep], grid)
    other, peer = welch(even, 4.0, "hann", 1024, detrend="constant")
    assert np.allclose(frequencies, other)
    assert np.allclose(density[1:-1], peer[1:-1], rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.integers(4, 60))
def test_the_spline_is_the_natural_one(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    at, values = np.cumsum(rng.uniform(0.3, 2, n)), rng.standard_normal(n)
    grid = np.linspace(at[0], at[-1], 50)
    assert np.allclose(_spline(at, values, grid), CubicSpline(at, values, bc_type="natural")(grid), atol=1e-8)


def test_ectopic_beats_take_their_intervals_with_them() -> None:
    rng = np.random.default_rng(1)
    nn = 800 + 15 * rng.standard_normal(400)
    clean = variability(times(nn))
    kinds = ["N"] * 401
    for at in range(20, 400, 40):
        nn[at - 1], nn[at], kinds[at] = 480.0, 1120.0, "V"
    beats = times(nn)
    named, unnamed = variability(beats, kinds=kinds), variability(beats)
    for found in (named, unnamed):
        assert found.used == 400 - 20
        assert found.sdnn == pytest.approx(clean.sdnn, rel=0.1)
        assert found.rmssd == pytest.approx(clean.rmssd, rel=0.1)
    assert (variability(beats, kinds=["N"] * 401).sdnn or 0) > 3 * (clean.sdnn or 0)


def test_long_traces_have_the_figures_of_long_traces() -> None:
    seconds = np.arange(0, 3600.0)
    nn = 800 + 60 * np.sin(2 * np.pi * seconds / 1800) + 10 * np.random.default_rng(2).standard_normal(3600)
    found = variability(times(nn))
    assert found.sdann == pytest.approx(60 / np.sqrt(2), rel=0.15)
    assert found.sdnn_index is not None
    assert found.sdnn_index < found.sdann  # type: ignore[operator]
    counts = np.bincount((nn / (1000 / 128)).astype(int))
    assert found.triangular == pytest.approx(len(nn) / counts.max())


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_beats_give_no_figures(n: int) -> None:
    found = variability(np.arange(n) * 0.8)
    assert found.total == max(0, n - 1)
    assert n == 3 or found.sdnn is None


def test_what_is_no_list_of_beats_is_refused() -> None:
    for beats in ([1.0, 1.0], [2.0, 1.0], [0.0, float("nan")], [[0.0, 1.0]]):
        with pytest.raises(InputError, match="seconds"):
            variability(beats)
    with pytest.raises(InputError, match="kinds"):
        variability([0.0, 1.0], kinds=["N"])
    with pytest.raises(InputError, match="welch or lomb"):
        variability([0.0, 1.0], method="ar")
