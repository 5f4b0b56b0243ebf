"""Mixed, tilted, gapped, doubled and shuffled series become images that are true to their header, or say why not."""

from __future__ import annotations

import gzip
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from series_maker import AXIAL, enhanced, saved, series_of, slice_of

from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.images import Image, Study, notice_key, read_studies, read_study
from suwen.formats.images.notices import notice_text
from suwen.subject.grid import Scale

VOLUME = np.arange(8 * 5 * 6).reshape(8, 5, 6).astype(np.int16)


def _keys(image: Image) -> set[str]:
    return {notice_key(one) for one in image.noticed}


def _read(datasets: list, tmp_path: Path) -> Study:
    return read_study(saved(datasets, tmp_path / "study"))


def test_files_in_any_order_give_the_same_volume(tmp_path: Path) -> None:
    made = series_of(VOLUME)
    one = read_study(saved(made, tmp_path / "one")).images[0]
    other = read_study(saved(made[::-1], tmp_path / "other")).images[0]
    assert np.array_equal(one.values, other.values)
    assert one.grid == other.grid
    assert np.array_equal(one.values, VOLUME - 1024)
    assert one.grid.spacing == (2.0, 0.7, 0.9)
    assert [source.sop_instance for source in one.sources] == [one.SOPInstanceUID for one in made]
    assert not _keys(one)


def test_slices_are_sorted_by_place_and_not_by_number(tmp_path: Path) -> None:
    made = series_of(VOLUME, step=(0.0, 0.0, -2.0))  # numbered from the head down
    image = _read(made, tmp_path).images[0]
    assert np.array_equal(image.values, VOLUME[::-1] - 1024)
    assert image.grid.point((0, 0, 0)) == (-10.0, -20.0, 16.0)


def test_a_tilted_gantry_keeps_its_lean_and_its_true_volume(tmp_path: Path) -> None:
    lean = math.radians(15)
    step = (0.0, round(2 * math.sin(lean), 6), round(2 * math.cos(lean), 6))
    image = _read(series_of(VOLUME, step=step), tmp_path).images[0]
    assert _keys(image) >= {"tilt"}
    assert "15" in next(one.what for one in image.noticed if notice_key(one) == "tilt")
    assert np.allclose(image.grid.point((7, 0, 0)), np.array((-10.0, -20.0, 30.0)) + 7 * np.array(step), atol=1e-6)
    assert image.grid.cell == pytest.approx(0.7 * 0.9 * 2 * math.cos(lean), rel=1e-5)


def test_a_missing_slice_cuts_the_volume_and_is_never_made_up(tmp_path: Path) -> None:
    made = series_of(VOLUME)
    study = _read(made[:3] + made[4:], tmp_path)
    assert sorted(one.values.shape[0] for one in study.images) == [3, 4]
    for image in study.images:
        assert _keys(image) == {"missing"}
        start = round((image.grid.point((0, 0, 0))[2] - 30) / 2)
        assert np.array_equal(image.values, VOLUME[start : start + len(image.values)] - 1024)
    assert len({one.id for one in study.images}) == 2


def test_a_change_of_distance_cuts_the_volume_there(tmp_path: Path) -> None:
    """Heads are often scanned with thin slices below and thick ones above."""
    heights = (0.0, 2.5, 5.0, 7.5, 12.5, 17.5, 22.5, 27.5)
    made = [slice_of(VOLUME[at], at, position=(0, 0, height)) for at, height in enumerate(heights)]
    images = _read(made, tmp_path).images
    assert [(one.values.shape[0], one.grid.spacing[0]) for one in images] == [(4, 2.5), (4, 5.0)]
    assert all("unequal" in _keys(one) for one in images)


def test_slices_without_any_even_grid_have_no_millimetres(tmp_path: Path) -> None:
    heights = (0.0, 1.0, 3.3, 4.1, 9.0, 9.9, 15.0, 22.0)
    made = [slice_of(VOLUME[at], at, position=(0, 0, height)) for at, height in enumerate(heights)]
    (image,) = _read(made, tmp_path).images
    assert (image.grid.scale, image.grid.affine, image.grid.spacing) == (Scale.NONE, None, None)
    assert "irregular" in _keys(image)


def test_copies_are_read_once_and_noticed(tmp_path: Path) -> None:
    made = series_of(VOLUME)
    (image,) = _read([*made, made[2], made[5]], tmp_path).images
    assert image.values.shape == VOLUME.shape
    assert "copies" in _keys(image)


def test_a_copy_under_another_name_is_read_once(tmp_path: Path) -> None:
    made = series_of(VOLUME)
    again = slice_of(VOLUME[2], 99, position=made[2].ImagePositionPatient)
    (image,) = _read([*made, again], tmp_path).images
    assert image.values.shape == VOLUME.shape
    assert "copies" in _keys(image)


@pytest.mark.parametrize("same_name", [True, False])
def test_another_slice_at_the_same_place_is_kept_apart_and_noticed(tmp_path: Path, same_name: bool) -> None:
    made = series_of(VOLUME)
    rival = slice_of(VOLUME[7], 3 if same_name else 99, position=made[2].ImagePositionPatient)
    images = _read([*made, rival], tmp_path).images
    assert sorted(one.values.shape[0] for one in images) == [1, 8]
    assert all("conflict" in _keys(one) for one in images)


def test_echoes_and_directions_and_localizers_become_images_of_their_own(tmp_path: Path) -> None:
    first = series_of(VOLUME[:3], EchoTime=10.0, Modality="MR", EchoNumbers=1)
    second = series_of(VOLUME[3:6], EchoTime=80.0, Modality="MR", EchoNumbers=2)
    adc = series_of(VOLUME[5:8], EchoTime=10.0, Modality="MR", ImageType=["DERIVED", "PRIMARY", "ADC"])
    side = series_of(VOLUME[:2], orientation=(0, 1, 0, 0, 0, -1), step=(-2, 0, 0), Modality="MR", EchoTime=10.0)
    made = [*first, *second, *adc, *side]
    for at, one in enumerate(made):
        one.SOPInstanceUID = f"1.2.3.{at}"
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    images = _read(made, tmp_path).images
    assert sorted(one.values.shape[0] for one in images) == [2, 3, 3, 3]
    assert not any("conflict" in _keys(one) for one in images)


@pytest.mark.parametrize("keyword", ["TemporalPositionIdentifier", "TriggerTime", "AcquisitionNumber"])
def test_times_at_the_same_places_become_images_of_their_own(tmp_path: Path, keyword: str) -> None:
    made = []
    for time in (1, 2, 3):
        part = series_of(VOLUME + time, **{keyword: time})
        for at, one in enumerate(part):
            one.SOPInstanceUID = f"1.2.3.{time}.{at}"
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        made += part
    images = _read(made, tmp_path).images
    assert [one.values.shape for one in images] == [VOLUME.shape] * 3
    assert sorted(int(one.values[0, 0, 0]) for one in images) == [-1023, -1022, -1021]
    assert not any(_keys(one) for one in images)


def test_a_number_that_counts_slices_does_not_cut_a_series(tmp_path: Path) -> None:
    made = series_of(VOLUME)
    for at, one in enumerate(made):
        one.AcquisitionNumber = at
    assert [one.values.shape for one in _read(made, tmp_path).images] == [VOLUME.shape]


def test_slices_without_a_place_are_not_joined(tmp_path: Path) -> None:
    made = series_of(VOLUME[:3], ImagePositionPatient=None, ImageOrientationPatient=None)
    images = _read(made, tmp_path).images
    assert [one.values.shape for one in images] == [(5, 6)] * 3
    for image in images:
        assert (image.grid.affine, image.grid.spacing, image.grid.scale) == (None, (0.7, 0.9), Scale.PATIENT)
        assert "unplaced" in _keys(image)


def test_slices_without_spacing_have_no_scale(tmp_path: Path) -> None:
    (image,) = _read(series_of(VOLUME, PixelSpacing=None), tmp_path).images
    assert (image.grid.affine, image.grid.scale) == (None, Scale.NONE)
    assert "no_scale" in _keys(image)


@pytest.mark.parametrize(("thickness", "key"), [(1.0, "gaps"), (3.0, "overlap"), (2.0, None)])
def test_a_thickness_that_is_not_the_distance_is_noticed(tmp_path: Path, thickness: float, key: str | None) -> None:
    (image,) = _read(series_of(VOLUME, SliceThickness=thickness), tmp_path).images
    assert _keys(image) == ({key} if key else set())
    assert image.grid.spacing[0] == 2.0


def test_a_single_slice_takes_its_thickness_or_is_flat(tmp_path: Path) -> None:
    (thick,) = _read(series_of(VOLUME[:1]), tmp_path).images
    assert (thick.values.shape, thick.grid.spacing, _keys(thick)) == ((1, 5, 6), (2.0, 0.7, 0.9), {"single"})
    (flat,) = read_study(saved(series_of(VOLUME[:1], SliceThickness=None), tmp_path / "flat")).images
    assert (flat.values.shape, flat.grid.spacing, _keys(flat)) == ((5, 6), (0.7, 0.9), {"flat"})
    assert np.allclose(flat.grid.point((4, 5)), (-10 + 5 * 0.9, -20 + 4 * 0.7, 30))


def test_positions_rounded_to_a_tenth_stay_one_volume(tmp_path: Path) -> None:
    made = [
        slice_of(values, at, position=(0, 0, round(at * 1.25, 1)), SliceThickness=1.25)
        for at, values in enumerate(VOLUME)
    ]
    (image,) = _read(made, tmp_path).images
    assert image.values.shape == VOLUME.shape
    assert "rounded" in _keys(image)


def test_one_damaged_file_does_not_lose_the_rest(tmp_path: Path) -> None:
    path = saved(series_of(VOLUME), tmp_path / "study")
    whole = (path / "0007.dcm").read_bytes()
    (path / "0007.dcm").write_bytes(whole[:-20])
    (path / "notes.txt").write_text("a report")
    study = read_study(path)
    assert study.images[0].values.shape == (7, 5, 6)
    assert [(one.where, notice_key(one)) for one in study.left_out] == [
        ("0007.dcm", "unreadable"),
        ("notes.txt", "not_known"),
    ]


def test_nothing_readable_is_one_error_with_all_reasons(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.dcm").write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(FormatError) as caught:
        read_study(tmp_path)
    assert len(caught.value.problems) == 2
    with pytest.raises(NotFoundError):
        read_study(tmp_path / "nowhere")


def test_two_studies_are_not_taken_for_one_patient(tmp_path: Path) -> None:
    path = saved([*series_of(VOLUME), *series_of(VOLUME, series="b", StudyInstanceUID="1.2.3")], tmp_path / "two")
    with pytest.raises(InputError, match="2 studies"):
        read_study(path)
    assert [len(one.images) for one in read_studies(path)] == [1, 1]


def test_a_zip_is_read_like_a_folder_and_a_bomb_is_not(tmp_path: Path) -> None:
    path = saved(series_of(VOLUME), tmp_path / "study")
    packed = tmp_path / "study.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path.iterdir()):
            archive.write(file, file.name)
    (image,) = read_study(packed).images
    assert np.array_equal(image.values, VOLUME - 1024)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.nii.gz", gzip.compress(nib.Nifti1Image(VOLUME, np.eye(4)).to_bytes()))
    assert [one.values.shape for one in read_study(packed).images] == [(8, 5, 6), (6, 5, 8)]
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(3_000_000))
    with pytest.raises(InputError, match="limit"):
        read_study(packed, limit=2_000_000)


def test_the_limit_holds_before_anything_is_allocated(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="limit"):
        read_study(saved(series_of(VOLUME), tmp_path / "study"), limit=100)


def test_a_link_round_in_circles_and_a_pipe_are_passed_over(tmp_path: Path) -> None:
    import os  # noqa: PLC0415

    path = saved(series_of(VOLUME), tmp_path / "study")
    (path / "loop").symlink_to(path)
    (path / "lost").symlink_to(path / "nothing")
    os.mkfifo(path / "pipe")
    assert read_study(path).images[0].values.shape == VOLUME.shape


def test_no_name_of_a_patient_is_in_any_word(tmp_path: Path) -> None:
    path = saved([*series_of(VOLUME), series_of(VOLUME, series="x", Rows=0)[0]], tmp_path / "study")
    study = read_study(path)
    said = repr([(one.noticed, one.acquired, one.description, one.id) for one in study.images]) + repr(study.left_out)
    assert study.left_out
    assert "Doe" not in said
    assert "SECRET" not in said


def test_progress_is_told_frame_by_frame(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    read_study(saved(series_of(VOLUME), tmp_path / "study"), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(at + 1, 8) for at in range(8)]


def test_an_enhanced_object_is_sorted_by_its_frames(tmp_path: Path) -> None:
    order = (3, 0, 7, 5, 1, 2, 6, 4)
    made = enhanced(VOLUME[list(order)], order=order)
    (image,) = _read([made], tmp_path).images
    assert np.array_equal(image.values, VOLUME - 1024)
    assert (image.grid.spacing, image.unit) == ((2.0, 0.7, 0.9), "HU")
    assert image.grid.point((7, 4, 5)) == pytest.approx((-10 + 5 * 0.9, -20 + 4 * 0.7, 44))
    assert [one.frame for one in image.sources] == [order.index(at) + 1 for at in range(8)]


def test_the_stacks_of_an_enhanced_object_become_images(tmp_path: Path) -> None:
    images = _read([enhanced(VOLUME, stacks="11112222")], tmp_path).images
    assert [one.values.shape[0] for one in images] == [4, 4]


def test_an_enhanced_object_rescales_each_frame(tmp_path: Path) -> None:
    (image,) = _read([enhanced(VOLUME, intercepts=[-10.0 * at for at in range(8)])], tmp_path).images
    assert np.array_equal(image.values, VOLUME - 10 * np.arange(8)[:, None, None])


def test_an_enhanced_object_that_describes_other_frames_is_refused(tmp_path: Path) -> None:
    made = enhanced(VOLUME)
    made.PerFrameFunctionalGroupsSequence.pop()
    with pytest.raises(FormatError, match="described"):
        _read([made], tmp_path)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    angles=st.tuples(*[st.floats(-3.1, 3.1)] * 3),
    origin=st.tuples(*[st.floats(-500, 500).map(lambda one: round(one, 3))] * 3),
    distance=st.floats(0.3, 10).map(lambda one: round(one, 3)),
    spacing=st.tuples(*[st.floats(0.1, 3).map(lambda one: round(one, 4))] * 2),
    shuffle=st.permutations(range(4)),
)
def test_any_rotation_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    angles: tuple[float, float, float],
    origin: tuple[float, float, float],
    distance: float,
    spacing: tuple[float, float],
    shuffle: list[int],
) -> None:
    """Whatever the direction, every sample lies at origin + slice × step + row × down + column × across."""
    row, column = _turned(angles)
    normal = np.cross(row, column)
    made = series_of(
        VOLUME[:4],
        origin=origin,
        step=(normal * distance).tolist(),
        orientation=[float(one) for one in np.round([*row, *column], 9)],
        spacing=spacing,
        SliceThickness=None,
    )
    for one in made:
        one.ImagePositionPatient = [f"{value:.6f}" for value in one.ImagePositionPatient]
        one.ImageOrientationPatient = [f"{value:.9f}" for value in one.ImageOrientationPatient]
    path = saved([made[at] for at in shuffle], tmp_path_factory.mktemp("turned"))
    (image,) = read_study(path).images
    assert np.array_equal(image.values, VOLUME[:4] - 1024)
    for index in ((0, 0, 0), (3, 4, 5), (1, 2, 0)):
        there = np.array(origin) + index[0] * distance * normal
        there = there + index[1] * spacing[0] * column + index[2] * spacing[1] * row
        assert np.allclose(image.grid.point(index), there, atol=1e-4)


def _turned(angles: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one, other = [at for at in range(3) if at != axis]
        plane = np.eye(3)
        plane[one, one] = plane[other, other] = math.cos(angle)
        plane[one, other], plane[other, one] = -math.sin(angle), math.sin(angle)
        turn = turn @ plane
    return turn @ np.array(AXIAL[:3]), turn @ np.array(AXIAL[3:])


def test_a_folder_that_may_not_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that what lies in a closed folder is named as left out, in both languages, and not passed over."""
    saved(series_of(VOLUME), tmp_path / "open")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (told,) = read_study(tmp_path).left_out
    assert told.where == "closed/"
    assert "未能读取" in notice_text(told, "zh")
