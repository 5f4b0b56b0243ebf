"""What a millimetre of a radiograph or an ultrasound means follows DICOM PS3.3 10.7.1.3, and is always said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.sequence import Sequence as Items
from series_maker import DX, described, saved

from suwen.errors import InputError
from suwen.formats.images import Image, View, notice_key, read_study
from suwen.subject.grid import Scale

VALUES = np.arange(80 * 60).reshape(80, 60).astype(np.uint16)


def _read(
    tmp_path: Path, *, modality: str = "DX", stated: tuple[float, float] | None = None, **attributes: object
) -> Image:
    made = described(VALUES, DX, "1.2.3.9")
    made.Modality, made.SeriesInstanceUID = modality, "1.2.3.8"
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    (image,) = read_study(saved([made], tmp_path / "one"), spacing=stated).images
    return image


CASES = {
    "detector only": ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), Scale.DETECTOR, "detector"),
    "both the same": (
        {"ImagerPixelSpacing": [0.2, 0.1], "PixelSpacing": [0.2, 0.1]},
        (0.2, 0.1),
        Scale.DETECTOR,
        "detector",
    ),
    "both, differing": (
        {"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.15]},
        (0.15, 0.15),
        Scale.CALIBRATED,
        "calibrated",
    ),
    "by geometry": (
        {"PixelSpacing": [0.15, 0.15], "PixelSpacingCalibrationType": "GEOMETRY"},
        (0.15, 0.15),
        Scale.CALIBRATED,
        "calibrated",
    ),
    "by a fiducial": (
        {"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"},
        (0.2, 0.2),
        Scale.CALIBRATED,
        "calibrated",
    ),
    "magnification": (
        {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 1.25},
        (0.16, 0.16),
        Scale.CALIBRATED,
        "magnified",
    ),
    "magnification of one": (
        {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 1},
        (0.2, 0.2),
        Scale.DETECTOR,
        "detector",
    ),
    "not said": ({"PixelSpacing": [0.2, 0.2]}, (0.2, 0.2), Scale.DETECTOR, "not_said"),
    "film": ({"NominalScannedPixelSpacing": [0.17, 0.17]}, (0.17, 0.17), Scale.DETECTOR, "film"),
    "captured": ({"PixelSpacing": [0.2, 0.2], "modality": "OT"}, None, Scale.NONE, "not_trusted"),
    "none": ({}, None, Scale.NONE, "no_scale"),
    "nonsense": ({"ImagerPixelSpacing": [0, 0.2]}, None, Scale.NONE, "no_scale"),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_scale_of_a_projection(name: str, tmp_path: Path) -> None:
    attributes, spacing, scale, key = CASES[name]
    image = _read(tmp_path, **attributes)
    assert image.grid.scale is scale
    assert image.grid.spacing == (pytest.approx(spacing) if spacing else None)
    assert image.values.shape == VALUES.shape
    assert key in {notice_key(one) for one in image.noticed}


def test_a_stated_spacing_serves_only_where_the_header_has_none(tmp_path: Path) -> None:
    stated = _read(tmp_path, stated=(0.3, 0.4))
    assert (stated.grid.spacing, stated.grid.scale) == ((0.3, 0.4), Scale.STATED)
    kept = _read(tmp_path, stated=(0.3, 0.4), ImagerPixelSpacing=[0.2, 0.2])
    assert (kept.grid.spacing, kept.grid.scale) == ((0.2, 0.2), Scale.DETECTOR)
    assert "stated_not_used" in {notice_key(one) for one in kept.noticed}
    with pytest.raises(InputError, match="above 0"):
        read_study(tmp_path, spacing=(0.0, 1.0))


@pytest.mark.parametrize(
    ("position", "view"),
    [("PA", View.PA), ("AP", View.AP), ("LL", View.LATERAL), ("LLD", View.UNKNOWN), ("", View.UNKNOWN)],
)
def test_the_view_and_facts_of_a_radiograph(position: str, view: View, tmp_path: Path) -> None:
    image = _read(
        tmp_path,
        ViewPosition=position,
        KVP="125",
        BodyPartExamined="CHEST",
        WindowCenter=["2000", "1000"],
        WindowWidth=["4000", "300"],
        WindowCenterWidthExplanation=["NORMAL", "HARD"],
    )
    assert (image.view, image.modality, image.body_part) == (view, "DX", "CHEST")
    assert ("KVP", "125") in image.acquired
    assert [(one.centre, one.width, one.name) for one in image.windows] == [
        (2000, 4000, "NORMAL"),
        (1000, 300, "HARD"),
    ]


def test_a_number_that_is_a_text_is_no_technical_fact(tmp_path: Path) -> None:
    made = described(VALUES, DX, "1.2.3.9")
    made.Modality = "DX"
    made.add_new(0x00180060, "LO", "Jane Doe")
    (image,) = read_study(saved([made], tmp_path / "one")).images
    assert "Jane" not in repr(image.acquired)


def _region(**more: float) -> pydicom.Dataset:
    made = pydicom.Dataset()
    values = {
        "RegionLocationMinX0": 10, "RegionLocationMinY0": 5, "RegionLocationMaxX1": 50, "RegionLocationMaxY1": 70,
        "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3, "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.03,
        **more,
    }  # fmt: skip
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def test_an_ultrasound_has_the_scale_of_its_region(tmp_path: Path) -> None:
    image = _read(tmp_path, modality="US", SequenceOfUltrasoundRegions=Items([_region()]))
    assert image.grid.spacing == pytest.approx((0.3, 0.2))
    said = next(one.what for one in image.noticed if notice_key(one) == "region")
    assert "row 5 to 70" in said
    assert "column 10 to 50" in said


@pytest.mark.parametrize(
    ("regions", "key"),
    [
        ([_region(), _region(PhysicalDeltaX=0.05)], "regions"),
        ([_region(PhysicalUnitsXDirection=4)], "no_scale"),
        ([_region(PhysicalDeltaX=0.0)], "no_scale"),
        ([_region(RegionLocationMaxX1=4000)], "beyond"),  # resized after its scale was written: another millimetre
    ],
    ids=["two scales", "seconds", "zero", "beyond the image"],
)
def test_an_ultrasound_without_one_scale_has_none(regions: list, key: str, tmp_path: Path) -> None:
    image = _read(tmp_path, modality="US", SequenceOfUltrasoundRegions=Items(regions))
    assert image.grid.scale is Scale.NONE
    assert key in {notice_key(one) for one in image.noticed}


def test_a_mosaic_of_slices_has_no_millimetres(tmp_path: Path) -> None:
    """The place given in its header is not that of its corner, so that all it seems to say of places is wrong."""
    image = _read(
        tmp_path,
        modality="MR",
        ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"],
        PixelSpacing=[3.0, 3.0],
        ImagePositionPatient=[0, 0, 0],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
    )
    assert (image.grid.scale, image.grid.affine) == (Scale.NONE, None)
    assert "mosaic" in {notice_key(one) for one in image.noticed}


def test_a_scout_of_ct_is_a_projection(tmp_path: Path) -> None:
    image = _read(
        tmp_path,
        modality="CT",
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        PixelSpacing=[0.6, 0.5],
        ImagePositionPatient=[1, 2, 3],
        ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
        SliceThickness="100",
    )
    assert (image.values.shape, image.grid.spacing, image.grid.scale) == ((80, 60), (0.6, 0.5), Scale.DETECTOR)
    assert image.grid.point((10, 20)) == pytest.approx((11, 2, -3))
    assert {"scout_scale", "localizer"} <= {notice_key(one) for one in image.noticed}
    assert image.unit == ""


@pytest.mark.parametrize("frames", [1, 3])
def test_frames_of_a_cine_are_images_of_one_scale(frames: int, tmp_path: Path) -> None:
    made = described(np.stack([VALUES + at for at in range(frames)]), DX, "1.2.3.9")
    made.Modality, made.NumberOfFrames, made.ImagerPixelSpacing = "XA", frames, [0.2, 0.2]
    images = read_study(saved([made], tmp_path / "one")).images
    assert [one.grid.spacing for one in images] == [(0.2, 0.2)] * frames
    assert all(np.array_equal(one.values, VALUES + at) for at, one in enumerate(images))
    assert len({one.id for one in images}) == frames
    assert [one.sources[0].frame for one in images] == list(range(1, frames + 1))
    assert all(("cine" in {notice_key(said) for said in one.noticed}) == (frames > 1) for one in images)


def test_a_picture_of_a_screen_with_a_ct_on_it_has_no_scale(tmp_path: Path) -> None:
    made = described(VALUES, "1.2.840.10008.5.1.4.1.1.7", "1.2.3.9")
    made.Modality, made.PixelSpacing = "CT", [0.5, 0.5]
    (image,) = read_study(saved([made], tmp_path / "one")).images
    assert image.grid.scale is Scale.NONE
    assert "not_trusted" in {notice_key(one) for one in image.noticed}
