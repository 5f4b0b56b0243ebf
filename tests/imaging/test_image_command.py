"""`suwen image` as its user meets it: text, JSON, page, DICOM and NIfTI; one clear error for what cannot be done."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

nibabel = pytest.importorskip("nibabel", reason="the extra imaging is not installed")
pytest.importorskip("scipy", reason="the extra imaging is not installed")
pydicom = pytest.importorskip("pydicom", reason="the extra imaging is not installed")

from suwen.cli import main  # noqa: E402

RADIUS = 14.0
VOLUME = 4 / 3 * math.pi * RADIUS**3


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["image", *map(str, words)])


@pytest.fixture
def ball(tmp_path: Path) -> tuple[Path, Path]:
    """A bright ball in NIfTI, 1 × 1 × 2 mm, and its outline."""
    at = np.stack(np.meshgrid(*(np.arange(n) for n in (48, 48, 24)), indexing="ij")).astype(float)
    away = np.sqrt((at[0] - 24) ** 2 + (at[1] - 23) ** 2 + (2 * (at[2] - 12)) ** 2)
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    image = nibabel.Nifti1Image((100 * (away < RADIUS) + at[0]).astype(np.int16), affine)
    image.header.set_xyzt_units("mm")
    mask = nibabel.Nifti1Image((away < RADIUS).astype(np.uint8), affine)
    nibabel.save(image, tmp_path / "ball.nii.gz")
    nibabel.save(mask, tmp_path / "mask.nii.gz")
    return tmp_path / "ball.nii.gz", tmp_path / "mask.nii.gz"


def test_a_volume_is_measured(ball: tuple[Path, Path]) -> None:
    """Proves that volume and diameters of a ball come out as its radius says, in millilitres and millimetres."""
    result = run(ball[0], "--mask", ball[1], "--json")
    assert result.exit_code == 0, result.output
    (image,) = json.loads(result.stdout)["images"]
    (one,) = image["structures"]
    assert one["volume"] == pytest.approx(VOLUME, rel=0.02)
    assert one["longest"] == pytest.approx(2 * RADIUS, abs=1.5)
    assert one["sphericity"] == pytest.approx(1, abs=0.05)
    assert image["shape"] == [24, 48, 48]
    assert image["spacing_mm"] == [2, 1, 1]
    assert (image["scale"], image["unread"], image["findings"]) == ("patient", "", [])


@pytest.mark.parametrize(("lang", "said"), [("en", "Longest × across"), ("zh", "最长径 × 垂直径")])
def test_the_page_holds_all_in_one_file(ball: tuple[Path, Path], tmp_path: Path, lang: str, said: str) -> None:
    """Proves that the page speaks its language, carries its pictures within, and asks nothing of a network."""
    page = tmp_path / "page.html"
    result = run(ball[0], "--mask", ball[1], "--report", page, "--lang", lang)
    assert result.exit_code == 0, result.output
    text = page.read_text("utf-8")
    assert said in text
    volume = json.loads(run(ball[0], "--mask", ball[1], "--json").stdout)["images"][0]["structures"][0]["volume"]
    assert f"{volume / 1000:.1f} mL" in text
    found = Addresses()
    found.feed(text)
    pictures = [one for one in found.seen if one.startswith("data:image/png;base64,")]
    assert len(pictures) == 1
    assert not [one for one in found.seen if one not in pictures and not one.startswith("#")]


class Addresses(HTMLParser):
    """Every address that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "iframe", "object", "embed"}
        self.seen += [value or "" for name, value in attrs if name in {"src", "srcset", "data"}]


def test_outlines_come_back_as_they_went(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves that the NIfTI written lies where the mask lay, voxel by voxel."""
    file = tmp_path / "out.nii.gz"
    assert run(ball[0], "--mask", ball[1], "--nifti", file).exit_code == 0
    written, given = nibabel.load(file), nibabel.load(ball[1])
    np.testing.assert_allclose(written.affine, given.affine)
    assert np.array_equal(np.asarray(written.dataobj), np.asarray(given.dataobj))


def test_how_sure_a_measure_is(ball: tuple[Path, Path]) -> None:
    """Proves that disturbed repeats give an interval around each measure, shown beside it, and always the same."""
    first, again = (run(ball[0], "--mask", ball[1], "--repeats", 4, "--json").stdout for _ in range(2))
    assert first == again
    (one,) = json.loads(first)["images"][0]["structures"]
    for name in ("volume", "longest", "across"):
        low, high = one["interval"][name]
        assert low <= one[name] <= high
        assert high > low
    shown = re.sub(r"\s+", " ", run(ball[0], "--mask", ball[1], "--repeats", 4).stdout)
    assert f"({one['interval']['volume'][0] / 1000:.1f}–{one['interval']['volume'][1] / 1000:.1f})" in shown


def test_what_is_read_of_a_volume_without_outlines(ball: tuple[Path, Path]) -> None:
    """Proves that nothing is made up: geometry is told, and what would be needed."""
    for lang, said in (("en", "--engine"), ("zh", "容积影像需由网络勾画")):
        result = run(ball[0], "--lang", lang)
        assert result.exit_code == 0
        assert said in result.stdout.replace("\n", "")


def test_an_engine_outlines(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves the way of a user's own network: an ONNX folder is asked, and what it draws is measured under its name."""
    torch = pytest.importorskip("torch", reason="the extra learn is not installed")
    pytest.importorskip("onnxruntime", reason="the extra learn is not installed")
    from suwen.learn.engines import onnx_bytes  # noqa: PLC0415

    network = torch.nn.Conv3d(1, 2, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([-1.0, 1.0]).reshape(2, 1, 1, 1, 1))
        network.bias.copy_(torch.tensor([74.0, -74.0]))
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(onnx_bytes(network.eval(), torch.zeros(2, 1, 8, 16, 16)))
    told = {"format": 1, "name": "bright", "channels": ["CT"], "labels": {"1": "ball"}, "tile": [8, 16, 16]}
    (folder / "engine.json").write_text(json.dumps(told))
    result = run(ball[0], "--engine", folder, "--json")
    assert result.exit_code == 0, result.output
    (one,) = json.loads(result.stdout)["images"][0]["structures"]
    assert one["name"] == "ball"
    assert one["volume"] == pytest.approx(VOLUME, rel=0.02)


def ct(folder: Path, count: int = 6) -> Path:
    """A CT series of a bright cylinder, from the small CT that comes with pydicom, with a made-up patient."""
    from pydicom.data import get_testdata_file  # noqa: PLC0415

    source = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    folder.mkdir()
    rows = np.hypot(*(np.indices((source.Rows, source.Columns)) - 60.0)) < 20
    for at in range(count):
        one = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        one.PatientName, one.PatientID = "Nobody^Known", "N-1"
        one.ImagePositionPatient = [-100, -80, 5.0 * at]
        one.SliceThickness, one.InstanceNumber = 5.0, at + 1
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.{at + 1}"
        one.PixelData = np.where(rows, 1064, 24).astype(np.int16).tobytes()
        one.save_as(folder / f"{at}.dcm")
    return folder


def test_dicom_out_of_dicom_in(tmp_path: Path) -> None:
    """Proves that segmentation and report written of a CT belong to its study and patient and hold the measures."""
    series, mask = ct(tmp_path / "ct"), tmp_path / "mask.nii.gz"
    seg, report = tmp_path / "seg.dcm", tmp_path / "sr.dcm"
    from suwen.formats.images import read_study  # noqa: PLC0415
    from suwen.formats.images.writing.nifti import write_nifti  # noqa: PLC0415

    (image,) = read_study(series).images
    write_nifti(mask, image, [("cylinder", image.values > 0)])
    state, capture, png = (tmp_path / name for name in ("gsps.dcm", "capture.dcm", "key.png"))
    also = ("--presentation", state, "--capture", capture, "--png", png)
    result = run(series, "--mask", mask, "--seg", seg, "--sr", report, *also, "--json")
    assert result.exit_code == 0, result.output
    source = pydicom.dcmread(next(series.iterdir()))
    for file in (seg, report, state, capture):
        made = pydicom.dcmread(file)
        assert (made.StudyInstanceUID, made.PatientID) == (source.StudyInstanceUID, "N-1")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert str(pydicom.dcmread(seg).SOPInstanceUID) in str(pydicom.dcmread(report))  # the report names the segments
    assert pydicom.dcmread(seg).SegmentSequence[0].SegmentLabel == "cylinder"
    values = {
        str(item.ConceptNameCodeSequence[0].CodeMeaning): float(item.MeasuredValueSequence[0].NumericValue)
        for item in items(pydicom.dcmread(report))
        if item.get("ValueType") == "NUM"
    }
    (one,) = json.loads(result.stdout)["images"][0]["structures"]
    assert values["Volume"] == pytest.approx(one["volume"] / 1000, rel=1e-4)
    assert values["Long Axis"] == pytest.approx(one["longest"], rel=1e-4)
    read_again = run(series, "--mask", seg, "--json")
    assert json.loads(read_again.stdout)["images"][0]["structures"][0]["volume"] == one["volume"]


def items(dataset: Any) -> list[Any]:
    """Every content item of a report."""
    found = list(dataset.get("ContentSequence", ()))
    return found + [inner for one in found for inner in items(one)]


def test_errors_are_one_and_clear(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves one message and status 1 or 2 for what cannot be done, and that nothing is left half written."""
    wrong = tmp_path / "wrong.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4), np.uint8), np.eye(4) * 1.3), wrong)
    (tmp_path / "many").mkdir()
    for name in ("a", "b"):
        (tmp_path / "many" / f"{name}.nii.gz").write_bytes(ball[0].read_bytes())
    (tmp_path / "text.png").write_text("no picture")
    for words, said in (
        ((tmp_path / "nowhere",), "no file or folder"),
        ((tmp_path / "text.png",), "can be read as an image"),
        ((ball[0], "--mask", wrong), "does not fit the image"),
        ((ball[0], "--nifti", tmp_path / "x.nii.gz"), "nothing was outlined"),
        ((ball[0], "--mask", ball[1], "--seg", tmp_path / "x.dcm"), "DICOM"),
        ((tmp_path / "many", "--mask", ball[1]), "--image NUMBER"),
        ((ball[0], "--image", 3), "1 image"),
        ((ball[0], "--spacing", "big"), "ROWxCOLUMN"),
        ((ball[0], "--age", -3), "0 and 130"),
        ((ball[0], "--present", "HP:0012735", "--absent", "HP:0012735"), "not both"),
        ((ball[0], "--present", "cough"), "no code of a symptom"),
        ((ball[0], "--spacing", "9999x9999"), "between 0.001 and 50 mm"),
        ((ball[0], "--mask", ball[1], "--nifti", tmp_path / "none" / "x.nii"), "in a folder that exists"),
    ):
        result = run(*words)
        assert result.exit_code in (1, 2), words
        assert said in re.sub(r"\s+", " ", result.output), result.output
        assert "Traceback" not in result.output
    assert not list(tmp_path.glob("x.*"))


def test_what_a_file_says_of_itself_is_escaped(tmp_path: Path) -> None:
    """Proves that a description in a header cannot put anything into the page or the terminal."""
    series = ct(tmp_path / "ct", 3)
    for file in series.iterdir():
        one = pydicom.dcmread(file)
        one.SeriesDescription = "<script>alert(1)</script>"
        one.save_as(file)
    page = tmp_path / "page.html"
    assert run(series, "--report", page).exit_code == 0
    assert "<script" not in page.read_text()


def test_names_of_labels_come_from_the_file(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves it for what we write, for a label table of Caret as TotalSegmentator writes it, and for neither."""
    ours = tmp_path / "ours.nii.gz"
    assert run(ball[0], "--mask", ball[1], "--nifti", ours).exit_code == 0
    table = b'<?xml version="1.0"?><CaretExtension><LabelTable><Label Key="1" Red="0"><![CDATA[spleen]]></Label>'
    caret, broken = tmp_path / "caret.nii.gz", tmp_path / "broken.nii"
    for file, code, content in ((caret, 0, table), (broken, 6, b"{not json")):
        image = nibabel.load(ball[1])
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(code, content))
        nibabel.save(image, file)
    for file, name in ((ours, "label 1"), (caret, "spleen"), (broken, "label 1")):
        found = json.loads(run(ball[0], "--mask", file, "--json").stdout)
        assert found["images"][0]["structures"][0]["name"] == name


def test_nothing_that_is_read_is_written_over(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves that no output takes the place of the study, its mask, a file of its folder, or another output."""
    series = ct(tmp_path / "ct", 3)
    for words, said in (
        ((ball[0], "--mask", ball[1], "--nifti", ball[0]), "--nifti would overwrite what STUDY reads"),
        ((ball[0], "--mask", ball[1], "--nifti", ball[1]), "--nifti would overwrite what --mask reads"),
        ((series, "--mask", ball[1], "--seg", series / "0.dcm"), "would overwrite 0.dcm in the folder of the study"),
        ((series, "--seg", tmp_path / "x.dcm", "--sr", tmp_path / "x.dcm"), "name the same file"),
    ):
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        result = run(*words)
        assert result.exit_code == 2
        assert said in re.sub(r"\s+", " ", result.output)
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_all_is_written_or_nothing(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves that a page and outlines do not appear where another file of the same call cannot be made."""
    before = sorted(tmp_path.rglob("*"))
    page, out, seg = (tmp_path / name for name in ("page.html", "out.nii.gz", "seg.dcm"))
    assert run(ball[0], "--mask", ball[1], "--report", page, "--nifti", out, "--seg", seg).exit_code == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_labels_are_never_taken_for_others(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves that labels beyond 16 bits are refused, where they would wrap round to another, and small ones told."""
    grid = nibabel.load(ball[1])
    inside = np.asarray(grid.dataobj) > 0
    for label in (65_536, 70_000, -3):
        wrong = nibabel.Nifti1Image(
            np.where(inside, label, 0).astype(np.int32), grid.affine, grid.header, dtype="int32"
        )
        nibabel.save(wrong, tmp_path / "wrong.nii.gz")
        result = run(ball[0], "--mask", tmp_path / "wrong.nii.gz")
        assert result.exit_code == 2, result.output
        assert "between 0 and 65535" in result.output
    nibabel.save(nibabel.Nifti1Image(inside.astype(np.uint8) * 0, grid.affine, grid.header), tmp_path / "empty.nii.gz")
    assert "nothing is outlined" in run(ball[0], "--mask", tmp_path / "empty.nii.gz").stdout


def test_small_volumes_are_not_said_as_nothing(ball: tuple[Path, Path], tmp_path: Path) -> None:
    """Proves that one voxel of 2 mm³ is not given as 0.0 mL."""
    grid = nibabel.load(ball[1])
    one = np.zeros(grid.shape, np.uint8)
    one[20, 20, 10] = 1
    nibabel.save(nibabel.Nifti1Image(one, grid.affine, grid.header), tmp_path / "one.nii.gz")
    assert "2.0 mm³" in run(ball[0], "--mask", tmp_path / "one.nii.gz").stdout
