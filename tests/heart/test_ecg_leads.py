"""Proves that exchanged electrodes are noticed, healthy traces are not accused, and signs hold back."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from ecg_maker import RATE, made, read

from suwen.diagnosis.rhythm import rhythm as module
from suwen.diagnosis.rhythm.nouns import Seen
from suwen.diagnosis.rhythm.swaps import SWAPS, swapped
from suwen.diagnosis.rhythm.synthetic import LEADS, synthetic_ecg


def limbs(values: np.ndarray, electrodes: str) -> np.ndarray:
    """The trace with electrodes exchanged: `electrodes` are what hangs at R, L, F and N ("RLFN" is right)."""
    one, two = values[LEADS.index("I")].astype(np.float64), values[LEADS.index("II")].astype(np.float64)
    # potentials but for a constant; both legs have the same
    place = {"R": np.zeros_like(one), "L": one, "F": two, "N": two}
    right, left, foot = (place[electrodes[at]] for at in range(3))
    centre = (right + left + foot) / 3
    found = values.copy()
    rows = {"I": left - right, "II": foot - right, "III": foot - left}
    rows |= {"aVR": 1.5 * (right - centre), "aVL": 1.5 * (left - centre), "aVF": 1.5 * (foot - centre)}
    for name, row in rows.items():
        found[LEADS.index(name)] = row
    # the chest leads are against the centre of the limbs, which moves with them
    usual = (place["R"] + place["L"] + place["F"]) / 3
    for at in range(6, 12):
        found[at] = values[at] + usual - centre
    return found


def seen_of(values: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Seen:
    kept: list[Seen] = []

    def keep(seen: Seen):
        kept.append(seen)
        return iter(())

    monkeypatch.setattr(module, "RULES", (keep,))
    module.read_rhythm(values, RATE, LEADS, method="rules")
    return kept[0]


def test_the_maker_of_swaps_leaves_a_right_trace_as_it_is() -> None:
    assert np.allclose(limbs(made(), "RLFN"), made(), atol=0.02)


@pytest.mark.parametrize(
    ("electrodes", "key"),
    [
        ("LRFN", "arms"),
        ("FLRN", "right_arm_left_leg"),
        ("NLFR", "right_arm_right_leg"),
        ("RNFL", "left_arm_right_leg"),
        ("NFLR", "both_sides"),
    ],
)
def test_exchanged_limbs_are_named(electrodes: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for spoilt in (0.0, 0.01):
        values = limbs(made(spoilt=spoilt), electrodes)
        with monkeypatch.context() as patch:
            assert swapped(seen_of(values, patch)) == (key,)
        found = read(values)
        assert "reversed_leads" in found
        # what rests on limb leads is not said of the wrong ones
        assert not found.keys() & {"right_axis", "left_axis", "q_waves", "t_inversion", "low_voltage", "st_elevation"}
    assert SWAPS[key].en
    assert SWAPS[key].zh


def test_exchanged_legs_change_nothing() -> None:
    assert "reversed_leads" not in read(limbs(made(), "RLNF"))


@pytest.mark.parametrize("axis", [-25.0, 0.0, 30.0, 60.0, 85.0])
def test_no_axis_of_a_healthy_heart_is_taken_for_a_swap(axis: float, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = synthetic_ecg(np.random.default_rng(1), seconds=10, rate=500, axis=axis)
    assert swapped(seen_of(trace.values, monkeypatch)) == ()


def test_most_exchanged_chest_leads_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    noticed, named, all_of_them = 0, 0, 0
    for a, b in combinations(range(6), 2):
        values = made(spoilt=0.005)
        values[[6 + a, 6 + b]] = values[[6 + b, 6 + a]]
        with monkeypatch.context() as patch:
            found = swapped(seen_of(values, patch))
        all_of_them += 1
        noticed += bool(found)
        named += found == (f"V{a + 1}_V{b + 1}",)
    assert noticed >= 0.6 * all_of_them
    assert named >= 0.5 * all_of_them


def test_chest_leads_in_another_order_give_no_chest_signs() -> None:
    values = made()
    values[[6, 10]] = values[[10, 6]]
    found = read(values)
    assert "chest_order" in found
    assert not found.keys() & {"poor_r", "lvh", "rvh", "posterior_r", "q_waves"}


def test_limb_leads_that_contradict_each_other_are_said() -> None:
    values = made(spoilt=0.01)
    assert "einthoven" not in read(values)
    other = made({"I": {"r": 0.3, "s": -0.5}, "II": {"r": 0.5, "t": 0.1}})
    values[LEADS.index("III")] = other[LEADS.index("III")]
    found = read(values)
    assert found["einthoven"].figures["difference"] > 0.05
    values = made()
    values[LEADS.index("aVL")] *= -1
    assert "einthoven" in read(values)


@pytest.mark.parametrize("names", [("I", "II"), ("II", "V1", "V5"), ("V1",), ("MLII", "V5"), LEADS[:6], LEADS[6:]])
def test_few_leads_are_judged_as_far_as_they_go(names: tuple[str, ...]) -> None:
    rows = [LEADS.index("II" if name == "MLII" else name) for name in names]
    assert set(read(made(spoilt=0.01)[rows], names=names)) <= {"sinus", "unclear"}
    assert set(read(made(spoilt=0.01)[rows], names=())) <= {"sinus", "unclear"}
