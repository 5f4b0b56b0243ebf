"""A mask is laid on an image only where its samples are the samples of the image; turned axes are turned back."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from series_maker import saved, series_of

from suwen.errors import FormatError, InputError
from suwen.formats.images import Image, laid_on, mask_on, read_labels, read_mask, read_study
from suwen.subject import Grid
from suwen.subject.grid import Scale

VOLUME = np.arange(6 * 5 * 4).reshape(6, 5, 4).astype(np.int16)
LABELS = (VOLUME % 4).astype(np.uint8)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return read_study(saved(series_of(VOLUME), tmp_path / "series")).images[0]


def _nifti(labels: np.ndarray, grid: Grid, path: Path) -> Path:
    """Labels (slices, rows, columns) on a grid, written as NIfTI."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.array(grid.affine)[:, [2, 1, 0, 3]]
    nib.save(nib.Nifti1Image(labels.T, affine), path)
    return path


def test_a_mask_on_the_same_grid_is_itself(image: Image, tmp_path: Path) -> None:
    path = _nifti(LABELS, image.grid, tmp_path / "mask.nii.gz")
    assert np.array_equal(mask_on(image, path), LABELS)
    labels, grid = read_mask(path)
    assert np.array_equal(labels, LABELS)
    assert np.allclose(np.array(grid.affine), np.array(image.grid.affine), atol=1e-5)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(), (0,), (1, 2), (0, 1, 2)])
def test_axes_in_another_order_or_direction_are_turned_back(
    order: tuple[int, ...], flips: tuple[int, ...], image: Image, tmp_path: Path
) -> None:
    made = nib.load(_nifti(LABELS, image.grid, tmp_path / "plain.nii"))
    turn = np.array([[axis, -1 if axis in flips else 1] for axis in order], float)
    nib.save(made.as_reoriented(turn), tmp_path / "turned.nii")
    assert np.array_equal(mask_on(image, tmp_path / "turned.nii"), LABELS)


def test_a_mask_of_a_part_is_laid_in_its_place(image: Image, tmp_path: Path) -> None:
    part = nib.load(_nifti(LABELS, image.grid, tmp_path / "plain.nii")).slicer[1:3, :, 2:5]
    nib.save(part, tmp_path / "part.nii")
    found = mask_on(image, tmp_path / "part.nii")
    expected = np.zeros_like(LABELS)
    expected[2:5, :, 1:3] = LABELS[2:5, :, 1:3]
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    "change", ["half a sample", "a slice beyond", "a slice before", "other spacing", "turned a little"]
)
def test_a_mask_elsewhere_is_refused_with_both_grids(change: str, image: Image, tmp_path: Path) -> None:
    affine = np.array(image.grid.affine)
    if change == "half a sample":
        affine[0, 3] += 0.45
    elif change == "a slice beyond":
        affine[2, 3] += 2.0
    elif change == "a slice before":
        affine[2, 3] -= 2.0
    elif change == "other spacing":
        affine[:3, 0] *= 1.05
    else:
        affine[:3, :3] = np.array([[0.999, -0.045, 0], [0.045, 0.999, 0], [0, 0, 1]]) @ affine[:3, :3]
    grid = Grid(LABELS.shape, (1, 1, 1), Scale.PATIENT, tuple(tuple(map(float, row)) for row in affine))
    with pytest.raises(InputError) as caught:
        mask_on(image, _nifti(LABELS, grid, tmp_path / "mask.nii"))
    assert str(caught.value).count("shape 6 × 5 × 4") == 2


def test_grids_without_a_place_fit_by_shape_and_spacing() -> None:
    flat = np.ones((3, 4), np.uint8)
    assert laid_on(Grid((3, 4)), flat, Grid((3, 4))) is flat
    with pytest.raises(InputError):
        laid_on(Grid((3, 4)), np.ones((4, 3), np.uint8), Grid((4, 3)))
    with pytest.raises(InputError):
        laid_on(Grid((3, 4), (1, 1), Scale.STATED), flat, Grid((3, 4), (1, 2), Scale.STATED))


def test_samples_that_are_no_labels_are_refused(image: Image, tmp_path: Path) -> None:
    whole = read_labels(_nifti(LABELS.astype(np.float32), image.grid, tmp_path / "whole.nii"))
    assert np.array_equal(whole.labels, LABELS)
    assert whole.labels.dtype.kind == "i"
    with pytest.raises(FormatError, match="no whole numbers"):
        read_mask(_nifti(LABELS * np.float32(0.3), image.grid, tmp_path / "broken.nii"))
    with pytest.raises(FormatError):
        read_mask(tmp_path / "series" / "0000.dcm")


def _segmentation(tmp_path: Path, arrays: np.ndarray, kind: str) -> Path:
    highdicom = pytest.importorskip("highdicom")
    import pydicom  # noqa: PLC0415

    sources = [pydicom.dcmread(one) for one in sorted((tmp_path / "series").iterdir())]
    for one in sources:
        for keyword in ("PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime", "AccessionNumber"):
            setattr(one, keyword, "")
        one.ReferringPhysicianName, one.SeriesNumber = "", 1
    code = highdicom.sr.CodedConcept("10200004", "SCT", "Liver")
    segments = [
        highdicom.seg.SegmentDescription(at, name, code, code, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL)
        for at, name in enumerate(("Liver", "Lesion"), 1)
    ]
    made = highdicom.seg.Segmentation(
        sources, arrays, kind, segments, "1.2.3.77", 1, "1.2.3.78", 1, "Suwen", "test", "1", "1",
        omit_empty_frames=True,
    )  # fmt: skip
    made.save_as(tmp_path / "seg.dcm")
    return tmp_path / "seg.dcm"


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
def test_a_dicom_segmentation_is_laid_slice_by_slice(kind: str, image: Image, tmp_path: Path) -> None:
    labels = np.where(LABELS == 3, 0, LABELS).astype(np.uint8)
    labels[[0, 2]] = 0  # empty slices are left out of the object
    arrays = np.stack([labels == 1, labels == 2], -1).astype(np.float32) if kind == "FRACTIONAL" else labels
    path = _segmentation(tmp_path, arrays, kind)
    found = read_labels(path)
    assert found.names == ((1, "Liver"), (2, "Lesion"))
    assert np.array_equal(mask_on(image, path), labels)


@pytest.mark.usefixtures("image")
def test_segments_that_overlap_are_refused(tmp_path: Path) -> None:
    arrays = np.stack([LABELS > 0, LABELS > 1], -1).astype(np.uint8)
    with pytest.raises(InputError, match="overlap"):
        read_labels(_segmentation(tmp_path, arrays, "BINARY"))
