"""A real chest radiograph through `suwen image`: as picture and as DICOM, in both languages, and back from DICOM."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from suwen import datasets

pydicom = pytest.importorskip("pydicom", reason="the extra imaging is not installed")
pytest.importorskip("highdicom", reason="the extra imaging is not installed")
pytest.importorskip("torch", reason="the extra learn is not installed")
nibabel = pytest.importorskip("nibabel", reason="the extra imaging is not installed")

from PIL import Image as Pixels  # noqa: E402
from series_maker import described  # noqa: E402
from write_cases import errors_of  # noqa: E402

from suwen.cli import main  # noqa: E402
from suwen.imaging.chest.anatomy_plausible import RANGES  # noqa: E402
from suwen.imaging.chest.quality_limits import LIMITS  # noqa: E402
from suwen.imaging.chest.scores_network import readout  # noqa: E402
from suwen.imaging.outcome import masks  # noqa: E402
from suwen.imaging.reading import read_images  # noqa: E402
from suwen.report.image_details import detail_text  # noqa: E402
from suwen.report.image_pictures import chest_picture  # noqa: E402

DX = "1.2.840.10008.5.1.4.1.1.1.1"
CHINESE = re.compile("[\u4e00-\u9fff]")
SPACING = 1.25


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["image", *map(str, words)])


@pytest.fixture(scope="module")
def film() -> Path:
    """One NIH radiograph with a shadow on either side."""
    found = datasets.folder() / "imaging" / "chest" / "images" / "00000061_012.jpg"
    if not found.is_file():
        pytest.skip("the data set imaging/chest is not at hand")
    return found


def dx(film: Path, file: Path, **more: object) -> Path:
    """The film as DX object of a made-up patient."""
    grey = np.asarray(Pixels.open(film).convert("L")).astype(np.uint16) * 16
    made = described(grey, DX, "1.2.826.0.1.77.1")
    facts: dict[str, Any] = {
        "PatientName": "Nobody^Known", "PatientID": "N-7", "PatientBirthDate": "", "PatientSex": "O",
        "StudyInstanceUID": "1.2.826.0.1.77.2", "SeriesInstanceUID": "1.2.826.0.1.77.3", "StudyID": "1",
        "StudyDate": "20260101", "StudyTime": "101010", "AccessionNumber": "1", "ReferringPhysicianName": "",
        "SeriesNumber": 1, "InstanceNumber": 1, "Modality": "DX", "Manufacturer": "none", "BodyPartExamined": "CHEST",
        "ViewPosition": "PA", "PatientOrientation": ["L", "F"], "ImagerPixelSpacing": [SPACING, SPACING], **more,
    }  # fmt: skip
    for keyword, value in facts.items():
        setattr(made, keyword, value)
    made.save_as(file, enforce_file_format=True)
    return file


@pytest.fixture(scope="module")
def written(film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a run over the DX object that writes everything, and its JSON."""
    folder = tmp_path_factory.mktemp("chest")
    names = ("--seg", "seg.dcm", "--sr", "sr.dcm", "--nifti", "out.nii.gz", "--report", "en.html")
    out = [folder / one if "." in one else one for one in names]
    result = run(dx(film, folder / "dx.dcm"), *out, "--setting", "emergency", "--age", 77, "--json")
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def only(told: dict[str, Any]) -> dict[str, Any]:
    (image,) = told["images"]
    assert isinstance(image, dict)
    return image


def test_json_is_whole_and_keeps_the_laws(written: tuple[Path, dict[str, Any]]) -> None:
    """Proves that the JSON holds every part, and that its findings obey what findings obey everywhere."""
    image = only(written[1])
    for part in ("findings", "signs", "scores", "quality", "remarks", "made_by", "shadows", "sentences"):
        assert image[part], part
    assert (image["scale"], image["view"], image["unread_reason"]) == ("detector", "PA", "")
    for one in image["findings"]:
        chances = [one[name] for name in ("chance", "low", "high") if one[name] is not None]
        assert all(0 <= each <= 1 for each in chances)
        assert one["basis"].strip()
        assert one["evidence"]
        for reason in one["evidence"]:
            assert math.isfinite(reason["weight"])
            assert reason["sentence"].strip()
            assert reason["source"].strip()
        assert one["weight"] == pytest.approx(sum(each["weight"] for each in one["evidence"]))
    assert {one["name"] for one in image["scores"]} == {"pneumonia", "opacity"}
    assert all(0 <= one["low"] <= one["chance"] <= one["high"] <= 1 for one in image["scores"])
    assert all(isinstance(one["value"], float | None) for one in image["quality"])
    assert all(one["long_mm"] >= one["short_mm"] > 0 for one in image["shadows"])
    assert all(one["digest"] for one in image["made_by"])


def test_a_score_speaks_of_what_it_was_learned_for(written: tuple[Path, dict[str, Any]]) -> None:
    """Proves that the chance of an opacity is not told as one of pneumonia."""
    said = [
        r["sentence"] for f in only(written[1])["findings"] for r in f["evidence"] if "Learned score" in r["sentence"]
    ]
    assert len([one for one in said if "for lung opacity" in one]) == 1
    assert len([one for one in said if "for pneumonia" in one]) == 1


def test_languages_say_the_same_numbers(written: tuple[Path, dict[str, Any]]) -> None:
    """Proves that Chinese differs in words only, and that all that is worded is Chinese."""
    folder, english = written
    words = ("--setting", "emergency", "--age", 77, "--json")
    chinese = only(json.loads(run(folder / "dx.dcm", *words, "--lang", "zh").stdout))
    assert numbers(chinese) == numbers(only(english))
    worded = [one["basis"] for one in chinese["scores"]] + [one["basis"] for one in chinese["findings"]]
    worded += [text for one in chinese["signs"] for text in (one["label"], one["basis"])]
    worded += [one["sentence"] for part in ("quality",) for one in chinese[part]]
    worded += [r["sentence"] for f in chinese["findings"] for r in f["evidence"]]
    worded += chinese["noticed"] + chinese["remarks"] + chinese["sentences"]
    assert not [one for one in worded if not CHINESE.search(one)]


def numbers(tree: Any) -> Any:
    """All that is no sentence."""
    if isinstance(tree, dict):
        return {key: numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [numbers(one) for one in tree]
    return None if isinstance(tree, str) else tree


@pytest.mark.parametrize(("lang", "said"), [("en", "The image has no scale"), ("zh", "图像无比例尺")])
def test_a_picture_without_scale_gives_no_millimetres(film: Path, tmp_path: Path, lang: str, said: str) -> None:
    """Proves it for text and page, which has the outlines and two heat maps; and that the same input says the same."""
    png, page = tmp_path / "film.png", tmp_path / "page.html"
    Pixels.open(film).save(png)
    first, again = (run(png, "--lang", lang, "--report", page).stdout for _ in range(2))
    assert first == again
    text = page.read_text("utf-8")
    assert said in text
    assert text.count("data:image/png;base64,") == 3
    for shown in (first, re.sub(r'src="[^"]*"', "", text)):
        assert not re.search(r"\d mm(?!³|²)\b", shown)


def test_what_was_written_lies_on_the_image(written: tuple[Path, dict[str, Any]]) -> None:
    """Proves that segmentation and NIfTI hold the same masks, pixel on pixel, and the report the same sizes."""
    folder, told = written
    seg = pydicom.dcmread(folder / "seg.dcm")
    labels = [str(one.SegmentLabel) for one in seg.SegmentSequence]
    frames = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns) > 0
    numbers_of = [
        int(f.SegmentIdentificationSequence[0].ReferencedSegmentNumber) for f in seg.PerFrameFunctionalGroupsSequence
    ]
    by_label = {labels[number - 1]: frame for number, frame in zip(numbers_of, frames, strict=True)}
    nifti = np.asarray(nibabel.load(folder / "out.nii.gz").dataobj).squeeze().T
    assert nifti.shape == (seg.Rows, seg.Columns) == (320, 320)
    assert np.array_equal(nifti > 0, np.any(list(by_label.values()), axis=0))
    shadows = only(told)["shadows"]
    assert len(labels) == 3 + len(shadows)
    for number, one in enumerate(shadows, 1):
        rows, columns = np.nonzero(by_label[f"shadow {number}"])
        assert (rows.min(), columns.min()) == tuple(one["low"])
        assert (rows.max() + 1, columns.max() + 1) == tuple(one["high"])
        assert bool(columns.mean() < seg.Columns / 2) is (one["side"] == "right")  # the patient's right is at the left
    report = str(pydicom.dcmread(folder / "sr.dcm"))
    assert str(seg.SOPInstanceUID) in report
    for file in ("seg.dcm", "sr.dcm"):
        assert not errors_of(folder / file)


def test_the_lines_drawn_are_the_ratio(written: tuple[Path, dict[str, Any]]) -> None:
    """Proves that the two widths on the key picture give the cardiothoracic ratio that the text gives."""
    from suwen.formats.images import read_study  # noqa: PLC0415
    from suwen.report.image_pictures import _rulers  # noqa: PLC0415

    (read,) = read_images(read_study(written[0] / "dx.dcm")).images
    assert read.chest is not None
    heart, chest = (one.end[1] - one.start[1] for one in _rulers(read.chest))
    assert heart / chest == pytest.approx(read.chest.proportions["cardiothoracic"], abs=0.01)
    assert chest_picture(read.image, read.chest, "zh").pixels.any()
    assert {name for name, _ in masks(read)} >= {"shadow 1", "Heart"}


@pytest.mark.parametrize(
    ("more", "reason", "said"),
    [
        ({"PatientOrientation": ["R", "F"]}, "sides", "左右会颠倒"),
        ({"PatientOrientation": ["F", "L"]}, "sides", "左右会颠倒"),
        ({"ViewPosition": "LL", "PatientOrientation": ["A", "F"]}, "lateral", "侧位"),
        ({"ViewPosition": "", "PatientOrientation": ["A", "F"]}, "sides", "左右会颠倒"),
    ],
)
def test_what_would_be_taken_for_the_other_side_is_not_read(
    film: Path, tmp_path: Path, more: dict[str, Any], reason: str, said: str
) -> None:
    """Proves that an image stored mirrored or turned is refused by its header, and the reader told in Chinese too."""
    file = dx(film, tmp_path / "dx.dcm", **more)
    image = only(json.loads(run(file, "--json", "--lang", "zh").stdout))
    assert image["unread_reason"] == reason
    assert said in image["unread"]
    assert not image["findings"]


def test_a_negative_is_not_read_and_monochrome1_is(film: Path, tmp_path: Path) -> None:
    """Proves that a negative without a header is refused, and that MONOCHROME1 reads as MONOCHROME2."""
    grey = np.asarray(Pixels.open(film).convert("L"))
    Pixels.fromarray(255 - grey).save(tmp_path / "negative.png")
    assert only(json.loads(run(tmp_path / "negative.png", "--json").stdout))["unread_reason"] == "negative"
    turned = (grey.astype(np.uint16) * 16).max() - grey.astype(np.uint16) * 16
    more = {"PhotometricInterpretation": "MONOCHROME1", "PixelData": turned.tobytes()}
    one, other = (
        only(json.loads(run(file, "--json").stdout))
        for file in (dx(film, tmp_path / "one.dcm", **more), dx(film, tmp_path / "two.dcm"))
    )
    assert one["sentences"] == other["sentences"]
    assert one["noticed"] != other["noticed"]


def test_another_part_of_the_body_is_doubted(film: Path, tmp_path: Path) -> None:
    """Proves that a header that names a hand is told, and one that names the chest is not."""
    for part, doubted in (("HAND", True), ("CHEST", False), ("", False)):
        image = only(json.loads(run(dx(film, tmp_path / "dx.dcm", BodyPartExamined=part), "--json").stdout))
        assert any("another part of the body" in one for one in image["remarks"]) is doubted


def test_our_own_capture_is_not_read_as_a_radiograph(film: Path, tmp_path: Path) -> None:
    """Proves that a key picture kept with the study is not taken for a second radiograph."""
    folder = tmp_path / "study"
    folder.mkdir()
    capture = folder / "capture.dcm"
    assert run(dx(film, folder / "dx.dcm"), "--capture", capture).exit_code == 0
    told = json.loads(run(folder, "--json").stdout)["images"]
    assert sorted(one["unread_reason"] for one in told) == ["", "capture"]


def test_every_reason_is_said_in_chinese() -> None:
    """Proves that whatever speaks against a chest radiograph, and on what a score rests, has its Chinese."""
    reasons = [words.en for _, _, words in RANGES.values()]
    said = [*reasons, f"no frontal chest radiograph is seen in this image: {reasons[0]}"]
    said += [str(one["calibrated"]) for one in readout().scores.values()]
    for limit in LIMITS.values():
        for part in detail_text(limit.source, "zh").split("；"):
            assert CHINESE.search(part), part
    for one in said:
        assert detail_text(one, "en") == one
        assert not re.search("[a-z]{4}", detail_text(one, "zh")), one
