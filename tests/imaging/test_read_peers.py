"""Every millimetre and value agrees with SimpleITK and dcm2niix, on pydicom's files, an open CT and made-up series."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from series_maker import enhanced, saved, series_of

from suwen.datasets import folder
from suwen.errors import FormatError
from suwen.formats.images import Image, mask_on, read_studies, read_study
from suwen.subject.grid import Scale

sitk = pytest.importorskip("SimpleITK")
CT_FOLDER = Path("imaging/abdomen_ct")
FILES = Path(pydicom.__file__).parent / "data" / "test_files"
OBLIQUE = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)
_ORIENTATIONS = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "feet first": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "oblique": OBLIQUE,
}


def _itk(path: Path) -> object:
    """The series of a folder, or one file, as SimpleITK reads it."""
    if path.is_file():
        return sitk.ReadImage(str(path))
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path))
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(names)
    return reader.Execute()


def _itk_affine(image: object) -> np.ndarray:
    """(slice, row, column, 1) to LPS of an ITK image, whose indices run (column, row, slice)."""
    made = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    made[:3, :3] = (direction * np.array(image.GetSpacing()))[:, ::-1]
    made[:3, 3] = image.GetOrigin()
    return made


def _agrees(image: Image, path: Path) -> None:
    peer = _itk(path)
    assert np.array_equal(image.values, sitk.GetArrayFromImage(peer))
    assert np.abs(np.array(image.grid.affine) - _itk_affine(peer)).max() < 1e-4
    assert np.allclose(image.grid.spacing, peer.GetSpacing()[::-1], atol=1e-4)


@pytest.mark.parametrize("name", sorted(_ORIENTATIONS))
def test_a_series_in_any_orientation_lies_where_simpleitk_puts_it(name: str, tmp_path: Path) -> None:
    orientation = _ORIENTATIONS[name]
    normal = np.cross(orientation[:3], orientation[3:])
    volume = np.random.default_rng(1).integers(-900, 2_000, (6, 9, 7)).astype(np.int16)
    made = series_of(volume, step=(normal * 2.5).tolist(), orientation=orientation)
    shuffled = [made[at] for at in (3, 0, 5, 1, 4, 2)]
    image = read_study(saved(shuffled, tmp_path / "series")).images[0]
    _agrees(image, tmp_path / "series")
    assert np.array_equal(image.values, volume - 1024)


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "693_J2KI.dcm", "examples_overlay.dcm",
    ],
)  # fmt: skip
def test_a_slice_of_pydicom_has_the_values_and_the_place_of_simpleitk(name: str) -> None:
    image = read_study(FILES / name).images[0]
    peer = _itk(FILES / name)
    values = sitk.GetArrayFromImage(peer)
    if name == "693_J2KI.dcm":  # two decoders of lossy JPEG 2000 may round differently by one
        assert np.abs(image.values.astype(int) - values).max() <= 1
    else:
        assert np.array_equal(image.values, values)
    assert np.allclose(image.grid.spacing[1:], peer.GetSpacing()[1::-1], atol=1e-4)
    assert np.allclose(image.grid.point((0, 0, 0)), peer.GetOrigin(), atol=1e-4)
    assert np.abs(np.array(image.grid.affine)[:3, 1:3] - _itk_affine(peer)[:3, 1:3]).max() < 1e-4


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm", "JPEG2000.dcm", "JPEGLSNearLossless_16.dcm"])
def test_a_lossy_frame_is_decoded_as_by_simpleitk(name: str) -> None:
    image = read_study(FILES / name).images[0]
    assert np.abs(image.values.astype(int) - sitk.GetArrayFromImage(_itk(FILES / name)).squeeze()).max() <= 1
    assert any(one.what.startswith("lossy") for one in image.noticed)


def test_every_file_of_pydicom_gives_images_or_says_why_not() -> None:
    found, silent = 0, []
    for file in sorted(FILES.glob("*.dcm")):
        try:
            found += sum(len(one.images) for one in read_studies(file))
        except FormatError as error:
            silent += [] if error.problems else [file.name]
    assert found > 60
    assert not silent


def test_the_series_of_a_dicomdir_of_pydicom_are_placed_as_by_simpleitk(tmp_path: Path) -> None:
    series = FILES / "dicomdirtests" / "98892001" / "CT5N"
    shutil.copytree(series, tmp_path / "series")
    _agrees(read_study(tmp_path / "series").images[0], tmp_path / "series")


def test_an_enhanced_object_lies_where_simpleitk_puts_it(tmp_path: Path) -> None:
    volume = np.random.default_rng(6).integers(0, 3_000, (6, 12, 9)).astype(np.int16)
    path = saved([enhanced(volume)], tmp_path / "one") / "0000.dcm"
    _agrees(read_study(path).images[0], path)


def _dcm2niix(source: Path, out: Path) -> list[Path]:
    if importlib.util.find_spec("dcm2niix") is None:
        pytest.skip("dcm2niix is not installed")
    out.mkdir()
    command = [sys.executable, "-m", "dcm2niix", "-z", "n", "-m", "n", "-o", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    found = sorted(out.glob("*.nii"))
    if not found:
        pytest.skip(f"dcm2niix wrote nothing: {done.stdout[-200:]!r}")
    return found


@pytest.mark.parametrize("name", ["axial", "sagittal", "coronal", "oblique"])
def test_a_series_lies_where_dcm2niix_puts_it(name: str, tmp_path: Path) -> None:
    """dcm2niix turns axes round; the same sample must lie at the same place, and have the same value."""
    orientation = _ORIENTATIONS[name]
    normal = np.cross(orientation[:3], orientation[3:])
    volume = np.random.default_rng(2).integers(0, 2_000, (5, 32, 24)).astype(np.int16)
    path = saved(series_of(volume, step=(normal * 3).tolist(), orientation=orientation), tmp_path / "series")
    image = read_study(path).images[0]
    peer = nib.load(_dcm2niix(path, tmp_path / "out")[0])
    ours = read_study(_dcm2niix_file(tmp_path / "out")).images[0]
    back = np.linalg.inv(np.array(ours.grid.affine)) @ np.array(image.grid.affine)
    assert np.abs(back - np.rint(back)).max() < 1e-4
    assert np.allclose(np.array(ours.grid.affine), _lps(peer.affine), atol=1e-5)
    for index in ((0, 0, 0), (4, 31, 23), (2, 7, 19)):
        there = tuple(np.rint(back @ (*index, 1.0)).astype(int)[:3])
        assert image.values[index] == ours.values[there]


def _dcm2niix_file(out: Path) -> Path:
    return next(iter(sorted(out.glob("*.nii"))))


def _lps(affine: np.ndarray) -> np.ndarray:
    return (np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)[:, [2, 1, 0, 3]]


def _open_ct() -> Path:
    path = folder() / CT_FOLDER
    if not (path / "example_ct_dicom").exists():
        pytest.skip("reference data 'imaging/abdomen_ct' are not in the data folder (SUWEN_DATA)")
    return path


def test_an_open_ct_is_read_as_by_simpleitk_and_its_mask_fits() -> None:
    path = _open_ct()
    image = read_study(path / "example_ct_dicom").images[0]
    _agrees(image, path / "example_ct_dicom")
    assert (image.unit, image.grid.scale, image.values.dtype) == ("HU", Scale.PATIENT, np.int16)
    labels = mask_on(image, path / "example_seg_dicom.nii.gz")
    inside = image.values[labels == 1]  # the spleen, whose density is known
    assert labels.shape == image.values.shape
    if len(inside):
        assert 20 < np.median(inside) < 160


def test_an_open_ct_as_nifti_is_read_as_by_nibabel() -> None:
    path = _open_ct() / "example_ct.nii.gz"
    peer = nib.load(path)
    image = read_study(path).images[0]
    assert np.array_equal(image.values, np.asarray(peer.dataobj).T)
    assert np.allclose(np.array(image.grid.affine), _lps(peer.affine))
