"""Proves that files and folders come out valid, readable by others, under pseudonyms, and the input stays as it was."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pydicom = pytest.importorskip("pydicom")
packaged_data = pytest.importorskip("pydicom.data")

from suwen.cli.dicom_deidentify import deidentify as command  # noqa: E402
from suwen.errors import InputError, NotFoundError  # noqa: E402
from suwen.formats.images.deidentifying.files import deidentify_files  # noqa: E402
from suwen.formats.images.deidentifying.nouns import Dates, DeidentifyOptions  # noqa: E402

KEY = bytes(range(32))
PACKAGED = Path(packaged_data.__file__).parent / "test_files"
NAMES = [
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "JPEG2000.dcm",
    "rtplan.dcm",
    "rtstruct.dcm",
    "rtdose.dcm",
    "test-SR.dcm",
    "reportsi.dcm",
    "liver_1frame.dcm",
    "waveform_ecg.dcm",
    "examples_ybr_color.dcm",
    "examples_palette.dcm",
    "examples_overlay.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_rle_2frame.dcm",
    "693_J2KI.dcm",
]
EVERYTHING = DeidentifyOptions(
    dates=Dates.KEEP, safe_private=True, uids=True, device=True, institution=True, patient=True, descriptors=True,
    structured=True, graphics=True, accept_burnt_in=True,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")
        yield


def complaints(file: Path) -> Counter[str]:
    """Errors of dciodvfy without the values in them."""
    run = subprocess.run(["dciodvfy", str(file)], capture_output=True, check=False)
    lines = (run.stdout + run.stderr).decode("latin-1").splitlines()
    return Counter(
        line.split("<2.25")[0].split("<1.")[0].split(" = <")[0] for line in lines if line.startswith("Error")
    )


def packaged() -> list[Path]:
    return sorted(PACKAGED / name for name in NAMES)


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize(
    "options",
    [DeidentifyOptions(accept_burnt_in=True), EVERYTHING, DeidentifyOptions(Dates.REMOVE, accept_burnt_in=True)],
)
def test_no_file_is_less_valid_than_before(options: DeidentifyOptions, tmp_path: Path) -> None:
    files = packaged()
    report = deidentify_files(files, tmp_path / "out", key=KEY, options=options)
    assert report.number("clean") == len(files)
    for one in report.files:
        new = complaints(tmp_path / "out" / one.written) - complaints(files[one.number - 1])
        assert not new, (files[one.number - 1].name, new)


@pytest.mark.skipif(not shutil.which("dcmftest"), reason="DCMTK is not installed")
def test_others_read_what_is_written(tmp_path: Path) -> None:
    report = deidentify_files(packaged(), tmp_path, key=KEY, options=DeidentifyOptions(accept_burnt_in=True))
    for one in report.files:
        assert (
            subprocess.run(["dcmftest", str(tmp_path / one.written)], capture_output=True, check=False).returncode == 0
        )
        dump = subprocess.run(["dcmdump", str(tmp_path / one.written)], capture_output=True, check=False)
        assert dump.returncode == 0, dump.stderr
        assert b"(0002,0016)" not in dump.stdout  # Source Application Entity Title
        assert b"(0012,0062) CS [YES]" in dump.stdout
        assert (tmp_path / one.written).read_bytes()[:128] == b"\0" * 128


def test_pixels_without_text_come_out_as_they_went_in(tmp_path: Path) -> None:
    for name in ("CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"):
        report = deidentify_files([PACKAGED / name], tmp_path / name, key=KEY)
        after = pydicom.dcmread(tmp_path / name / report.files[0].written)
        before = pydicom.dcmread(PACKAGED / name)
        assert (after.pixel_array == before.pixel_array).all()
        assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID


def test_the_input_stays_as_it_was_and_lies_under_pseudonyms(tmp_path: Path) -> None:
    source = tmp_path / "CompressedSamples^CT1"
    source.mkdir()
    shutil.copy(PACKAGED / "CT_small.dcm", source / "4MR1.dcm")
    (source / "notes.txt").write_text("no DICOM")
    before = {one: hashlib.sha256(one.read_bytes()).digest() for one in source.iterdir()}
    report = deidentify_files([source], tmp_path / "out", key=KEY)
    assert [one.outcome for one in report.files] == ["clean", "refused"]
    assert before == {one: hashlib.sha256(one.read_bytes()).digest() for one in source.iterdir()}
    written = [one.relative_to(tmp_path / "out") for one in (tmp_path / "out").rglob("*") if one.is_file()]
    assert [str(one) for one in written] == [report.files[0].written]
    original = pydicom.dcmread(source / "4MR1.dcm")
    for secret in (str(original.PatientName), original.PatientID, original.StudyInstanceUID, "4MR1", "notes"):
        assert secret not in repr(report)
    again = deidentify_files([source], tmp_path / "again", key=KEY)
    assert again.files == report.files
    one, two = (tmp_path / name / report.files[0].written for name in ("out", "again"))
    assert one.read_bytes() == two.read_bytes()
    third = deidentify_files([tmp_path / "out"], tmp_path / "third", key=KEY)
    assert (tmp_path / "third" / third.files[0].written).read_bytes() == one.read_bytes()


def test_a_study_in_several_runs_stays_joined_under_one_key_only(tmp_path: Path) -> None:
    files = sorted((PACKAGED / "dicomdirtests" / "98892001").rglob("CT*/*"))[:2]
    runs = [deidentify_files([file], tmp_path / "a", key=KEY).files[0].written for file in files]
    other = deidentify_files(files[:1], tmp_path / "b", key=bytes(32)).files[0].written
    one, two = (pydicom.dcmread(tmp_path / "a" / name) for name in runs)
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.PatientID == two.PatientID
    assert set(Path(other).parts).isdisjoint(Path(runs[0]).parts)


def test_two_objects_of_one_uid_are_both_kept(tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copy(PACKAGED / "CT_small.dcm", tmp_path / name)
    report = deidentify_files([tmp_path / "a", tmp_path / "b"], tmp_path / "out", key=KEY)
    assert len({one.written for one in report.files}) == 2


def test_the_folder_written_may_not_lie_in_the_folder_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lies within"):
        deidentify_files([tmp_path], tmp_path / "out", key=KEY)
    with pytest.raises(NotFoundError):
        deidentify_files([tmp_path / "absent"], tmp_path / "out", key=KEY)
    with pytest.raises(InputError, match="32"):
        deidentify_files([PACKAGED / "CT_small.dcm"], tmp_path / "out", key=b"")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("cut", [200, 400, 1000, 5000, 20000])
def test_damaged_files_fail_alone_and_leave_nothing(cut: int, tmp_path: Path) -> None:
    data = bytearray((PACKAGED / "CT_small.dcm").read_bytes())
    (tmp_path / "cut").write_bytes(data[:cut])
    data[cut : cut + 40] = bytes(range(200, 240))
    (tmp_path / "spoilt").write_bytes(data)
    shutil.copy(PACKAGED / "MR_small.dcm", tmp_path / "whole")
    given = [tmp_path / name for name in ("cut", "spoilt", "whole")]
    report = deidentify_files(given, tmp_path / "out", key=KEY)
    assert report.files[2].outcome == "clean"
    assert not list((tmp_path / "out").rglob("*.part"))
    assert b"CompressedSamples" not in b"".join(one.read_bytes() for one in (tmp_path / "out").rglob("*.dcm"))


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)


def test_the_command_makes_its_key_once_and_tells_without_patient_data(tmp_path: Path) -> None:
    key, out = tmp_path / "key", tmp_path / "out"
    first = run(PACKAGED / "CT_small.dcm", "--to", out, "--key", key, "--json")
    assert first.exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    told = json.loads(first.stdout)
    assert told["outcomes"] == {"clean": 1, "needs-a-look": 0, "refused": 0, "failed": 0}
    assert (out / told["files"][0]["written"]).is_file()
    second = run(PACKAGED / "CT_small.dcm", "--to", tmp_path / "two", "--key", key, "--json")
    assert json.loads(second.stdout)["files"] == told["files"]
    assert "key" not in second.stderr
    for text in (first.output, second.output):
        assert key.read_bytes().hex() not in text
        assert "CompressedSamples" not in text
        assert "4MR1" not in text


@pytest.mark.parametrize(("lang", "words"), [("en", "need a look"), ("zh", "需人工查看")])
def test_what_needs_a_look_is_not_written_and_said_in_both_languages(lang: str, words: str, tmp_path: Path) -> None:
    arguments = (
        PACKAGED / "examples_rgb_color.dcm",
        "--to",
        tmp_path / "out",
        "--key",
        tmp_path / "key",
        "--lang",
        lang,
    )
    held = run(*arguments)
    assert held.exit_code == 1
    assert words in held.output
    assert not list((tmp_path / "out").rglob("*.dcm"))
    accepted = run(*arguments, "--accept-burnt-in")
    assert accepted.exit_code == 0
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 1


def test_the_command_keeps_what_is_asked_and_no_key_beside_the_pseudonyms(tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key"
    keep = [word for name in ("uids", "device", "institution", "patient", "private") for word in ("--keep", name)]
    clean = [word for name in ("descriptors", "structured", "graphics") for word in ("--profile", name)]
    told = json.loads(
        run(PACKAGED / "CT_small.dcm", "--to", out, "--key", key, "--dates", "keep", "--json", *keep, *clean).stdout
    )
    after = pydicom.dcmread(out / told["files"][0]["written"])
    before = pydicom.dcmread(PACKAGED / "CT_small.dcm")
    for name in ("StudyInstanceUID", "InstitutionName", "PatientSex", "StudyDate", "StudyDescription", "StationName"):
        assert after[name].value == before[name].value
    assert after.PatientID != before.PatientID
    with pytest.raises(InputError, match="elsewhere"):
        run(PACKAGED / "CT_small.dcm", "--to", out, "--key", out / "key")


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    """Proves that nothing to do is not told as done."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file is there"):
        run(tmp_path / "empty", "--to", tmp_path / "out", "--key", tmp_path / "a.key")
