"""What is measured: diameters, measures of a region, features with their IBSI identifier, and the settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from suwen.errors import InputError

__all__ = ["Bins", "Box", "Diameter", "Feature", "Margin", "Measures", "Settings", "Spread"]

Place = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Diameter:
    """A straight line across a region: its length in `unit` and its ends, as array indices and in the patient.

    `ends_lps` (mm) is None where the image is not placed in the patient. An index may end in .5: the border of a
    sample that is inside lies half a step from its centre.
    """

    length: float
    unit: str
    ends: tuple[Place, Place]
    ends_lps: tuple[Place, Place] | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The box of a region: array indices of its first samples and behind its last, and its sides in `unit`."""

    first: tuple[int, ...]
    behind: tuple[int, ...]
    sides: tuple[float, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Margin:
    """How sharp the border is: a sigmoid fitted to the mean intensity along outward normals (Xu, Med Phys 2012).

    `width` (in `unit`) is the way in which 10 to 90 % of the step happen, `step` the intensity outside less inside,
    `shift` how far outside the border of the mask the middle lies, `slope` = step per unit at the middle, `misfit` the
    root mean square of what the sigmoid leaves, as a share of the step.
    """

    width: float
    step: float
    shift: float
    slope: float
    misfit: float
    unit: str


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of one region. Lengths are in `unit` ("mm" or "px"), areas in its square, volumes in its cube.

    `longest` and `across`: the longest diameter within a slice, and the longest chord at a right angle to it in that
    slice (RECIST 1.1, Eisenhauer 2009). `mean_diameter` is the mean of both (Lung-RADS). `widest` is the longest
    diameter in any direction. `area` is of a flat region, or of the slice `slice` of the longest diameter;
    `perimeter` belongs to it. `volume` counts samples; `surface` is estimated by Crofton's formula and converges to
    the true surface of a curved region (flat faces along the axes come out up to
    8 % small, an outline up to 6 %, and twice that where the spacing is four times as wide along one axis);
    `mesh_volume`, `mesh_surface` are those of IBSI, whose surface of a curved region is 8 % too large on cubic
    samples of any size, and 20 % where slices are thick.
    `axes`: the principal axes, longest first, in the patient's directions (LPS) where a volume is placed, else along
    the axes of the array; `axis_lengths` are those of the ellipsoid with the same moments.
    What a flat region has not is None, as is what one sample cannot have.
    """

    unit: str
    samples: int
    parts: int
    longest: Diameter
    across: Diameter
    widest: Diameter
    mean_diameter: float
    slice: int | None
    area: float
    perimeter: float
    circularity: float
    volume: float | None
    surface: float | None
    mesh_volume: float | None
    mesh_surface: float | None
    sphericity: float | None
    compactness: float | None
    solidity: float
    centre: Place
    centre_lps: Place | None
    box: Box
    axes: tuple[Place, ...]
    axis_lengths: tuple[float, ...]
    elongation: float | None
    flatness: float | None
    intensity: Mapping[str, float] | None = None
    margin: Margin | None = None
    touches_edge: bool = False

    def numbers(self) -> dict[str, float]:
        """Every measure that is one number, by name; what is unknown is left out."""
        single = {
            "longest": self.longest.length,
            "across": self.across.length,
            "widest": self.widest.length,
        }
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None:
                single[name] = float(value)
        if self.margin is not None:
            single |= {"margin.width": self.margin.width, "margin.slope": self.margin.slope}
        single |= {f"intensity.{name}": value for name, value in (self.intensity or {}).items()}
        return {name: value for name, value in single.items() if math.isfinite(value)}


_NUMBERS = (
    "mean_diameter", "area", "perimeter", "circularity", "volume", "surface", "mesh_volume", "mesh_surface",
    "sphericity", "compactness", "solidity", "elongation", "flatness",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feature:
    """A radiomic feature: `ibsi` is its identifier in the IBSI manual; `unit` "1" for a bare number."""

    value: float
    ibsi: str
    unit: str


@dataclass(frozen=True, slots=True)
class Bins:
    """How intensities become grey levels: into `count` bins, or bins `width` wide; exactly one of the two."""

    count: int | None = None
    width: float | None = None

    def __post_init__(self) -> None:
        if (self.count is None) == (self.width is None):
            raise InputError("bins have a number or a width, and not both", zh="分箱只能给出个数或宽度之一")
        if self.count is not None and not 1 <= self.count <= 4096:
            raise InputError(
                f"a number of bins lies from 1 to 4096, not at {self.count}",
                zh=f"分箱个数为 1 至 4096，而非 {self.count}",
            )
        if self.width is not None and not (math.isfinite(self.width) and self.width > 0):
            raise InputError(
                f"the width of a bin is above 0, not {self.width}", zh=f"分箱宽度须大于 0，而非 {self.width}"
            )


@dataclass(frozen=True, slots=True)
class Settings:
    """How a region is prepared and which texture is counted.

    `spacing`: mm of the new grid in the order of the array (None for an axis: as it is); None: no interpolation.
    `cubic`: spline of order 3 for intensities, else linear; masks are always linear with a threshold of 0.5.
    `rounded`: intensities to whole numbers afterwards (Hounsfield units). `limits`: intensities kept, both included.
    `outliers`: standard deviations from the mean that are kept. `bins`, `volume_bins`: grey levels of texture and of
    the intensity-volume histogram (None there: the intensities themselves, which are whole numbers).
    `flat`, `solid`: texture by slices, texture of the volume.
    """

    bins: Bins = field(default_factory=lambda: Bins(width=25.0))
    spacing: tuple[float | None, ...] | None = None
    cubic: bool = False
    rounded: bool = False
    limits: tuple[float, float] | None = None
    outliers: float | None = None
    volume_bins: Bins | None = None
    flat: bool = False
    solid: bool = True

    def __post_init__(self) -> None:
        lengths = [one for one in self.spacing or () if one is not None]
        if self.spacing is not None and (len(self.spacing) != 3 or not all(0 < one < math.inf for one in lengths)):
            raise InputError(
                f"the spacing {self.spacing} needs three lengths above 0 (or None to keep one)",
                zh=f"间距 {self.spacing} 须为三个大于 0 的长度（或 None 表示不变）",
            )
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise InputError(
                f"the limits {self.limits} are the least and the greatest intensity, in this order",
                zh=f"范围 {self.limits} 须依次为最小和最大强度",
            )
        if self.outliers is not None and not self.outliers > 0:
            raise InputError(
                "outliers are told by a number of standard deviations above 0", zh="离群值以大于 0 的标准差倍数判定"
            )


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure and how far it varies when mask and image are disturbed.

    `low` and `high`: the middle 95 % of the repeats' deviations from their `mean`, laid around the `value`; a mean far
    from the value shows a measure that roughness of the border or noise shifts to one side.
    `variation` is the coefficient of variation (standard deviation of the repeats over their mean's size).
    """

    value: float
    mean: float
    deviation: float
    low: float
    high: float
    variation: float
    repeats: int
