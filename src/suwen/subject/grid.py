"""Where the samples of an image lie: its shape, its spacing in millimetres, and its place in the patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from suwen.errors import InputError

Affine = tuple[tuple[float, float, float, float], ...]


class Scale(Enum):
    """What a millimetre of an image means, and so how far a length measured in it may be trusted."""

    PATIENT = "patient"  # millimetres in the patient: CT, MR, NIfTI
    CALIBRATED = "calibrated"  # a projection whose spacing was corrected for magnification (DICOM PS3.3 10.7.1.3)
    DETECTOR = "detector"  # a projection measured at the detector: the body is magnified, lengths are upper bounds
    STATED = "stated"  # the person who gave the image said so
    NONE = "none"  # no length: pixels and shares of a whole only


@dataclass(frozen=True, slots=True)
class Grid:
    """The samples of an image: `shape` and `spacing` (mm) in the order of the array, slices before rows before columns.

    `affine` takes an array index (slice, row, column, 1) to the patient's millimetres (x to the left, y to the back,
    z to the head: LPS, DICOM PS3.3 C.7.6.2.1.1); it may be sheared (a tilted gantry). None: not placed in the patient.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...] | None = None
    scale: Scale = Scale.NONE
    affine: Affine | None = None

    def __post_init__(self) -> None:
        if len(self.shape) not in (2, 3) or min(self.shape) < 1:
            raise InputError(
                f"an image has two or three axes of at least one sample, not the shape {self.shape}",
                zh=f"图像有两或三个轴，每轴至少一个采样点，而非形状 {self.shape}",
            )
        if (self.spacing is None) != (self.scale is Scale.NONE):
            raise InputError(
                "an image has a spacing and says what it means, or neither", zh="图像须同时有间距及其含义，或两者皆无"
            )
        if self.spacing is not None and (
            len(self.spacing) != len(self.shape) or not all(math.isfinite(one) and one > 0 for one in self.spacing)
        ):
            raise InputError(
                f"the spacing {self.spacing} does not fit the shape {self.shape}: a length above 0 an axis",
                zh=f"间距 {self.spacing} 与形状 {self.shape} 不符：每轴一个大于 0 的长度",
            )
        if self.affine is not None:
            self._require_affine()

    def _require_affine(self) -> None:
        rows = self.affine or ()
        if len(rows) != 4 or any(len(row) != 4 for row in rows) or rows[3] != (0.0, 0.0, 0.0, 1.0):
            raise InputError(
                "an affine has four rows of four numbers, the last 0 0 0 1", zh="仿射矩阵为四行四列，末行为 0 0 0 1"
            )
        if not all(math.isfinite(one) for row in rows for one in row) or not self._determinant():
            raise InputError(
                "an affine is finite and keeps volumes: its axes are not in one plane",
                zh="仿射矩阵须有限且保持体积：各轴不共面",
            )

    def _determinant(self) -> float:
        (a, b, c, _), (d, e, f, _), (g, h, i, _) = (self.affine or ())[:3]
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)

    @property
    def cell(self) -> float | None:
        """Area (mm²) of a pixel or volume (mm³) of a voxel; a sheared grid counts its true volume. None: no scale."""
        if self.spacing is None:
            return None
        return abs(self._determinant()) if self.affine is not None and len(self.shape) == 3 else math.prod(self.spacing)

    def point(self, index: Sequence[float]) -> tuple[float, float, float]:
        """The place (LPS, mm) of an array index (slice, row, column); of (row, column) in a flat image.

        Raises InputError where the image is not placed in the patient.
        """
        if self.affine is None:
            raise InputError(
                "this image is not placed in the patient: no position in millimetres can be given",
                zh="该图像未在患者体内定位：无法给出以毫米计的位置",
            )
        at = (0.0, *index) if len(index) == 2 else tuple(index)
        x, y, z = (sum(row[axis] * at[axis] for axis in range(3)) + row[3] for row in self.affine[:3])
        return x, y, z
