"""Pictures and reports carried in a study are valid, filed under its patient, and say where they come from."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from write_cases import KINDS, NOW, case, errors_of, hushed, named_rightly, peer, uids
from write_cases import pydicom as dicom

from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.capture import write_capture
from suwen.formats.images.writing.pdf import Document, write_pdf
from suwen.formats.images.writing.picture import Picture

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def test_the_report_of_these_tests_is_of_odd_length_so_that_padding_shows() -> None:
    assert len(PDF) % 2 == 1


def picture(image: Image) -> Picture:
    pixels = np.random.default_rng(7).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    return Picture(pixels, spacing=(0.5, 0.4), orientation=("L", "P"), slices=(last(image),))


def last(image: Image) -> int:
    return len(image.sources) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_joins_the_study_it_was_drawn_from(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    drawn = picture(image)
    path = write_capture(tmp_path / "sc.dcm", image, drawn, clock=lambda: NOW, uid=uids(), lang="zh").path
    assert errors_of(path) == []
    capture = named_rightly(path)
    with hushed():
        np.testing.assert_array_equal(capture.pixel_array, drawn.pixels)
        source = dicom.dcmread(image.sources[0].file)
    assert capture.StudyInstanceUID == source.StudyInstanceUID
    assert capture.SeriesInstanceUID != source.SeriesInstanceUID
    assert [float(one) for one in capture.PixelSpacing] == [0.5, 0.4]
    assert (list(capture.PatientOrientation), capture.BurnedInAnnotation) == (["L", "P"], "NO")
    assert "不可用于再测量" in capture.DerivationDescription
    reference, shown = capture.SourceImageSequence[0], image.sources[-1]
    assert reference.ReferencedSOPInstanceUID == shown.sop_instance
    assert int(reference.get("ReferencedFrameNumber") or 1) == shown.frame


def test_dcmtk_shows_the_picture_as_it_was_drawn(tmp_path: Path) -> None:
    from PIL import Image as Pictures  # noqa: PLC0415

    image = case("ct", tmp_path / "ct")
    path = write_capture(tmp_path / "sc.dcm", image, picture(image), clock=lambda: NOW, uid=uids()).path
    peer("dcmj2pnm", "+on", str(path), str(tmp_path / "shown.png"))
    with Pictures.open(tmp_path / "shown.png") as shown:
        np.testing.assert_array_equal(np.asarray(shown.convert("RGB")), picture(image).pixels)


def test_burned_in_is_said_only_when_true_and_no_spacing_without_a_scale(tmp_path: Path) -> None:
    image = case("cr", tmp_path / "cr")
    for names in (False, True):
        drawn = replace(picture(image), names_patient=names, spacing=None, orientation=None)
        path = write_capture(tmp_path / "sc.dcm", image, drawn, clock=lambda: NOW, uid=uids()).path
        assert errors_of(path) == []
        with hushed():
            capture = dicom.dcmread(path)
        assert capture.BurnedInAnnotation == ("YES" if names else "NO")
        assert "PixelSpacing" not in capture
        assert not capture.PatientOrientation


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_joins_the_study(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    document = Document(PDF, "胸部影像报告", names_patient=True)
    path = write_pdf(tmp_path / "pdf.dcm", image, document, clock=lambda: NOW, uid=uids(), lang="zh").path
    assert errors_of(path) == []
    report = named_rightly(path)
    assert bytes(report.EncapsulatedDocument)[: report.EncapsulatedDocumentLength] == PDF
    assert (report.MIMETypeOfEncapsulatedDocument, report.Modality) == ("application/pdf", "DOC")
    assert (report.DocumentTitle, report.BurnedInAnnotation) == ("胸部影像报告", "YES")
    assert report.ConceptNameCodeSequence[0].CodeMeaning == "影像诊断报告"
    named = {one.ReferencedSOPInstanceUID for one in report.SourceInstanceSequence}
    assert named == {one.sop_instance for one in image.sources}


def test_dcmtk_takes_the_pdf_out_again(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    write_pdf(tmp_path / "pdf.dcm", image, Document(PDF, "Report", False), clock=lambda: NOW, uid=uids())
    peer("dcm2pdf", str(tmp_path / "pdf.dcm"), str(tmp_path / "out.pdf"))
    assert (tmp_path / "out.pdf").read_bytes() == PDF


def test_what_is_no_pdf_or_no_picture_is_refused(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    with pytest.raises(InputError, match="%PDF-"):
        write_pdf(tmp_path / "pdf.dcm", image, Document(b"PK", "x", False), clock=lambda: NOW, uid=uids())
    with pytest.raises(InputError, match="rows, columns"):
        Picture(np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match="no slice 9"):
        write_capture(tmp_path / "sc", image, replace(picture(image), slices=(9,)), clock=lambda: NOW, uid=uids())
    assert not list(tmp_path.glob("*.dcm"))


@pytest.mark.parametrize(("zone", "day", "time"), [("+0800", "20251127", "070000"), ("-0330", "20251126", "193000")])
def test_times_follow_the_zone_the_source_names(zone: str, day: str, time: str, tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    file = image.sources[0].file
    assert file is not None
    with hushed():
        source = dicom.dcmread(file)
        source.TimezoneOffsetFromUTC = zone
        source.save_as(file)
        write_pdf(tmp_path / "pdf.dcm", image, Document(PDF, "x", False), clock=lambda: 1_764_198_000.0, uid=uids())
        report = dicom.dcmread(tmp_path / "pdf.dcm")
    # 2025-11-26 23:00 UTC is seven in the morning of the next day in Beijing
    assert (report.ContentDate, report.ContentTime, report.TimezoneOffsetFromUTC) == (day, time, zone)


@pytest.mark.parametrize("kind", ["ct", "enhanced", "dx"])
def test_results_and_sources_agree_on_patient_and_study(kind: str, tmp_path: Path) -> None:
    """By dcentvfy of dicom3tools, which compares all objects of one patient, study and series."""
    if shutil.which("dcentvfy") is None:
        pytest.skip("dcentvfy (dicom3tools) is not installed")
    image = case(kind, tmp_path / kind)
    for one in {source.file for source in image.sources}:
        with hushed():  # it compares names byte by byte, whatever their character set
            source = dicom.dcmread(one)
            source.PatientName = "Wang^Xiaoming"
            source.save_as(one)
    uid = uids()
    write_pdf(tmp_path / kind / "pdf.dcm", image, Document(PDF, "x", False), clock=lambda: NOW, uid=uid)
    write_capture(tmp_path / kind / "sc.dcm", image, picture(image), clock=lambda: NOW, uid=uid)
    files = [str(one) for one in (tmp_path / kind).iterdir()]
    said = subprocess.run(["dcentvfy", *files], capture_output=True, text=True, errors="replace", check=False)
    lines = (said.stdout + said.stderr).splitlines()
    allowed = ("Attribute present in one instance but not the other", "Different information entities")
    assert not [line for line in lines if not any(word in line for word in allowed)]
