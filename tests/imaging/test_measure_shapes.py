"""Measures of balls, ellipsoids, boxes, cylinders and discs meet their formulas, brute force, and SimpleITK."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.distance import pdist

from suwen.imaging.measure import measure
from suwen.imaging.measure.frame import cut
from suwen.imaging.measure.mesh import border_points, bulk, outline, triangles
from suwen.subject.grid import Grid, Scale


def _ellipsoid(half: tuple[float, float, float], spacing: tuple[float, float, float]) -> tuple[NDArray[np.bool_], Grid]:
    shape = tuple(int(2 * a / s) + 5 for a, s in zip(half, spacing, strict=True))
    place = [(np.arange(n) - (n - 1) / 2 + 0.13) * s / a for n, s, a in zip(shape, spacing, half, strict=True)]
    z, y, x = np.meshgrid(*place, indexing="ij")
    return z**2 + y**2 + x**2 <= 1, Grid(shape, spacing, Scale.PATIENT)


@pytest.mark.parametrize("spacing", [2.0, 1.0, 0.5])
def test_a_ball_converges_to_its_formula(spacing: float) -> None:
    radius = 15.0
    mask, grid = _ellipsoid((radius,) * 3, (spacing,) * 3)
    found = measure(mask, grid)
    step = spacing / radius  # the error of one border sample, as a share
    assert found.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.2 * step)
    assert found.surface == pytest.approx(4 * np.pi * radius**2, rel=0.2 * step)
    assert found.sphericity == pytest.approx(1, abs=0.2 * step)
    assert found.perimeter == pytest.approx(2 * np.pi * radius, rel=0.5 * step)
    assert found.area == pytest.approx(np.pi * radius**2, rel=0.5 * step)
    for line in (found.longest, found.across, found.widest):
        assert line.length == pytest.approx(2 * radius, abs=spacing)
    assert found.axis_lengths == pytest.approx((2 * radius / 5**0.5 * 2,) * 3, rel=0.1 * step)
    assert 0.85 < found.solidity <= 1
    assert found.mesh_surface is not None
    assert found.surface is not None
    assert 1.05 < found.mesh_surface / found.surface < 1.11  # the known bias of marching cubes on a mask


@pytest.mark.parametrize("spacing", [(1.0, 0.8, 0.8), (2.5, 0.7, 0.7)])
def test_an_ellipsoid_has_its_axes(spacing: tuple[float, float, float]) -> None:
    half = (10.0, 14.0, 22.0)
    mask, grid = _ellipsoid(half, spacing)
    found = measure(mask, grid)
    assert found.volume == pytest.approx(4 / 3 * np.pi * np.prod(half), rel=0.01)
    assert found.axis_lengths == pytest.approx(sorted((4 * a / 5**0.5 for a in half), reverse=True), rel=0.02)
    assert found.elongation == pytest.approx(14 / 22, rel=0.02)
    assert found.flatness == pytest.approx(10 / 22, rel=0.02)
    assert found.longest.length == pytest.approx(44, abs=1.6)
    assert found.across.length == pytest.approx(28, abs=1.6)
    p = 1.6075  # Thomsen's formula for the surface of an ellipsoid, right to 1.1 %
    a, b, c = half
    surface = 4 * np.pi * (((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3) ** (1 / p)
    assert found.surface == pytest.approx(surface, rel=0.03)


def test_a_box_is_as_long_as_its_samples_and_its_mesh_lies_half_a_step_out() -> None:
    mask = np.zeros((12, 20, 30), dtype=np.bool_)
    mask[2:10, 3:15, 4:28] = True
    found = measure(mask, Grid(mask.shape, (2.0, 1.0, 0.5), Scale.PATIENT))
    assert found.volume == 8 * 12 * 24
    assert found.box.first == (2, 3, 4)
    assert found.box.behind == (10, 15, 28)
    assert found.box.sides == (16, 12, 12)
    assert found.centre == (5.5, 8.5, 15.5)
    assert found.area == 12 * 12
    assert found.mesh_surface == pytest.approx(2 * (16 * 12 + 16 * 12 + 12 * 12), rel=0.08)
    assert 0.8 < found.surface / (2 * (16 * 12 + 16 * 12 + 12 * 12)) < 1  # as documented: flat faces come out small
    assert found.solidity == pytest.approx(1, abs=0.01)


def test_a_row_of_samples_is_as_long_as_it_is() -> None:
    mask = np.zeros((5, 5, 20), dtype=np.bool_)
    mask[2, 2, 3:13] = True
    found = measure(mask, Grid(mask.shape, (5.0, 0.5, 0.5), Scale.PATIENT))
    assert (found.longest.length, found.across.length) == (5.0, 0.5)
    assert found.widest.length == pytest.approx((5.0**2 + 4.5**2) ** 0.5)  # over the thickness of the slice
    assert sorted(end[2] for end in found.longest.ends) == [2.5, 12.5]
    assert found.elongation == 0


def test_a_cylinder_has_the_diameters_of_its_ends() -> None:
    y, x = np.ogrid[:61, :61]
    disc = (y - 30) ** 2 + (x - 30) ** 2 <= 25**2
    mask = np.repeat(disc[None], 20, axis=0)
    found = measure(mask, Grid(mask.shape, (2.0, 1.0, 1.0), Scale.PATIENT))
    assert found.volume == pytest.approx(np.pi * 25**2 * 40, rel=0.01)
    assert found.widest.length == pytest.approx((50**2 + 40**2) ** 0.5, abs=1.5)
    assert found.longest.length == pytest.approx(50, abs=1.1)
    assert found.surface == pytest.approx(2 * np.pi * 25 * (25 + 40), rel=0.09)
    assert found.touches_edge


def test_the_perimeter_of_a_disc_converges_and_that_of_a_square_is_near() -> None:
    y, x = np.ogrid[:201, :201]
    disc = measure((y - 100) ** 2 + (x - 100) ** 2 <= 80**2, Grid((201, 201), (0.5, 0.5), Scale.PATIENT))
    assert disc.perimeter == pytest.approx(2 * np.pi * 40, rel=0.005)
    assert disc.circularity == pytest.approx(1, abs=0.012)
    assert (disc.volume, disc.surface, disc.slice) == (None, None, None)
    square = np.zeros((60, 60), dtype=np.bool_)
    square[10:50, 10:50] = True
    found = measure(square, Grid((60, 60), (0.5, 0.5), Scale.PATIENT))
    assert found.perimeter == pytest.approx(80, rel=0.06)
    assert found.area == 400


def _rough(seed: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5)
    return field > np.quantile(field, 0.8)


@pytest.mark.parametrize("seed", range(4))
def test_diameters_equal_brute_force(seed: int) -> None:
    mask = _rough(seed, (10, 16, 18))
    spacing = np.array([2.5, 0.6, 0.9])
    found = measure(mask, Grid(mask.shape, tuple(spacing.tolist()), Scale.PATIENT))
    padded = np.pad(mask, 1)
    assert found.widest.length == pytest.approx(pdist(border_points(padded) * spacing).max(), rel=1e-12)
    flat = [pdist(border_points(np.pad(one, 1)) * spacing[1:]).max() for one in mask if one.any()]
    assert found.longest.length == pytest.approx(max(flat), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_chord_across_equals_a_fine_search(seed: int) -> None:
    mask = _rough(seed, (24, 28))
    found = measure(mask, Grid(mask.shape, (0.7, 0.9), Scale.PATIENT))
    pieces = outline(np.pad(mask, 1)) * np.array([0.7, 0.9])
    way = np.subtract(*found.longest.ends) * np.array([0.7, 0.9])
    way /= np.linalg.norm(way)
    along, up = pieces @ way, pieces @ np.array([-way[1], way[0]])
    best = 0.0
    for at in np.linspace(along.min(), along.max(), 4001):
        meets = (along[:, 0] - at) * (along[:, 1] - at) < 0
        share = (at - along[meets, 0]) / (along[meets, 1] - along[meets, 0])
        height = np.sort(up[meets, 0] + share * (up[meets, 1] - up[meets, 0]))
        if len(height) > 1 and len(height) % 2 == 0:
            best = max(best, float((height[1::2] - height[::2]).max()))
    assert best <= found.across.length + 1e-9
    assert found.across.length == pytest.approx(best, abs=0.02)


def test_a_chord_does_not_cross_what_is_not_the_region() -> None:
    mask = np.zeros((30, 40), dtype=np.bool_)
    mask[2:6, 2:38] = True
    mask[20:24, 2:30] = True  # two bars: a chord over both would be 22 long
    found = measure(mask, Grid(mask.shape, (1.0, 1.0), Scale.PATIENT))
    assert found.parts == 2
    assert found.across.length < 8
    assert found.solidity < 0.5


@pytest.mark.parametrize("seed", range(6))
def test_the_mesh_is_closed_and_counted_by_kind_as_by_triangle(seed: int) -> None:
    mask = np.pad(np.random.default_rng(seed).random((6, 7, 8)) < 0.5, 1)
    faces = triangles(mask)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).reshape(-1, 6)
    ahead = sorted(map(tuple, edges.tolist()))
    behind = sorted(map(tuple, edges[:, [3, 4, 5, 0, 1, 2]].tolist()))
    assert ahead == behind  # every edge is walked as often one way as the other: closed, and turned alike
    vectors = np.array([[2.0, 0.1, 0.0], [0.0, 0.7, 0.2], [0.1, 0.0, 0.9]])
    true = faces @ vectors
    volume = np.einsum("ij,ij->i", true[:, 0], np.cross(true[:, 1], true[:, 2])).sum() / 6
    area = np.linalg.norm(np.cross(true[:, 1] - true[:, 0], true[:, 2] - true[:, 0]), axis=1).sum() / 2
    assert bulk(mask, vectors) == pytest.approx((abs(volume), area), rel=1e-9)


def test_the_corners_of_the_mesh_are_the_border_points() -> None:
    mask = np.pad(_rough(9, (6, 7, 8)), 1)
    corners = set(map(tuple, triangles(mask).reshape(-1, 3).tolist()))
    assert corners == set(map(tuple, border_points(mask).tolist()))


@pytest.mark.parametrize("seed", range(3))
def test_simpleitk_agrees(seed: int) -> None:
    sitk = pytest.importorskip("SimpleITK")
    mask = np.pad(_rough(seed, (18, 20, 22)), 1)  # its perimeter leaves out what touches the edge
    spacing = (0.8, 0.8, 0.8)
    found = measure(mask, Grid(mask.shape, spacing, Scale.PATIENT))
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])
    peer = sitk.LabelShapeStatisticsImageFilter()
    peer.ComputeFeretDiameterOn()
    peer.Execute(image)
    assert found.volume == pytest.approx(peer.GetPhysicalSize(1))
    assert found.surface == pytest.approx(peer.GetPerimeter(1), rel=1e-6)
    # Its Feret diameter runs between centres of samples, ours between borders: about one step more.
    assert 0 <= found.widest.length - peer.GetFeretDiameter(1) <= np.linalg.norm(spacing)
    moments = np.sort(peer.GetPrincipalMoments(1))[::-1]
    assert found.axis_lengths == pytest.approx(4 * np.sqrt(moments), rel=1e-6)
    centre = tuple(at * step for at, step in zip(found.centre, spacing, strict=True))
    assert centre[::-1] == pytest.approx(peer.GetCentroid(1))
    assert found.samples == peer.GetNumberOfPixels(1)
    size = np.subtract(found.box.behind, found.box.first)
    assert (*found.box.first[::-1], *size[::-1]) == peer.GetBoundingBox(1)


@pytest.mark.parametrize("half", [(30.0, 12.0, 12.0), (12.0, 30.0, 30.0)], ids=["long", "flat"])
def test_thick_slices_leave_the_surface_nearer_to_the_truth_than_that_of_simpleitk(
    half: tuple[float, float, float],
) -> None:
    sitk = pytest.importorskip("SimpleITK")
    spacing = (2.0, 0.8, 0.8)
    mask, grid = _ellipsoid(half, spacing)
    a, b = half[0], half[1]
    bent = abs(1 - (b / a) ** 2) ** 0.5 if a > b else (1 - (a / b) ** 2) ** 0.5
    cap = a / (b * bent) * np.arcsin(bent) if a > b else (1 - bent**2) / bent * np.arctanh(bent)
    true = 2 * np.pi * b**2 * (1 + cap)
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])
    peer = sitk.LabelShapeStatisticsImageFilter()
    peer.Execute(image)
    ours = measure(mask, grid).surface
    assert ours == pytest.approx(true, rel=0.07)
    assert ours is not None
    assert abs(ours - true) < abs(peer.GetPerimeter(1) - true)


def test_simpleitk_agrees_on_a_flat_region() -> None:
    sitk = pytest.importorskip("SimpleITK")
    mask = np.pad(_rough(1, (40, 50)), 1)
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing((0.9, 0.9))
    peer = sitk.LabelShapeStatisticsImageFilter()
    peer.Execute(image)
    found = measure(mask, Grid(mask.shape, (0.9, 0.9), Scale.PATIENT))
    assert found.area == pytest.approx(peer.GetPhysicalSize(1))
    assert found.perimeter == pytest.approx(peer.GetPerimeter(1), rel=1e-6)
    assert found.parts == sitk.GetArrayFromImage(sitk.ConnectedComponent(image, True)).max()


def test_bins_of_a_cut_keep_a_rim() -> None:
    piece = cut(np.ones((2, 3), dtype=np.bool_))
    assert piece.mask.shape == (4, 5)
    assert not piece.mask[0].any()
    assert piece.corner.tolist() == [-1, -1]
