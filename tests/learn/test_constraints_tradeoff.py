"""Trade-offs: points by hand, intervals that hold the truth, and a drawing that is well-formed in both languages."""

from __future__ import annotations

import json
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest

from suwen.errors import InputError
from suwen.learn.constraints import Curve, Measured, draw, trade_off
from suwen.learn.constraints.drawing import CONSTRAINTS, FIGURES
from suwen.learn.constraints.tradeoff import as_dictionary

SPACE = "{http://www.w3.org/2000/svg}"
LABELS = np.array([0, 0, 1, 1] * 25)


def read(drawn: str) -> Element:
    return fromstring(drawn)  # noqa: S314  # drawn here


def measured(model: tuple[float, int]) -> Measured:
    """The stronger, the noisier the scores and the fewer the features."""
    strength, seed = model
    noise = np.random.default_rng(seed).normal(size=len(LABELS))
    return Measured(LABELS, LABELS + strength * noise, 10 - strength)


def points(*, seed: int = 0) -> tuple[Curve, ...]:
    found = trade_off(lambda strength, one: (strength, one), [2.0, 0.0, 0.5], measured, rng=np.random.default_rng(seed))
    return tuple(Curve(name, "features_used", "less", found, "planted", len(LABELS)) for name in ("l1", "gates"))


def test_points_rise_in_strength_and_hold_every_seed() -> None:
    found = points()[0].points
    assert [point.strength for point in found] == [0.0, 0.5, 2.0]
    assert (found[0].auc, found[0].low, found[0].high) == (1.0, 1.0, 1.0)
    for point in found:
        assert len(point.auc_seeds) == len(point.figure_seeds) == 3
        assert point.auc == pytest.approx(np.mean(point.auc_seeds))
        assert point.figure == 10 - point.strength
        assert point.low <= point.auc <= point.high
    assert found[2].high - found[2].low > 0.05


def test_the_same_generator_gives_the_same_points() -> None:
    assert points(seed=4) == points(seed=4)
    assert points(seed=4) != points(seed=5)


def test_the_interval_is_as_wide_as_it_should_be() -> None:
    """One model, scores of two shifted normals: the interval has about the width of Hanley and McNeil's formula."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200)
    scores = rng.normal(size=400) + labels
    found = trade_off(
        lambda _strength, _seed: None, [1.0], lambda _: Measured(labels, scores, 0.0), rng=rng, seeds=[0], resamples=500
    )[0]
    a = found.auc
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    error = np.sqrt((a * (1 - a) + 199 * (q1 - a * a) + 199 * (q2 - a * a)) / 200**2)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_models_measured_on_other_examples_are_refused() -> None:
    def moved(model: tuple[float, int]) -> Measured:
        return Measured(np.roll(LABELS, model[1]), LABELS.astype(float), 1.0)

    with pytest.raises(InputError, match="different examples"):
        trade_off(lambda strength, seed: (strength, seed), [1.0], moved, rng=np.random.default_rng(0))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_drawing_is_well_formed_and_says_its_figures(language: str) -> None:
    curves = points()
    tree = read(draw(curves, language))  # type: ignore[arg-type]
    assert len(tree.findall(f".//{SPACE}circle")) == 6
    said = tree.findtext(f"{SPACE}desc") or ""
    assert CONSTRAINTS["l1"][language] in said  # type: ignore[index]
    assert "1.000" in said
    wide, high = float(tree.attrib["width"]), float(tree.attrib["height"])
    for circle in tree.findall(f".//{SPACE}circle"):
        assert 0 < float(circle.attrib["cx"]) < wide
        assert 0 < float(circle.attrib["cy"]) < high


def test_more_accuracy_is_drawn_higher() -> None:
    tree = read(draw(points()[:1]))
    heights = [float(one.attrib["cy"]) for one in tree.findall(f".//{SPACE}circle")]
    assert heights == sorted(heights)


def test_both_languages_have_every_name() -> None:
    for table in (CONSTRAINTS, FIGURES):
        for names in table.values():
            assert set(names) == {"en", "zh"}


def test_names_from_outside_are_escaped() -> None:
    curve = Curve("<script>", "a&b", "more", points()[0].points, "x<y", 1)
    drawn = draw([curve])
    read(drawn)
    assert "<script>" not in drawn


def test_a_flat_curve_can_be_drawn() -> None:
    found = trade_off(lambda _strength, _seed: (0.0, 0), [1.0], measured, rng=np.random.default_rng(0))
    read(draw([Curve("tree", "path_length", "less", found, "planted", 100)]))


def test_a_curve_is_json() -> None:
    found = json.loads(json.dumps(as_dictionary(points()[0])))
    assert found["format"] == 1
    assert found["points"][0]["auc"] == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: draw([]),
        lambda: draw(points(), "fr"),  # type: ignore[arg-type]
        lambda: Curve("l1", "x", "lower", points()[0].points, "", 1),
        lambda: Curve("l1", "x", "less", (), "", 1),
        lambda: trade_off(lambda strength, seed: (strength, seed), [], measured, rng=np.random.default_rng(0)),
    ],
)
def test_wrong_input_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]
