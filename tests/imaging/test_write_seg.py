"""A segmentation read back by other hands holds the same voxels at the same place, coded, tracked and well filed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from write_cases import (
    ALGORITHM,
    HEART,
    KINDS,
    LUNG,
    NODULE,
    NOW,
    abdomen,
    blob,
    case,
    errors_of,
    hd,
    hushed,
    named_rightly,
    uids,
)
from write_cases import pydicom as dicom

from suwen.errors import DataError, InputError
from suwen.formats.images.nouns import Image, Source
from suwen.formats.images.read import read_study
from suwen.formats.images.writing.nouns import MORPHOLOGY, Algorithm, Segment, Tracking
from suwen.formats.images.writing.seg import write_seg
from suwen.subject import Grid

PLACED = ("ct", "oblique", "mr", "enhanced")


def write(path: Path, image: Image, segments: list[Segment], **more: Any) -> Path:
    return write_seg(path, image, segments, clock=lambda: NOW, uid=uids(), **more).path


def points(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    """Where the voxels of a mask lie (LPS mm), sorted."""
    affine = np.array(grid.affine)
    return ordered(np.argwhere(mask) @ affine[:3, :3].T + affine[:3, 3])


def volume_points(volume: Any) -> NDArray[np.float64]:
    at = np.argwhere(volume.array.reshape(volume.spatial_shape))
    return ordered(at @ volume.affine[:3, :3].T + volume.affine[:3, 3])


def ordered(found: NDArray[np.float64]) -> NDArray[np.float64]:
    rounded = np.round(found, 2)
    return found[np.lexsort(rounded.T)]


def stored_points(seg: Any, number: int) -> NDArray[np.float64]:
    """The same from the file alone, by the equation of DICOM PS3.3 C.7.6.2.1.1."""
    shared = seg.SharedFunctionalGroupsSequence[0]
    way = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    tall, wide = (float(one) for one in shared.PixelMeasuresSequence[0].PixelSpacing)
    found = []
    for group, bits in zip(seg.PerFrameFunctionalGroupsSequence, frames(seg), strict=True):
        if segment_of(seg, group) == number:
            origin = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
            at = np.argwhere(bits)
            found.append(origin + at[:, :1] * tall * way[3:] + at[:, 1:] * wide * way[:3])
    return ordered(np.concatenate(found)) if found else np.empty((0, 3))


def segment_of(seg: Any, group: Any) -> int:
    holder = group if "SegmentIdentificationSequence" in group else seg.SharedFunctionalGroupsSequence[0]
    return int(holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def frames(seg: Any) -> NDArray[np.bool_]:
    bits = seg.pixel_array.astype(bool)
    return bits if bits.ndim == 3 else bits[np.newaxis]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source_carries_a_valid_segmentation_of_its_patient(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    masks = blob(image), blob(image, 0.7, 0.15)
    path = write(tmp_path / "seg.dcm", image, [Segment(masks[0], LUNG, ALGORITHM), Segment(masks[1], HEART, ALGORITHM)])
    seg = named_rightly(path)
    assert errors_of(path) == []
    assert (seg.SegmentationType, seg.Modality, len(seg.SegmentSequence)) == ("BINARY", "SEG", 2)
    assert int(seg.Rows), int(seg.Columns) == image.values.shape[-2:]


@pytest.mark.parametrize("kind", PLACED)
def test_voxels_lie_where_they_lay(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    masks = blob(image), blob(image, 0.5, 0.3)  # these overlap
    path = write(tmp_path / "seg.dcm", image, [Segment(masks[0], LUNG, ALGORITHM), Segment(masks[1], HEART, ALGORITHM)])
    with hushed():
        seg = dicom.dcmread(path)
        assert seg.FrameOfReferenceUID == dicom.dcmread(image.sources[0].file).FrameOfReferenceUID
        for number, mask in enumerate(masks, 1):
            np.testing.assert_allclose(stored_points(seg, number), points(mask, image.grid), atol=2e-3)
    assert seg.SegmentsOverlap == "YES"


@pytest.mark.parametrize("kind", ["ct", "mr", "enhanced"])
def test_highdicom_builds_the_same_volume(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    mask = blob(image)
    with hushed():
        seg = hd.seg.segread(write(tmp_path / "seg.dcm", image, [Segment(mask, LUNG, ALGORITHM)]))
        volume = seg.get_volume()
    found = ordered(
        np.argwhere(volume.array.reshape(volume.spatial_shape)) @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    )
    np.testing.assert_allclose(found, points(mask, image.grid), atol=2e-3)


def test_frames_name_the_slice_they_were_drawn_on(tmp_path: Path) -> None:
    for kind in ("ct", "enhanced"):
        image = case(kind, tmp_path / kind)
        mask = blob(image)
        with hushed():
            seg = dicom.dcmread(write(tmp_path / "seg.dcm", image, [Segment(mask, LUNG, ALGORITHM)]))
            drawn = frames(seg)
        named = {(one.sop_instance, one.frame): mask[number] for number, one in enumerate(image.sources)}
        assert len(drawn) == mask.any(axis=(1, 2)).sum()  # slices without a mask are left out
        for group, bits in zip(seg.PerFrameFunctionalGroupsSequence, drawn, strict=True):
            source = group.DerivationImageSequence[0].SourceImageSequence[0]
            frame = int(source.get("ReferencedFrameNumber") or 1)
            np.testing.assert_array_equal(bits, named[source.ReferencedSOPInstanceUID, frame])


@pytest.mark.parametrize("kind", ["dx", "cr", "us"])
def test_a_radiograph_is_segmented_pixel_on_pixel_without_a_frame_of_reference(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    mask = blob(image)
    path = write(tmp_path / "seg.dcm", image, [Segment(mask, LUNG, ALGORITHM)])
    with hushed():
        seg = hd.seg.segread(path)
    assert "FrameOfReferenceUID" not in seg
    assert "PlanePositionSequence" not in seg.PerFrameFunctionalGroupsSequence[0]
    source = seg.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == image.sources[0].sop_instance
    assert source.SpatialLocationsPreserved == "YES"
    assert int(source.get("ReferencedFrameNumber") or 1) == image.sources[0].frame
    np.testing.assert_array_equal(frames(seg)[0], mask)


def test_segments_say_what_they_are_and_who_drew_them(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    mask = blob(image)
    tracked = Tracking("nodule 1", "2.25.77")
    given = [
        Segment(mask, NODULE, ALGORITHM, MORPHOLOGY, "右上叶结节", LUNG, tracked, (230, 159, 0)),
        Segment(mask, HEART, Algorithm("reader", "1", "MANUAL")),
    ]
    with hushed():
        seg = hd.seg.segread(write(tmp_path / "seg.dcm", image, given, lang="zh"))
        first, second = seg.SegmentSequence
    assert (first.segmented_property_category.value, first.segmented_property_type.value) == ("49755003", "27925004")
    assert (first.segmented_property_type.meaning, first.segmented_property_type.scheme_designator) == ("结节", "SCT")
    assert (first.SegmentLabel, first.SegmentAlgorithmType) == ("右上叶结节", "AUTOMATIC")
    assert (first.TrackingID, first.TrackingUID) == ("nodule 1", "2.25.77")
    assert first.AnatomicRegionSequence[0].CodeValue == "39607008"
    algorithm = first.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("suwen-lungs", "3.1")
    red, green, blue = hd.color.CIELabColor.from_dicom_value(first.RecommendedDisplayCIELabValue).to_rgb()
    assert max(abs(red - 230), abs(green - 159), abs(blue)) <= 1
    assert (second.SegmentLabel, second.SegmentAlgorithmType) == ("心脏", "MANUAL")
    assert second.TrackingUID.startswith("2.25.")
    assert second.TrackingUID != first.TrackingUID


def test_an_empty_mask_is_a_segment_without_voxels(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    nothing = np.zeros(image.values.shape, bool)
    some = blob(image)
    for masks in ([nothing], [nothing, some], [some, nothing]):
        path = write(tmp_path / "seg.dcm", image, [Segment(one, LUNG, ALGORITHM) for one in masks])
        assert errors_of(path) == []
        with hushed():
            seg = dicom.dcmread(path)
            assert len(seg.SegmentSequence) == len(masks)
            for number, mask in enumerate(masks, 1):
                np.testing.assert_allclose(stored_points(seg, number), points(mask, image.grid), atol=2e-3)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return case("oblique", tmp_path_factory.mktemp("series") / "oblique")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seeds=st.lists(arrays(bool, (6, 4, 5)), min_size=1, max_size=3))
def test_any_masks_come_back_as_they_were(seeds: list[NDArray[np.bool_]], series: Image, tmp_path: Path) -> None:
    masks = []
    for seed in seeds:
        mask = np.zeros(series.values.shape, bool)
        mask[:, 40:44, 123:128] = seed
        masks.append(mask)
    path = write(tmp_path / "seg.dcm", series, [Segment(mask, LUNG, ALGORITHM) for mask in masks])
    with hushed():
        seg = dicom.dcmread(path)
        for number, mask in enumerate(masks, 1):
            np.testing.assert_allclose(stored_points(seg, number), points(mask, series.grid), atol=2e-3)


def test_organs_of_the_reference_data_come_back(tmp_path: Path) -> None:
    image = abdomen(tmp_path / "abdomen")
    bright = np.asarray(image.values > 200)
    path = write(tmp_path / "seg.dcm", image, [Segment(bright, LUNG, ALGORITHM)])
    assert errors_of(path) == []
    with hushed():
        volume = hd.seg.segread(path).get_volume()
    np.testing.assert_allclose(volume_points(volume), points(bright, image.grid), atol=2e-3)


def test_the_same_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    made = [write(tmp_path / name, image, [Segment(blob(image), LUNG, ALGORITHM)]).read_bytes() for name in ("a", "b")]
    assert made[0] == made[1]


def test_what_has_no_dicom_source_is_refused_with_what_can_be_written(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    values = np.zeros((4, 5), np.uint8)
    for sources in ((), (Source("", "", 1, picture),)):
        with pytest.raises(InputError, match="NIfTI mask or a PNG"):
            write(
                tmp_path / "seg.dcm",
                Image("x", values, Grid((4, 5)), sources=sources),
                [Segment(values > 0, LUNG, ALGORITHM)],
            )
    assert not (tmp_path / "seg.dcm").exists()


def test_a_source_that_names_no_study_changed_or_went_is_refused(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    segments = [Segment(blob(image), LUNG, ALGORITHM)]
    file = image.sources[0].file
    assert file is not None
    with hushed():
        source = dicom.dcmread(file)
        source.StudyInstanceUID = ""
        source.save_as(file)
    with pytest.raises(InputError, match="names no study"):
        write(tmp_path / "seg.dcm", image, segments)
    with hushed():
        source.SOPInstanceUID = "1.2.3"
        source.save_as(file)
    with pytest.raises(InputError, match="not the object that was read"):
        write(tmp_path / "seg.dcm", image, segments)
    file.unlink()
    with pytest.raises(InputError, match="cannot be read again"):
        write(tmp_path / "seg.dcm", image, segments)


def test_masks_that_do_not_fit_are_all_named(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    with pytest.raises(InputError) as caught:
        write(
            tmp_path / "s",
            image,
            [Segment(np.zeros((2, 2), bool), LUNG, ALGORITHM), Segment(image.values, HEART, ALGORITHM)],
        )
    assert [one.where for one in caught.value.problems] == ["segment 1", "segment 2"]
    with pytest.raises(InputError, match="no segment"):
        write(tmp_path / "s", image, [])


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    segments = [Segment(blob(image), LUNG, ALGORITHM)]
    with pytest.raises(DataError, match="folder that exists"):
        write(tmp_path / "absent" / "seg.dcm", image, segments)
    (tmp_path / "taken").mkdir()
    with pytest.raises(DataError):
        write(tmp_path / "taken", image, segments)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mr", "taken"]


def test_a_result_is_no_image_of_the_study_to_the_reader(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    write(tmp_path / "ct" / "seg.dcm", image, [Segment(blob(image), LUNG, ALGORITHM)])
    study = read_study(tmp_path / "ct")
    assert len(study.images) == 1
    np.testing.assert_array_equal(study.images[0].values, image.values)
