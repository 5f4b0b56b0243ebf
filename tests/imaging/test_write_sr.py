"""A measurement report read by highdicom and dcmtk says what was measured, where, in what unit, tongue, and by whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from write_cases import (
    ALGORITHM,
    HEART,
    KINDS,
    LUNG,
    NODULE,
    NOW,
    blob,
    case,
    enclosed,
    errors_of,
    hd,
    hushed,
    middle,
    named_rightly,
    outline,
    peer,
    uids,
)

from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.nouns import (
    Group,
    Language,
    Measured,
    Outline,
    Quality,
    Segment,
    SegmentReference,
    Software,
    Term,
    Tracking,
)
from suwen.formats.images.writing.seg import write_seg
from suwen.formats.images.writing.sr import write_sr
from suwen.subject import Code

LONG = Term(Code("SCT:103339001", "Long axis"), "长径")
VOLUME = Term(Code("SCT:118565006", "Volume"), "体积")
DENSITY = Term(Code("DCM:112031", "Attenuation Coefficient"), "衰减系数")
MEAN = Term(Code("SCT:373098007", "Mean"), "均值")
RATIO = Term(Code("SUWEN:cardiothoracic-ratio", "Cardiothoracic ratio"), "心胸比")
MARGIN = Term(Code("RADLEX:RID5972", "Margin"), "边缘")
SPICULATED = Term(Code("RADLEX:RID5713", "Spiculated"), "毛刺状")
MADE_BY = Software(version="0.9.7")


def full(image: Image, folder: Path, lang: Language = "en") -> Path:
    uid = uids()
    masks = Segment(blob(image), LUNG, ALGORITHM), Segment(blob(image, 0.6), HEART, ALGORITHM)
    seg = write_seg(folder / "seg.dcm", image, masks, clock=lambda: NOW, uid=uid, lang=lang)
    line = Outline(((10.0, 20.0), (12.5, 31.0)), middle(image))
    groups = (
        Group(
            NODULE, LUNG, "right", outline(image),
            (Measured(LONG, 11.28125, "mm", line=line), Measured(DENSITY, -43.5, "HU", MEAN)),
            (Quality(MARGIN, SPICULATED),), Tracking("nodule 1", "2.25.5"), ALGORITHM,
        ),
        Group(HEART, region=SegmentReference(seg, 2), measured=(Measured(VOLUME, 612.0, "cm3"),)),
        Group(HEART, measured=(Measured(RATIO, 0.47, "1"),)),
    )  # fmt: skip
    return write_sr(folder / "sr.dcm", image, groups, clock=lambda: NOW, uid=uid, lang=lang, software=MADE_BY).path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source_carries_a_valid_report_of_its_patient(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    path = full(image, tmp_path)
    report = named_rightly(path)
    assert errors_of(path) == []
    volume = image.values.ndim == 3
    assert report.SOPClassUID.name == f"Comprehensive {'3D ' * volume}SR Storage"
    assert (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag) == (
        "COMPLETE", "UNVERIFIED", "PRELIMINARY",
    )  # fmt: skip
    template = report.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "1500")
    assert "Imaging Measurement Report" in peer("dsrdump", str(path))


def test_highdicom_reads_back_what_was_reported(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    with hushed():
        content = hd.sr.srread(full(image, tmp_path)).content
    nodule = content.get_planar_roi_measurement_groups()[0]
    assert (nodule.tracking_identifier, nodule.tracking_uid) == ("nodule 1", "2.25.5")
    assert (nodule.finding_type.value, nodule.finding_type.scheme_designator) == ("27925004", "SCT")
    site = nodule.finding_sites[0]
    assert (site.value.value, site.laterality.value) == ("39607008", "24028007")
    density = nodule.get_measurements()[0]
    assert (density.value, density.unit.value, density.unit.scheme_designator) == (-43.5, "[hnsf'U]", "UCUM")
    assert density.derivation.value == "373098007"
    evaluation = nodule.get_qualitative_evaluations()[0]
    assert (evaluation.name.value, evaluation.value.value) == ("RID5972", "RID5713")
    lined, ratio = content.get_image_measurement_groups()
    assert lined.tracking_uid == "2.25.5"  # the same finding
    length = lined.get_measurements()[0]
    assert (length.name.value, length.value, length.unit.value) == ("103339001", 11.28125, "mm")
    assert ratio.get_measurements()[0].name.scheme_designator == "99SUWEN"
    heart = content.get_volumetric_roi_measurement_groups()[0]
    assert [one.value for one in heart.get_measurements()] == [612.0]


def test_regions_lie_on_the_pixels_of_their_slice(tmp_path: Path) -> None:
    for kind in ("ct", "enhanced", "us", "cr"):
        image = case(kind, tmp_path / kind)
        with hushed():
            content = hd.sr.srread(full(image, tmp_path)).content
        region = content.get_planar_roi_measurement_groups()[0].roi
        plane = blob(image) if image.values.ndim == 2 else blob(image)[middle(image)]
        np.testing.assert_array_equal(enclosed(region.value, plane.shape), plane)
        source = region.ContentSequence[0].ReferencedSOPSequence[0]
        expected = image.sources[middle(image)]
        assert source.ReferencedSOPInstanceUID == expected.sop_instance
        assert int(source.get("ReferencedFrameNumber") or 1) == expected.frame


def test_the_segment_is_named_and_tracked_as_in_the_segmentation(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    with hushed():
        content = hd.sr.srread(full(image, tmp_path)).content
        seg = hd.seg.segread(tmp_path / "seg.dcm")
    heart = content.get_volumetric_roi_measurement_groups()[0]
    reference = heart.referenced_segment
    assert reference.referenced_sop_instance_uid == seg.SOPInstanceUID
    assert list(reference.referenced_segment_numbers) == [2]
    assert heart.tracking_uid == seg.SegmentSequence[1].TrackingUID


def test_a_segment_of_a_flat_image_is_a_frame_and_its_source(tmp_path: Path) -> None:
    for kind in ("dx", "us"):
        image = case(kind, tmp_path / kind)
        with hushed():
            content = hd.sr.srread(full(image, tmp_path)).content
            seg = hd.seg.segread(tmp_path / "seg.dcm")
        heart = content.get_planar_roi_measurement_groups()[1]
        reference = heart.referenced_segmentation_frame
        frame = reference[0].referenced_frame_numbers[0]
        identification = seg.PerFrameFunctionalGroupsSequence[frame - 1].SegmentIdentificationSequence[0]
        assert identification.ReferencedSegmentNumber == 2
        source = reference[1]
        assert source.referenced_sop_instance_uid == image.sources[0].sop_instance
        assert (source.referenced_frame_numbers or [1])[0] == image.sources[0].frame


def test_words_are_chinese_in_a_chinese_report_and_codes_are_the_same(tmp_path: Path) -> None:
    image = case("cr", tmp_path / "cr")
    chinese = peer("dsrdump", str(full(image, tmp_path, "zh")))
    english = peer("dsrdump", str(full(image, tmp_path, "en")))
    for word in ("结节", "肺", "右侧", "长径", "边缘", "毛刺状", "影像测量报告", "(zh,RFC5646", "毫米", "王^小明"):
        assert word in chinese
    for word in ("Nodule", "Lung", "Right", "Long axis", "Spiculated", "(en,RFC5646", "millimeter"):
        assert word in english
    assert english.count("27925004,SCT") == chinese.count("27925004,SCT") == 2


def test_the_observer_is_the_device_with_its_version(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    with hushed():
        content = hd.sr.srread(full(image, tmp_path)).content
    observer = content.get_observer_contexts()[0]
    assert observer.observer_type.value == "121007"  # a device
    attributes = observer.observer_identifying_attributes
    assert (attributes.name, attributes.model_name) == ("Suwen", "Suwen 0.9.7")


def test_the_report_can_be_shown_by_dcmtk(tmp_path: Path) -> None:
    image = case("dx", tmp_path / "dx")
    page = peer("dsr2html", str(full(image, tmp_path)))
    assert "Imaging Measurement Report" in page
    assert "11.28125" in page


@pytest.mark.parametrize(
    ("groups", "match"),
    [
        ((), "at least one group"),
        ((Group(NODULE, laterality="left"),), "name the site"),
        ((Group(NODULE, region=Outline(((1.0, 1.0), (1.0, 9.0), (9.0, 9.0)))),), "closed"),
        ((Group(NODULE, region=Outline(((1.0, 1.0), (1.0, 999.0), (1.0, 1.0)))),), "outside"),
        ((Group(NODULE, region=Outline(((1.0, 1.0), (1.0, 9.0), (1.0, 1.0)), 7)),), "no slice 7"),
        ((Group(Term(Code("nodule"))),), "vocabulary"),
    ],
    ids=("nothing", "side", "open", "outside", "slice", "code"),
)
def test_what_cannot_be_reported_is_refused(groups: tuple[Group, ...], match: str, tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    with pytest.raises(InputError, match=match):
        write_sr(tmp_path / "sr.dcm", image, groups, clock=lambda: NOW, uid=uids())
    assert not (tmp_path / "sr.dcm").exists()


def test_a_segment_that_is_not_there_is_refused(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    seg = write_seg(tmp_path / "s", image, [Segment(blob(image), LUNG, ALGORITHM)], clock=lambda: NOW, uid=uids())
    with pytest.raises(InputError, match="no segment 2"):
        write_sr(tmp_path / "r", image, [Group(LUNG, region=SegmentReference(seg, 2))], clock=lambda: NOW, uid=uids())
    with pytest.raises(InputError, match="finite"):
        Measured(LONG, float("nan"), "mm")
