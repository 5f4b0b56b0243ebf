"""Label maps in NIfTI come back with the same voxels at the same place by readers of other hands, naming no patient."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from write_cases import KINDS, PATIENT, abdomen, blob, case

from suwen import datasets
from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.read import read_study
from suwen.formats.images.writing.nifti import nifti_affine, write_nifti
from suwen.subject import Grid, Scale

nibabel = pytest.importorskip("nibabel")
RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_voxels_lie_where_they_lay(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    first, second = blob(image), blob(image, 0.5, 0.35)
    second &= ~first
    write_nifti(tmp_path / "labels.nii.gz", image, [("肺", first), ("heart", second)])
    found = nibabel.load(tmp_path / "labels.nii.gz")
    labels = np.asarray(found.dataobj)
    for number, mask in ((1, first), (2, second)):
        back = (labels == number).transpose(2, 1, 0).reshape(mask.shape)
        np.testing.assert_array_equal(back, mask)
    assert found.header["sform_code"] == (1 if image.grid.affine else 0)
    if image.grid.affine:
        index = np.array([*np.argwhere(labels == 1)[0], 1.0])
        expected = image.grid.point(index[2::-1])
        np.testing.assert_allclose((RAS @ found.affine @ index)[:3], expected, atol=1e-3)
        np.testing.assert_allclose(found.header.get_zooms()[::-1], image.grid.spacing, rtol=1e-5)


def test_labels_are_named_in_the_file_and_the_patient_is_not(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    write_nifti(tmp_path / "labels.nii", image, [("肺", blob(image))])
    header = nibabel.load(tmp_path / "labels.nii").header
    assert json.loads(header.extensions[0].get_content()) == {"1": "肺"}
    assert (header.get_intent()[0], bytes(header["descrip"]).rstrip(b"\0")) == ("label", b"Suwen label map")
    raw = (tmp_path / "labels.nii").read_bytes()
    for secret in (PATIENT, "P-17", "19610203", "mr.dcm"):
        assert secret.encode() not in raw


def test_a_sheared_grid_has_an_exact_sform_and_no_qform(tmp_path: Path) -> None:
    image = case("oblique", tmp_path / "oblique")
    write_nifti(tmp_path / "labels.nii.gz", image, [("lung", blob(image))])
    found = nibabel.load(tmp_path / "labels.nii.gz")
    np.testing.assert_allclose(found.affine, nifti_affine(image.grid), atol=1e-4)
    assert (found.header["sform_code"], found.header["qform_code"]) == (1, 0)


@pytest.mark.parametrize("kind", ["ct", "enhanced", "mr"])
def test_simpleitk_sees_the_same_place(kind: str, tmp_path: Path) -> None:
    peer = pytest.importorskip("SimpleITK")
    image = case(kind, tmp_path / kind)
    mask = blob(image)
    write_nifti(tmp_path / "labels.nii.gz", image, [("lung", mask)])
    found = peer.ReadImage(str(tmp_path / "labels.nii.gz"))
    np.testing.assert_array_equal(peer.GetArrayFromImage(found), mask)
    for index in np.argwhere(mask)[:: max(1, mask.sum() // 7)]:
        place = found.TransformIndexToPhysicalPoint([int(one) for one in index[::-1]])
        np.testing.assert_allclose(place, image.grid.point(index.tolist()), atol=2e-3)


def test_our_own_reader_gives_the_same_place(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    write_nifti(tmp_path / "labels.nii.gz", image, [("lung", blob(image))])
    back = read_study(tmp_path / "labels.nii.gz").images[0]
    at = np.array([back.grid.point(one.tolist()) for one in np.argwhere(back.values == 1)[::50]])
    affine = np.linalg.inv(np.array(image.grid.affine))
    index = np.round(at @ affine[:3, :3].T + affine[:3, 3]).astype(int)
    assert blob(image)[tuple(index.T)].all()
    assert int((back.values == 1).sum()) == int(blob(image).sum())


def test_organs_of_the_reference_data_stay_in_place(tmp_path: Path) -> None:
    """Labels drawn by others on the converted CT, brought to our grid and written, are theirs voxel by voxel."""
    image = abdomen(tmp_path / "abdomen")
    theirs = nibabel.load(datasets.path("abdomen-ct") / "example_seg_dicom.nii.gz")
    labels = np.asarray(theirs.dataobj).astype(np.uint8)
    to_ours = np.linalg.inv(np.array(image.grid.affine)) @ RAS @ theirs.affine
    at = np.argwhere(labels > 0)
    index = np.round(at @ to_ours[:3, :3].T + to_ours[:3, 3]).astype(int)
    names = np.unique(labels[labels > 0])
    masks = []
    for number in names:
        mask = np.zeros(image.values.shape, bool)
        mask[tuple(index[labels[tuple(at.T)] == number].T)] = True
        masks.append((str(number), mask))
    write_nifti(tmp_path / "labels.nii.gz", image, masks)
    ours = nibabel.load(tmp_path / "labels.nii.gz")
    back = np.round(at @ (np.linalg.inv(ours.affine) @ theirs.affine)[:3, :3].T
                    + (np.linalg.inv(ours.affine) @ theirs.affine)[:3, 3]).astype(int)  # fmt: skip
    written = np.asarray(ours.dataobj)[tuple(back.T)]
    np.testing.assert_array_equal(names[written - 1], labels[tuple(at.T)])
    assert len(names) > 10


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3), elements=st.integers(0, 3)),
    turn=arrays(np.float64, (3, 3), elements=st.floats(-3, 3, width=32)),
    origin=arrays(np.float64, 3, elements=st.floats(-500, 500, width=32)),
)
def test_any_labels_on_any_grid_come_back(
    labels: NDArray[np.uint8], turn: NDArray[np.float64], origin: NDArray[np.float64], tmp_path: Path
) -> None:
    turn = turn + np.diag([7.0, -8.0, 9.0])  # sheared, but never flat
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn, origin
    spacing = tuple(float(one) for one in np.linalg.norm(turn, axis=0))
    grid = Grid(labels.shape, spacing, Scale.PATIENT, tuple(tuple(row) for row in affine.tolist()))
    write_nifti(tmp_path / "any.nii.gz", Image("x", labels.copy(), grid), [(str(n), labels == n) for n in (1, 2, 3)])
    found = nibabel.load(tmp_path / "any.nii.gz")
    np.testing.assert_array_equal(np.asarray(found.dataobj).transpose(2, 1, 0), labels)
    np.testing.assert_allclose(RAS @ found.affine @ np.eye(4)[[2, 1, 0, 3]], affine, atol=1e-4)


def test_the_same_is_written_again_byte_for_byte_and_gzipped_by_name(tmp_path: Path) -> None:
    image = case("cr", tmp_path / "cr")
    for name in ("a.nii", "a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, image, [("heart", blob(image))])
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes()) == (tmp_path / "a.nii").read_bytes()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    image = case("cr", tmp_path / "cr")
    mask = blob(image)
    for name, masks, match in (
        ("x.png", [("heart", mask)], "not the name"),
        ("x.nii", [("heart", mask), ("lung", mask)], "overlaps"),
        ("x.nii", [("heart", mask[1:])], "do not fit"),
        ("x.nii", [], "no mask"),
    ):
        with pytest.raises(InputError, match=match):
            write_nifti(tmp_path / name, image, masks)
        assert not (tmp_path / name).exists()
