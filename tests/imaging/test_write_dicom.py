"""Codes, units and UIDs of what is written are those of the standard, and errors never quote the patient."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from write_cases import ALGORITHM, NOW, PATIENT, blob, case, errors_of, hushed, uids
from write_cases import pydicom as dicom

from suwen.errors import InputError, MissingExtraError
from suwen.formats.images.writing.dicom import concept, load, new_uid, unit
from suwen.formats.images.writing.nouns import Outline, Segment, Term
from suwen.formats.images.writing.seg import write_seg
from suwen.subject import Code


@pytest.mark.parametrize(
    ("curie", "designator", "value"),
    [
        ("SCT:39607008", "SCT", "39607008"),
        ("DCM:121401", "DCM", "121401"),
        ("LOINC:18748-4", "LN", "18748-4"),
        ("RADLEX:RID3874", "RADLEX", "RID3874"),
        ("IBSI:RNU0", "IBSI", "RNU0"),
        ("suwen:cardiothoracic-ratio", "99SUWEN", "cardiothoracic-ratio"),
    ],
)
def test_codes_name_their_vocabulary_as_dicom_does(curie: str, designator: str, value: str) -> None:
    made = concept(Term(Code(curie, "name"), "名称"), "zh")
    assert (made.scheme_designator, made.value, made.meaning) == (designator, value, "名称")


@pytest.mark.parametrize("wrong", ["39607008", ":39607008", "SCT:", ""])
def test_a_code_without_a_vocabulary_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="vocabulary"):
        concept(Code(wrong))


def test_a_name_that_is_missing_is_said_in_the_other_language() -> None:
    assert Term(Code("SCT:1", "Lung")).said("zh") == "Lung"
    assert Term(Code("SCT:1"), "肺").said("en") == "肺"
    assert Term(Code("SCT:1")).said("en") == "SCT:1"


def test_units_are_ucum() -> None:
    assert [(unit(one).value, unit(one).scheme_designator) for one in ("HU", "mm", "")] == [
        ("[hnsf'U]", "UCUM"),
        ("mm", "UCUM"),
        ("1", "UCUM"),
    ]
    assert (unit("mm2", "zh").meaning, unit("kg").meaning) == ("平方毫米", "kg")


def test_uids_are_new_short_enough_and_under_the_free_root() -> None:
    made = {new_uid() for _ in range(100)}
    assert len(made) == 100
    for one in made:
        assert one.startswith("2.25.")
        assert len(one) <= 64
        assert dicom.uid.UID(one).is_valid


def test_a_private_vocabulary_is_named_in_the_object_and_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    kind = Term(Code("house:7", "Thing"), "某物")
    path = write_seg(tmp_path / "s", image, [Segment(blob(image), kind, ALGORITHM)], clock=lambda: NOW, uid=uids()).path
    with hushed():
        seg = dicom.dcmread(path)
    assert seg.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99HOUSE"
    assert errors_of(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_library_says_against_a_source_is_not_passed_on(tmp_path: Path) -> None:
    """Its words may quote the header."""
    image = case("ct", tmp_path / "ct")
    file = image.sources[0].file
    assert file is not None
    with hushed():
        source = dicom.dcmread(file)
        del source.FrameOfReferenceUID
        source.save_as(file)
    with pytest.raises(InputError, match="segmentation cannot be made") as caught:
        write_seg(
            tmp_path / "s", image, [Segment(blob(image), Term(Code("SCT:1")), ALGORITHM)], clock=lambda: NOW, uid=uids()
        )
    assert PATIENT not in str(caught.value)
    assert "P-17" not in str(caught.value)


def test_an_absent_package_names_the_extra() -> None:
    with pytest.raises(MissingExtraError, match=r"suwen\[imaging\]"):
        load("no_such_package_at_all.part")


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        (((0.0, 0.0),), "POLYLINE"),
        (((0.0, 0.0), (1.0, 1.0)), "ELLIPSE"),
        (((0.0, float("nan")), (1.0, 1.0)), "POLYLINE"),
    ],
)
def test_an_outline_has_the_points_of_its_kind(points: tuple[tuple[float, float], ...], kind: str) -> None:
    with pytest.raises(InputError):
        Outline(points, kind=kind)  # type: ignore[arg-type]
