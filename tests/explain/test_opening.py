"""An opened model names places in the stored array, obeys the laws of findings, and says when not to be believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from planted_models import blob, lawful, load, teach_films, teach_volumes, write_film, write_volume
from suwen.errors import FormatError, InputError
from suwen.explain.maps import Geometry, HeatMap, Outside, Verdict, place
from suwen.explain.opening.answering import Answering
from suwen.explain.opening.card_checks import for_card, verdicts_on
from suwen.explain.opening.door import open_model
from suwen.explain.opening.example import Example, Rows, read_example
from suwen.explain.opening.opened import Picture
from suwen.explain.opening.panels import label_volume, panels
from suwen.explain.opening.tracing import prepared_geometry
from suwen.finding import Bearing
from suwen.learn.card import Card
from suwen.learn.model import Model
from suwen.learn.prepare import Prepare
from suwen.subject import Kind, Measurement, Region


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(teach_films(tmp_path_factory.mktemp("films")))


@pytest.fixture(scope="module")
def outliner(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(teach_volumes(tmp_path_factory.mktemp("volumes")))


class Bright(nn.Module):
    """A class for what is bright: known in advance to look at bright places of the first channel and nowhere else."""

    def __init__(self, always: float = 0.0) -> None:
        super().__init__()
        self.always = always

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, *spatial) to logits (n, 2)."""
        odds = torch.relu(inputs[:, 0].flatten(1) - 0.5).sum(1) + self.always
        return torch.stack([torch.zeros_like(odds), odds], 1)


def bright(prepare: Prepare, axes: int = 2, **more: Any) -> Model:
    settings = {"axes": axes, "channels": 2 if prepare.distance else 1}
    always = more.pop("always", 0.0)
    card = Card(
        "bright",
        "1",
        {},
        "classes",
        ("normal", "ill"),
        {"kind": "residual", "settings": settings},
        prepare.values(),
        (),
        {},
        {},
        "MIT",
        weights_sha256="ab" * 32,
        **{"calibration": {"format": 1, "kind": "temperature", "temperature": 1.0}, **more},
    )
    return Model(Bright(always), card)


def planted(shape: tuple[int, ...], low: tuple[int, ...], high: tuple[int, ...]) -> Example:
    values = np.zeros(shape, np.float32)
    values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = 1
    return Example(values, "array", "planted")


# --- places -----------------------------------------------------------------------------------------------------------

PLACES: dict[str, tuple[Prepare, tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = {
    "as it is": (Prepare(scale="none"), (31, 18), (8, 2), (12, 5)),
    "cut rows, padded columns": (Prepare(scale="none", shape=(21, 27)), (31, 18), (8, 2), (12, 5)),
    "padded rows, cut columns": (Prepare(scale="none", shape=(40, 11)), (31, 18), (25, 5), (29, 9)),
    "pooled, a row left over": (Prepare(scale="none", pool=2), (31, 18), (8, 2), (12, 6)),
    "cut, padded and pooled": (Prepare(scale="none", shape=(22, 28), pool=2), (32, 20), (9, 4), (13, 8)),
    "a volume": (Prepare(scale="none", shape=(12, 20, 9)), (16, 14, 11), (3, 2, 7), (6, 5, 9)),
    "a mask with its depth": (Prepare(scale="none", pool=2, distance=True), (16, 14, 12), (2, 4, 6), (6, 8, 12)),
}


@pytest.mark.parametrize("case", PLACES.values(), ids=PLACES.keys())
def test_a_region_is_where_the_blob_was_stored(
    case: tuple[Prepare, tuple[int, ...], tuple[int, ...], tuple[int, ...]],
) -> None:
    prepare, shape, low, high = case
    opened = open_model(bright(prepare, len(shape)), planted(shape, low, high), method="integrated_gradients")
    lawful(opened, "en")
    (one,) = opened.finding.evidence
    assert (one.seen, one.bearing) == (Region("planted", low, high), Bearing.SUPPORTS)
    assert opened.picture is not None
    assert opened.picture.heat is not None
    assert opened.picture.heat.values.shape == shape
    strongest = np.unravel_index(opened.picture.heat.values.argmax(), shape)
    assert all(a <= at < b for a, at, b in zip(low, strongest, high, strict=True))


def test_what_was_cut_off_is_said_and_shows_no_heat() -> None:
    model, example = bright(Prepare(scale="none", shape=(11, 18))), planted((31, 18), (1, 2), (4, 5))
    opened = open_model(model, example, method="integrated_gradients")
    lawful(opened, "en")
    (one,) = opened.finding.evidence
    assert one.seen == Region("planted", (0, 0), (31, 18))  # no area is hot, so the whole is weighed
    assert any("not looked at" in note for note in opened.notes)
    assert opened.picture is not None
    assert opened.picture.heat is not None
    assert not opened.picture.heat.values[:10].any()


@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)), st.tuples(st.integers(1, 12), st.integers(1, 12)), st.randoms()
)
def test_places_lead_back_as_the_preparation_does(
    stored: tuple[int, int], wanted: tuple[int, int], random: Any
) -> None:
    prepare = Prepare(scale="none", shape=wanted)
    values = np.random.default_rng(random.randrange(2**32)).random(wanted)
    geometry = prepared_geometry(prepare, Geometry.of(stored))
    np.testing.assert_allclose(place(values, geometry, outside=Outside.ZERO), prepare.back(values, stored), rtol=1e-6)


@pytest.mark.parametrize("at", [(12, 48), (40, 20), (9, 12)])
def test_a_picture_of_any_size_is_brought_to_the_size_of_the_card(
    classifier: Model, tmp_path: Path, at: tuple[int, int]
) -> None:
    """Wider than the card's proportions: its sides are cut off, and places still count from its own corner."""
    at = (at[0], at[1] + 30)
    file = write_film(tmp_path / "film.png", blob((52, 122), at, 6, seed=7))
    opened = open_model(classifier, read_example(str(file)))
    lawful(opened, "en")
    first = opened.finding.evidence[0].seen
    assert isinstance(first, Region)
    middle = [(low + high - 1) / 2 for low, high in zip(first.low, first.high, strict=True)]
    assert np.abs(np.array(middle) - at).max() <= 2.6  # a cell of the network's input is 2.6 pixels
    assert any("52 × 122" in note and "20 × 24" in note for note in opened.notes)


@pytest.mark.parametrize("method", ["grad_cam", "layer_cam", "consensus", "occlusion"])
def test_mirrored_copies_do_not_move_the_map(classifier: Model, method: str) -> None:
    assert classifier.card.flips == (1,)
    values = blob((20, 24), (6, 18), seed=11)
    opened = open_model(classifier, Example(values, "array", "x"), method=method)
    assert opened.picture is not None
    assert opened.picture.heat is not None
    strongest = np.unravel_index(opened.picture.heat.values.argmax(), values.shape)
    assert np.hypot(strongest[0] - 6, strongest[1] - 18) < 4, strongest


def test_what_is_explained_is_what_the_card_answers(classifier: Model) -> None:
    values = blob((20, 24), (6, 18), seed=11)[None]
    temperature = classifier.card.calibration["temperature"]
    whole = Answering(classifier.network, classifier.card.flips, temperature).eval()
    with torch.inference_mode():
        answered = whole(classifier.prepared([values])).numpy()
    np.testing.assert_allclose(answered, classifier.logits([values]) / temperature, rtol=1e-4)


# --- laws -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_findings_obey_the_laws_in_both_languages(classifier: Model, seed: int) -> None:
    example = Example(blob((20, 24), (5 + seed, 6) if seed % 2 else (-99, -99), seed=seed), "array", "film")
    english, again = (open_model(classifier, example) for _ in range(2))
    chinese = open_model(classifier, example, lang="zh")
    lawful(english, "en")
    lawful(chinese, "zh")
    assert english.finding == again.finding
    assert english.finding.subject.kind is Kind.STUDY
    assert [one.weight for one in english.finding.evidence] == [one.weight for one in chinese.finding.evidence]
    assert (
        english.finding.chance.value
        == chinese.finding.chance.value
        == pytest.approx(classifier.chances([example.values[None]])[0, 1])
    )
    assert english.finding.code.value == "blobs:pneumonia"
    assert (english.called == "pneumonia") is (english.finding.chance.value >= (classifier.card.threshold or 1))


def test_either_class_can_be_asked_for(classifier: Model) -> None:
    example = Example(blob((20, 24), (6, 18), seed=11), "array", "film")
    ill, well = open_model(classifier, example, target=1), open_model(classifier, example, target=0)
    assert ill.finding.chance.value == pytest.approx(1 - (well.finding.chance.value or 0))
    assert (ill.finding.code.label, well.finding.code.label) == ("pneumonia", "normal")
    assert ill.called == well.called


def test_without_a_calibration_there_is_no_probability() -> None:
    opened = open_model(
        bright(Prepare(scale="none"), calibration={}), planted((9, 9), (2, 2), (4, 4)), method="occlusion"
    )
    assert opened.finding.chance.value is None
    assert opened.scores["ill"] > 0.5
    assert any("no probabilities" in note for note in opened.notes)


# --- whether to believe it --------------------------------------------------------------------------------------------


def verdict(passes: bool | None) -> Verdict:
    figures = {} if passes is None else {"spearman": 0.1 if passes else 0.9}
    return Verdict("parameter randomisation", "consensus", passes, figures, 0.5, "why")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("passes", "key"), [(True, ""), (False, "FAILS"), (None, "Nobody has checked")])
def test_the_verdict_of_the_card_is_told(classifier: Model, passes: bool | None, key: str, lang: str) -> None:
    card = replace(classifier.card, checks=for_card([verdict(passes)]))
    assert verdicts_on(Card.from_json(card.to_json()), "consensus") == (verdict(passes),)
    example = Example(blob((20, 24), (6, 18), seed=11), "array", "film")
    opened = open_model(Model(classifier.network, card), example, lang=lang)
    said = {"FAILS": "未通过", "Nobody has checked": "尚未检验"}.get(key, key) if lang == "zh" else key
    told = opened.warnings if passes is False else opened.notes
    assert any(said in one for one in told) if key else not opened.warnings
    assert (passes is False) is any("FAILS" in one or "未通过" in one for one in opened.warnings)
    # Another method was not checked, whatever the card says of this one.
    other = open_model(Model(classifier.network, card), example, lang=lang, method="occlusion")
    assert other.verdicts == ()


def test_a_check_on_request_is_made_and_repeats(classifier: Model) -> None:
    example = Example(blob((20, 24), (6, 18), seed=11), "array", "film")
    first, again = (open_model(classifier, example, method="grad_cam", check=True) for _ in range(2))
    assert first.verdicts == again.verdicts
    (one,) = first.verdicts
    assert one.passes is (one.figures["spearman"] < one.threshold)
    assert one.method == "grad_cam"
    assert len(first.checks) == 1


def test_a_damaged_check_on_a_card_is_refused(classifier: Model) -> None:
    card = replace(classifier.card, checks={"heat_maps": {"consensus": [{"check": "x", "passes": "yes"}]}})
    with pytest.raises(FormatError, match="how its heat maps were checked"):
        verdicts_on(card, "consensus")


def test_a_model_that_calls_an_empty_image_ill_is_warned_of() -> None:
    example = planted((9, 9), (2, 2), (4, 4))
    assert not open_model(bright(Prepare(scale="none"), always=-1.0), example, method="occlusion").warnings
    (warning,) = open_model(bright(Prepare(scale="none"), always=3.0), example, method="occlusion").warnings
    assert "without any content" in warning


# --- outlines ---------------------------------------------------------------------------------------------------------

AFFINE = np.array([[-1.0, 0, 0, 30], [0, 2, 0, -10], [0, 0, 1.5, 5], [0, 0, 0, 1]])


def test_outlines_keep_their_place_and_are_measured_in_millilitres(outliner: Model, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    file = write_volume(tmp_path / "scan.nii.gz", blob((20, 14, 18), (6, 9, 12), 3.5, seed=9), AFFINE)
    example = read_example(str(file))
    opened = open_model(outliner, example)
    lawful(opened, "en")
    picture = opened.picture
    assert picture is not None
    assert picture.labels is not None
    assert picture.labels.shape == (20, 14, 18)
    centre = np.argwhere(picture.labels == 1).mean(0)
    assert np.abs(centre - (6, 9, 12)).max() < 1
    (ball,) = opened.outlines
    assert ball.places == (picture.labels == 1).sum() > 50
    assert ball.millilitres == pytest.approx(ball.places * 3.0 / 1000)
    measured = opened.finding.evidence[0].seen
    assert isinstance(measured, Measurement)
    assert (measured.value, measured.unit) == (ball.millilitres, "mL")
    assert opened.finding.chance.value is None
    out = tmp_path / "labels.nii.gz"
    out.write_bytes(label_volume(picture))
    read = nibabel.load(out)
    np.testing.assert_array_equal(read.affine, example.affine)
    np.testing.assert_array_equal(np.asarray(read.dataobj), picture.labels)
    assert b"Zhang" not in bytes(read.header.binaryblock)
    assert label_volume(picture) == out.read_bytes()
    heat = [one.seen for one in opened.finding.evidence if isinstance(one.seen, Region)]
    assert all(low <= at < high for low, at, high in zip(heat[0].low, (6, 9, 12), heat[0].high, strict=True))
    inside = np.argwhere(picture.labels == 1)
    box = Region("scan.nii.gz", tuple(inside.min(0).tolist()), tuple((inside.max(0) + 1).tolist()))
    assert opened.finding.region == heat[0] == box
    assert opened.finding.evidence[1].weight > 0.05  # without the ball there is no ball


def test_an_empty_outline_is_a_finding_too(outliner: Model) -> None:
    dark = Example(np.full((16, 16, 16), 60, np.uint8), "array", "dark")
    for lang in ("en", "zh"):
        opened = open_model(outliner, dark, lang=lang)
        lawful(opened, lang)
        assert opened.outlines[0].places == 0
        assert opened.picture is not None
        assert opened.picture.heat is None
        assert panels(opened.picture, target=1).heat == b""


def test_three_slices_meet_where_the_map_is_strongest(outliner: Model, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    file = write_volume(tmp_path / "scan.nii.gz", blob((20, 14, 18), (6, 9, 12), 3.5, seed=9), AFFINE)
    opened = open_model(outliner, read_example(str(file)))
    assert opened.picture is not None
    drawn = panels(opened.picture, target=1)
    assert np.abs(np.array(drawn.voxel) - (6, 9, 12)).max() <= 4
    assert drawn.planes == "patient"
    assert drawn == panels(opened.picture, target=1)
    (tmp_path / "p.png").write_bytes(drawn.plain)
    with image.open(tmp_path / "p.png") as shown:
        width, height = shown.size
    # In mm 20 x 28 x 27: sagittal and coronal 27 high, axial 28 high; voxels of 1 mm, and 4 columns between slices.
    assert width / height == pytest.approx((28 + 20 + 20 + 12) / 28, rel=0.02)


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1)])
def test_slices_are_turned_as_a_reader_is_used_to(signs: tuple[int, int, int], tmp_path: Path) -> None:
    """One bright voxel on the patient's left, at the back, near the feet, however the array was stored."""
    image = pytest.importorskip("PIL.Image")
    sides = zip((1, 2, 3), signs, (8, 10, 12), strict=True)
    at = tuple(place if sign > 0 else side - 1 - place for place, sign, side in sides)
    values = np.zeros((8, 10, 12), np.float32)
    values[at] = 1
    heat = HeatMap(values, "none", 1, "none", "")
    drawn = panels(Picture(values, heat, None, (1.0, 1.0, 1.0), np.diag([*signs, 1]).astype(float)), target=1)
    assert drawn.voxel == at
    (tmp_path / "p.png").write_bytes(drawn.plain)
    with image.open(tmp_path / "p.png") as shown:
        pixels = np.asarray(shown.convert("L"))
    zoom = pixels.shape[0] // 12
    found = {
        (int(row), int(column)) for row, column in np.argwhere(pixels[zoom // 2 :: zoom, zoom // 2 :: zoom] == 255)
    }
    # Sagittal: up is the head, right the front. Coronal and axial: the patient's left is on the right.
    coronal, axial = 2 + 10 + 4, 2 + 10 + 4 + 8 + 4
    assert found == {(12 - 1 - 3, 2 + 2), (12 - 1 - 3, coronal + 8 - 1 - 1), (1 + 10 - 1 - 2, axial + 8 - 1 - 1)}


# --- what cannot be opened --------------------------------------------------------------------------------------------


def test_wrong_inputs_are_refused_in_one_line_with_a_remedy(classifier: Model, outliner: Model) -> None:
    film = Example(blob((20, 24), (6, 18)), "picture", "film.png")
    row = Example(np.zeros(3), "row", "t.csv:1", rows=Rows(("a", "b", "c"), np.zeros((2, 3))))
    small = Example(np.zeros((10, 10)), "array", "x.npz:a:0")
    unsized = Model(classifier.network, replace(classifier.card, training={}))
    hole = Example(np.where(blob((20, 24), (6, 18)) > 200, np.nan, 1.0), "array", "hole")
    refused: list[tuple[Model, Example, dict[str, Any], str]] = [
        (outliner, film, {}, "takes volumes"),
        (classifier, row, {}, "takes images"),
        (classifier, small, {}, "20 × 24"),
        (unsized, film, {}, "--size"),
        (classifier, hole, {}, "finite"),
        (classifier, film, {"method": "palmistry"}, "consensus"),
        (classifier, film, {"target": 2}, "0 to 1"),
        (outliner, Example(np.zeros((16, 16, 16)), "array", "x"), {"size": (4, 4)}, "names the size 16"),
    ]
    for model, example, options, said in refused:
        with pytest.raises(InputError, match=said) as caught:
            open_model(model, example, **options)
        assert "\n" not in str(caught.value)
