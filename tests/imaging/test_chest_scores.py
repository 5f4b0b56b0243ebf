"""Proves that the learned scores see lungs and not the letters, tone or view; that heat lies where the evidence is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from suwen import datasets
from suwen.bench.chest import run
from suwen.bench.setting import Options
from suwen.errors import DataError, InputError, TamperError
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.anatomy import anatomy
from suwen.imaging.chest.nouns import Score
from suwen.imaging.chest.scores import log_odds, out_of_fold, scores
from suwen.imaging.chest.scores_input import Box, lay_lungs, lungs_box, ranked, spread_back
from suwen.subject import Grid

torch = pytest.importorskip("torch")

from suwen.imaging.chest import scores_network  # noqa: E402
from suwen.imaging.chest.scores_texture import CHANNELS, textures  # noqa: E402

CLEAR = ("00001823_000.jpg", "00001426_000.jpg")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def shown(values: NDArray[np.generic], view: View = View.UNKNOWN) -> Image:
    return Image("x", values, Grid(values.shape), view=view)


def film(name: str = CLEAR[0]) -> NDArray[np.uint8]:
    path = datasets.folder() / "imaging/chest/images" / name
    if not path.exists():
        pytest.skip("imaging/chest is not in the data folder (SUWEN_DATA)")
    with Picture.open(path) as opened:
        return np.asarray(opened.convert("L")).copy()


def by_name(values: NDArray[np.generic]) -> dict[str, Score]:
    return {one.name: one for one in scores(shown(values))}


def chance(score: Score) -> float:
    assert score.chance.value is not None
    return score.chance.value


def test_both_scores_come_with_heat_on_the_image_and_words_on_their_calibration() -> None:
    values = film()
    found = by_name(values)
    assert set(found) == {"pneumonia", "opacity"}
    for score in found.values():
        assert score.heat.shape == values.shape
        assert score.heat.dtype == np.float32
        assert not score.heat.flags.writeable
        assert 0 <= score.heat.min() < score.heat.max() <= 1
        assert score.chance.low is not None
        assert score.chance.high is not None
        assert score.chance.low <= chance(score) <= score.chance.high
        assert "out of fold" in score.chance.calibration
        assert score.by.name == "model chest"
        assert len(score.by.data_digest) == 64


def test_the_lift_is_the_chance_against_the_share_in_the_calibration_data() -> None:
    shares = {name: one["share"] for name, one in scores_network.readout().scores.items()}
    for name, score in by_name(film()).items():
        share = shares[name]
        odds = math.log10(share / (1 - share)) + score.lift
        assert chance(score) == pytest.approx(1 / (1 + 10**-odds), abs=1e-9)


def test_the_same_image_gives_the_same_answer() -> None:
    values = film()
    one, other = by_name(values), by_name(values.copy())
    for name, score in one.items():
        assert score.chance == other[name].chance
        assert np.array_equal(score.heat, other[name].heat)


def test_grey_values_of_another_depth_and_offset_are_the_same_image() -> None:
    values = film()
    plain, deep = by_name(values), by_name(values.astype(np.int32) * 16 - 1000)
    for name, score in plain.items():
        assert chance(deep[name]) == pytest.approx(chance(score), abs=0.02)


def test_ranks_do_not_change_with_the_tone_curve() -> None:
    grey = np.random.default_rng(0).permutation(128 * 128).reshape(128, 128).astype(np.float32)  # a step is 1 or more
    assert np.array_equal(ranked(grey), ranked(3 * grey**1.2))
    assert ranked(grey).min() == 0
    assert ranked(grey).max() == 1


def test_letters_beside_the_lungs_are_not_seen() -> None:
    values = film()
    lettered = values.copy()
    lettered[4:18, 4:60] = 255  # where PORTABLE and the side are burnt in
    lettered[300:312, 250:316] = 0
    plain, marked = lay_lungs(values), lay_lungs(lettered)
    assert np.abs(marked.right - plain.right).mean() < 0.02
    for name, score in by_name(values).items():
        assert chance(by_name(lettered)[name]) == pytest.approx(chance(score), abs=0.06)


@pytest.mark.parametrize("name", CLEAR)
def test_a_shadow_drawn_into_a_clear_lung_raises_opacity_and_the_heat_lies_on_it(name: str) -> None:
    values = film(name)
    lung = anatomy(shown(values)).right_lung
    row, column = np.argwhere(lung).mean(0)
    row += 35
    rows, columns = np.indices(values.shape)
    cover = 0.85 * np.exp(-(((rows - row) / 26) ** 2 + ((columns - column) / 20) ** 2)) * lung
    dense = float(np.percentile(values, 85))
    changed = values + cover * np.maximum(dense - values, 0)
    before, after = by_name(values)["opacity"], by_name(changed.astype(np.uint8))["opacity"]
    assert after.lift > before.lift + 0.05
    at = np.unravel_index(int(after.heat.argmax()), after.heat.shape)
    assert abs(at[0] - row) < 35
    assert abs(at[1] - column) < 30


def test_all_networks_together_answer_between_those_of_single_folds() -> None:
    image = shown(film())
    folds = [out_of_fold(image, fold) for fold in range(len(scores_network.readout().levels))]
    for number, score in enumerate(scores(image)):
        each = [chance(one[number]) for one in folds]
        assert min(each) < chance(score) < max(each)


def test_outlines_given_bound_the_heat_and_leave_the_chance() -> None:
    values = film()
    drawn = anatomy(shown(values))
    free, bound = scores(shown(values)), scores(shown(values), anatomy=drawn)
    for one, other in zip(free, bound, strict=True):
        assert one.chance == other.chance
        assert not other.heat[~drawn.lungs].any()
        assert other.heat[drawn.lungs].any()
    with pytest.raises(InputError, match="do not lie on an image"):
        scores(shown(values[:300]), anatomy=drawn)


def test_what_is_no_frontal_radiograph_is_refused() -> None:
    values = np.random.default_rng(0).integers(0, 255, (200, 200)).astype(np.uint8)
    with pytest.raises(InputError, match="lateral"):
        scores(shown(values, View.LATERAL))
    with pytest.raises(InputError, match="volume"):
        scores(shown(np.stack([values] * 3)))
    with pytest.raises(InputError):
        scores(shown(np.zeros((200, 200), np.uint8)))
    with pytest.raises(InputError):
        scores(shown(values[:20, :20]))


def test_noise_and_odd_shapes_get_an_answer_and_never_a_crash() -> None:
    rng = np.random.default_rng(1)
    for shape in ((64, 64), (97, 301), (301, 97)):
        for score in scores(shown(rng.integers(0, 4000, shape).astype(np.uint16))):
            assert 0 < chance(score) < 1
            assert math.isfinite(score.lift)
            assert score.heat.shape == shape


def test_a_map_goes_back_to_where_its_box_lies() -> None:
    small = np.zeros((16, 16), np.float32)
    small[4, 12] = 1
    box = Box(0.2, 0.8, 0.1, 0.9)
    found = spread_back(small, box, (500, 400))
    at = np.unravel_index(int(found.argmax()), found.shape)
    assert at[0] == pytest.approx(500 * (0.2 + 0.6 * 4.5 / 16), abs=2)
    assert at[1] == pytest.approx(400 * (0.1 + 0.8 * 12.5 / 16), abs=2)
    assert not found[:95].any()
    assert not found[:, :35].any()


def test_without_lungs_the_usual_place_is_looked_at() -> None:
    usual = lungs_box(np.zeros((320, 320), bool))
    assert 0 < usual.top < usual.bottom < 1
    seen = np.zeros((320, 320), bool)
    seen[100:260, 60:270] = True
    box = lungs_box(seen)
    assert box.top < 100 / 320 < 260 / 320 < box.bottom + 0.02
    assert box.left < 60 / 320 < 270 / 320 < box.right + 0.02


def test_textures_tell_the_direction_of_lines_and_move_with_them() -> None:
    line = np.arange(128)
    upright = np.broadcast_to(0.5 + 0.4 * np.sin(2 * np.pi * line * 0.175)[None], (128, 128)).astype(np.float32)
    with torch.inference_mode():
        found = textures(torch.from_numpy(np.stack([upright, upright.T]))).numpy()
    assert found.shape == (2, CHANNELS, 16, 16)
    second = slice(2 + 6, 2 + 12)  # the six directions at half the finest frequency
    middle = found[:, second, 4:12, 4:12].mean((2, 3))
    assert middle[0].argmax() == 0
    assert middle[1].argmax() == 3


def test_the_lines_take_both_sides_alike() -> None:
    found = np.random.default_rng(0).normal(size=(2, CHANNELS, 16, 16)).astype(np.float32)
    assert np.allclose(scores_network.coarse(found), scores_network.coarse(found[..., ::-1].copy()))


def test_a_changed_readout_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = Path(scores_network.__file__).with_name(scores_network.READOUT).read_bytes()
    (tmp_path / scores_network.READOUT).write_bytes(written.replace(b'"level": -', b'"level": ', 1) + b" ")
    monkeypatch.setattr(scores_network, "files", lambda _package: tmp_path)
    scores_network.readout.cache_clear()
    try:
        with pytest.raises(TamperError, match="was changed"):
            scores_network.readout()
    finally:
        monkeypatch.undo()
        scores_network.readout.cache_clear()
    values = json.loads(written) | {"format": 2}
    with pytest.raises(DataError, match="format 2"):
        scores_network.parse_readout(json.dumps(values).encode())


def test_the_readout_weighs_signs_by_name() -> None:
    signs = np.eye(len(scores_network.SIGNS))
    odds = log_odds({"weights": {"shadow": 2.0}, "level": -1.0}, signs)
    assert odds[-1] == 1
    assert set(odds[:-1]) == {-1}


def test_people_set_aside_are_none_of_those_learned_from() -> None:
    known = scores_network.readout()
    assert len(known.trained) == 524
    assert len(known.patients) == 361
    assert set(known.trained.values()) == set(range(len(known.levels)))
    assert not {int(name.split("_")[0]) for name in known.trained} - {int(one) for one in known.patients}


HEAD = (
    "Image Index,Finding Labels,Patient ID,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
    "rsna_patientId\n"
)
FILMS = (  # image, label, patient, view; the first two are of people whom the weights learned from
    ("00000061_015", "Pneumonia", "61", "AP"),
    ("00000211_018", "Cardiomegaly|Pneumonia", "211", "AP"),
    ("00001823_000", "No Finding", "1823", "PA"),
    ("00001426_000", "No Finding", "1426", "PA"),
    ("00001568_000", "No Finding", "1568", "AP"),
)


def folder_of(place: Path, *, renamed: bool) -> Options:
    """A small folder of the layout that the benchmark reads, with made-up boxes, and other names where `renamed`."""
    chest = place / "imaging/chest"
    (chest / "images").mkdir(parents=True)
    rows, boxes = [HEAD], ["Image Index,patientId,x,y,width,height,Target\n"]
    for name, label, patient, view in FILMS:
        film(f"{name}.jpg")  # skips where the data are not there
        given = f"other_{name}" if renamed else name
        copyfile(datasets.folder() / f"imaging/chest/images/{name}.jpg", chest / f"images/{given}.jpg")
        rows.append(f"{given}.png,{label},{patient},{view},2500,2048,0.168,0.168,\n")
        sick = "Pneumonia" in label
        boxes.append(f"{given}.png,x,0,0,1024,1024,1\n" if sick else f"{given}.png,x,,,,,0\n")
    (chest / "labels.csv").write_text("".join(rows), "utf-8")
    (chest / "boxes_rsna_stage2_matched.csv").write_text("".join(boxes), "utf-8")
    return Options(place)


def test_the_benchmark_leaves_out_everyone_learned_from(tmp_path: Path) -> None:
    known = scores_network.readout().patients
    found = run(folder_of(tmp_path, renamed=False))
    assert found.n == sum(patient not in known for _, _, patient, _ in FILMS)
    assert 0 < found.n < len(FILMS)
    assert found.metrics["unseen_folder"] == 0
    assert found.metrics["out_of_fold.patients"] == 2
    assert found.metrics["all.patients"] == len(FILMS)


def test_the_benchmark_judges_another_folder_whole(tmp_path: Path) -> None:
    found = run(folder_of(tmp_path, renamed=True))
    assert found.n == len(FILMS)
    assert found.metrics["unseen_folder"] == 1
    assert not any(name.startswith(("out_of_fold.", "all.")) for name in found.metrics)
    assert found.metrics["pointing"] == 1  # the boxes are the whole image
    assert 0 <= found.metrics["auroc"] <= 1
    assert 0 <= found.metrics["opacity.auroc.ap"] <= 1
    assert "auroc.pa" not in found.metrics  # nobody sick in that view
    assert found.baselines["view alone (AP higher)"]["auroc"] == pytest.approx((1 + 1 + 0.5) / 3, abs=1e-9)
