"""NIfTI lies in LPS where nibabel puts it in RAS, whatever its axes, units and rescale; damage is an error."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.formats.images import Image, Study, notice_key, read_study
from suwen.subject.grid import Scale

VALUES = np.arange(4 * 5 * 6).reshape(4, 5, 6).astype(np.int16)  # as nibabel has it: columns, rows, slices
OBLIQUE = np.array([[-0.8, 0.5, 0.1, 12], [0.6, 0.9, -0.3, -40], [0.05, 0.2, 2.9, 7], [0, 0, 0, 1]], float)


def _written(image: object, tmp_path: Path, name: str = "one.nii") -> Study:
    nib.save(image, tmp_path / name)
    return read_study(tmp_path / name)


def _keys(image: Image) -> set[str]:
    return {notice_key(one) for one in image.noticed}


def _in_mm(values: np.ndarray, affine: np.ndarray) -> object:
    made = nib.Nifti1Image(values, affine)
    made.header.set_xyzt_units("mm", "sec")
    return made


@pytest.mark.parametrize("name", ["one.nii", "one.nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_every_sample_lies_where_nibabel_puts_it(kind: type, name: str, tmp_path: Path) -> None:
    made = kind(VALUES, OBLIQUE)
    made.header.set_xyzt_units("mm")
    (image,) = _written(made, tmp_path, name).images
    assert (image.values.shape, image.values.dtype, image.grid.scale) == ((6, 5, 4), np.int16, Scale.PATIENT)
    assert not image.noticed
    for column, row, place in ((0, 0, 0), (3, 4, 5), (1, 0, 5)):
        x, y, z = (OBLIQUE @ (column, row, place, 1))[:3]
        assert np.allclose(image.grid.point((place, row, column)), (-x, -y, z), atol=1e-5)
        assert image.values[place, row, column] == VALUES[column, row, place]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(-3, 3), min_size=9, max_size=9),
    st.lists(st.floats(-500, 500), min_size=3, max_size=3),
)
def test_any_affine_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, turn: list[float], origin: list[float]
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = np.array(turn).reshape(3, 3) + 4 * np.eye(3)[[1, 2, 0]]
    affine[:3, 3] = origin
    if abs(np.linalg.det(affine[:3, :3])) < 1e-2:
        return
    made = nib.Nifti1Image(VALUES, None)
    made.header.set_sform(affine, code=1)
    made.header.set_xyzt_units("mm")
    path = tmp_path_factory.mktemp("affine") / "one.nii"
    nib.save(made, path)
    (image,) = read_study(path).images
    peer = np.diag([-1, -1, 1, 1]) @ nib.load(path).affine
    for index in ((0, 0, 0), (5, 4, 3), (2, 0, 1)):
        assert np.allclose(image.grid.point(index), (peer @ (*index[::-1], 1))[:3], atol=1e-3)
    assert image.grid.cell == pytest.approx(abs(np.linalg.det(peer[:3, :3])), rel=1e-4)


def test_the_sform_goes_before_the_qform_and_a_difference_is_noticed(tmp_path: Path) -> None:
    made = _in_mm(VALUES, np.diag([1.0, 1.0, 1.0, 1.0]))
    made.set_qform(np.diag([1.0, 1.0, 1.0, 1.0]), code=1)
    moved = np.eye(4)
    moved[0, 3] = 5
    made.set_sform(moved, code=2)
    (image,) = _written(made, tmp_path).images
    assert image.grid.point((0, 0, 0)) == (-5, 0, 0)
    assert "two_places" in _keys(image)


def test_a_qform_alone_places_an_image(tmp_path: Path) -> None:
    made = _in_mm(VALUES, np.eye(4))
    turned = np.array([[0, -2, 0, 3], [1.5, 0, 0, 4], [0, 0, 3, 5], [0, 0, 0, 1]], float)
    made.set_sform(None, code=0)
    made.set_qform(turned, code=1)
    (image,) = _written(made, tmp_path).images
    assert np.allclose(image.grid.point((1, 1, 1)), (2 - 3, -1.5 - 4, 8), atol=1e-5)
    assert image.grid.spacing == pytest.approx((3, 2, 1.5))


def test_without_qform_and_sform_left_and_right_are_unknown(tmp_path: Path) -> None:
    made = nib.Nifti1Image(VALUES, None)
    made.header.set_zooms((1.5, 2.0, 3.0))
    made.header.set_xyzt_units("mm")
    made.header["qform_code"] = made.header["sform_code"] = 0
    (image,) = _written(made, tmp_path).images
    assert (image.grid.affine, image.grid.spacing) == (None, (3.0, 2.0, 1.5))
    assert "not_oriented" in _keys(image)


@pytest.mark.parametrize(
    ("unit", "factor", "key"), [("meter", 1000, None), ("micron", 0.001, None), (0, 1, "no_units")]
)
def test_the_unit_of_length_counts(unit: str | int, factor: float, key: str | None, tmp_path: Path) -> None:
    made = nib.Nifti1Image(VALUES, OBLIQUE)
    made.header.set_xyzt_units(unit)
    (image,) = _written(made, tmp_path).images
    x, y, z = (OBLIQUE @ (3, 4, 5, 1))[:3] * factor
    assert np.allclose(image.grid.point((5, 4, 3)), (-x, -y, z), rtol=1e-5)
    assert _keys(image) == ({key} if key else set())


@pytest.mark.parametrize(("slope", "inter", "kind"), [(1, 0, "i"), (2, -7, "i"), (0.5, 1, "f"), (0, 9, "i")])
def test_the_rescale_is_that_of_nibabel(slope: float, inter: float, kind: str, tmp_path: Path) -> None:
    made = _in_mm(VALUES, np.eye(4))
    data = bytearray(made.to_bytes())
    data[112:120] = np.array([slope, inter], "<f4").tobytes()
    (tmp_path / "one.nii").write_bytes(data)
    (image,) = read_study(tmp_path / "one.nii").images
    assert np.allclose(image.values, np.asarray(nib.load(tmp_path / "one.nii").dataobj).T)
    assert image.values.dtype.kind == kind


def test_a_big_endian_file_is_read(tmp_path: Path) -> None:
    made = nib.Nifti1Image(VALUES.astype(">i2"), OBLIQUE, nib.Nifti1Header(endianness=">"))
    made.header.set_xyzt_units("mm")
    (image,) = _written(made, tmp_path).images
    assert np.array_equal(image.values, VALUES.T)


def test_volumes_over_time_become_images(tmp_path: Path) -> None:
    four = np.stack([VALUES, VALUES + 1, VALUES + 2], -1)
    images = _written(_in_mm(four, OBLIQUE), tmp_path).images
    assert [one.values.shape for one in images] == [(6, 5, 4)] * 3
    assert all(np.array_equal(one.values, VALUES.T + at) for at, one in enumerate(images))
    assert all("volume_of" in _keys(one) for one in images)


def test_samples_that_are_no_numbers_are_zero_and_noticed(tmp_path: Path) -> None:
    values = VALUES.astype(np.float32)
    values[0, 0, 0], values[1, 1, 1] = np.nan, np.inf
    (image,) = _written(_in_mm(values, np.eye(4)), tmp_path).images
    assert np.isfinite(image.values).all()
    assert "no_numbers" in _keys(image)


@pytest.mark.parametrize("kind", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]], ids=["complex", "colour"])
def test_samples_of_other_types_are_refused(kind: object, tmp_path: Path) -> None:
    values = np.zeros((2, 2, 2), kind)
    with pytest.raises(FormatError, match="type"):
        _written(nib.Nifti1Image(values, np.eye(4)), tmp_path)


def test_a_file_cut_short_and_one_that_lies_are_refused(tmp_path: Path) -> None:
    whole = _in_mm(VALUES, np.eye(4)).to_bytes()
    (tmp_path / "short.nii").write_bytes(whole[:-1])
    (tmp_path / "short.nii.gz").write_bytes(gzip.compress(whole)[:-30])
    huge = bytearray(whole)
    huge[42:48] = np.array([30_000] * 3, "<i2").tobytes()
    (tmp_path / "huge.nii").write_bytes(huge)
    (tmp_path / "huge.nii.gz").write_bytes(gzip.compress(bytes(huge)))
    for name in ("short.nii", "short.nii.gz", "huge.nii", "huge.nii.gz"):
        with pytest.raises(InputError):
            read_study(tmp_path / name)
