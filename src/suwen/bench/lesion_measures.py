"""Benchmark lesion-measures: are measures of a region what the consensus, another program and a sum say they are?

Three truths. IBSI 1 (Zwanenburg 2020): every feature with a consensus value, on the digital phantom and on the CT
phantom in its configurations A to E; a value counts as within where it, or its three significant digits, lie within
the published tolerance. Organs of a CT of the abdomen: volume and mean intensity beside the statistics published with
their masks; the protocol there is the plain one: samples of the mask times the volume of a sample, and the mean of the
CT under the mask (rounded to five decimals), 0 for an empty mask. And a ball, whose measures are known by a formula,
in a volume of 200 x 200 x 200, with the time it takes; SimpleITK's LabelShapeStatisticsImageFilter is the peer for it
where it is installed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError, FormatError
from suwen.formats.images import read_mask, read_study
from suwen.imaging.measure import Bins, Settings, measure, radiomics
from suwen.imaging.measure.catalogue import of_family
from suwen.subject.grid import Grid, Scale

__all__ = ["CONFIGURATIONS", "Reference", "compared", "consensus", "organs", "phantom", "run", "within"]

_DIGITAL, _CT = "ibsi_1_digital_phantom", "ibsi_1_ct_radiomics_phantom"
_HOUNSFIELD = Bins(width=25)
# IBSI 1 manual, table 5.1; the digital phantom is measured as it is, each of its intensities a grey level.
CONFIGURATIONS: Mapping[str, tuple[str, Settings]] = {
    "digital": (_DIGITAL, Settings(bins=Bins(width=1), flat=True)),
    "ct_a": (_CT, Settings(bins=_HOUNSFIELD, limits=(-500, 400), flat=True, solid=False)),
    "ct_b": (
        _CT,
        Settings(
            bins=Bins(count=32), spacing=(None, 2.0, 2.0), rounded=True, limits=(-500, 400), flat=True, solid=False
        ),
    ),
    "ct_c": (
        _CT,
        Settings(
            bins=_HOUNSFIELD, spacing=(2.0, 2.0, 2.0), rounded=True, limits=(-1000, 400), volume_bins=Bins(width=2.5)
        ),
    ),
    "ct_d": (_CT, Settings(bins=Bins(count=32), spacing=(2.0, 2.0, 2.0), rounded=True, outliers=3.0)),
    "ct_e": (
        _CT,
        Settings(
            bins=Bins(count=32),
            spacing=(2.0, 2.0, 2.0),
            cubic=True,
            rounded=True,
            limits=(-1000, 400),
            outliers=3.0,
            volume_bins=Bins(count=1000),
        ),
    ),
}
_RADIUS = 80.0
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reference:
    """A consensus value and its tolerance (0: to three significant digits)."""

    value: float
    tolerance: float


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Compare with the consensus, with the published statistics of organs, and with a ball.

    Raises:
        DataError: imaging/ibsi or imaging/abdomen_ct is not in the folder.
        FormatError: a file of them is not what it should be.

    """
    begin = time.perf_counter()
    ibsi, abdomen = options.data / "imaging/ibsi", options.data / "imaging/abdomen_ct"
    files = [ibsi / name / "nifti/image/phantom.nii.gz" for name in (_DIGITAL, _CT)]
    files.append(abdomen / "example_seg_fast/statistics.json")
    absent = [file for file in files if not file.is_file()]
    if absent:
        raise DataError(f"{absent[0]} is missing: the benchmark needs the data sets 'ibsi' and 'abdomen_ct'")
    metrics, count = _phantoms(ibsi, notify)
    metrics |= organs(abdomen)
    notify(7, 8)
    ours, peers = _ball()
    notify(8, 8)
    seconds = time.perf_counter() - begin
    return Result("lesion-measures", digest(*files), count, metrics | ours, peers, seconds=seconds)


def _phantoms(folder: Path, notify: Callable[[int, int], None]) -> tuple[dict[str, float], int]:
    metrics, families = dict[str, float](), dict[str, list[bool]]()
    for done, name in enumerate(CONFIGURATIONS, start=1):
        begin = time.perf_counter()
        right = compared(name, folder)
        metrics[f"ibsi.{name}.within"] = sum(right.values()) / len(right)
        metrics[f"ibsi.{name}.features"] = float(len(right))
        metrics[f"ibsi.{name}.seconds"] = time.perf_counter() - begin
        for feature, one in right.items():
            families.setdefault(feature.partition("_")[0], []).append(one)
        notify(done, 8)
    metrics |= {f"ibsi.{family}.within": sum(one) / len(one) for family, one in families.items()}
    every = [one for row in families.values() for one in row]
    return {"ibsi.within": sum(every) / len(every)} | metrics, len(every)


def compared(name: str, folder: Path) -> dict[str, bool]:
    """For each feature of a configuration that has a consensus value, whether ours is within its tolerance."""
    place, settings = CONFIGURATIONS[name]
    mask, grid, values = phantom(folder / place)
    found = radiomics(mask, grid, values, settings=settings)
    return {feature: within(found[feature].value, one) for feature, one in consensus()[name].items()}


def phantom(folder: Path) -> tuple[Mask, Grid, Values]:
    """Mask, grid and intensities of a phantom of IBSI 1."""
    image = read_study(folder / "nifti/image/phantom.nii.gz").images[0]
    labels, _ = read_mask(folder / "nifti/mask/mask.nii.gz")
    return labels > 0, image.grid, image.values.astype(np.float64)


def within(value: float, reference: Reference) -> bool:
    """Whether a value, or its three significant digits (all the consensus has), lies within the tolerance."""
    room = reference.tolerance + 1e-9 * max(1.0, abs(reference.value))
    return min(abs(float(f"{value:.3g}") - reference.value), abs(value - reference.value)) <= room


@cache
def consensus() -> dict[str, dict[str, Reference]]:
    """Consensus values by configuration and feature."""
    found: dict[str, dict[str, Reference]] = {}
    name = ""
    for line in Path(__file__).with_name("ibsi_consensus.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = {}
        elif line and not line.startswith("#"):
            found[name] |= dict(_row(line))
    return found


def _row(line: str) -> Iterator[tuple[str, Reference]]:
    key, *cells = line.split()
    family, _, way = key.partition("_")
    for (feature, _, _), cell in zip(of_family(family), cells, strict=True):
        value, _, tolerance = cell.partition("/")
        yield "_".join(filter(None, (family, feature, way))), Reference(float(value), float(tolerance or 0))


def organs(folder: Path) -> dict[str, float]:
    """How far volume (mm³) and mean intensity of the organs are from the statistics published with their masks."""
    told = _told(folder / "example_seg_fast/statistics.json")
    image = read_study(folder / "example_ct_sm.nii.gz").images[0]
    values = image.values.astype(np.float64)
    far, off, count = [0.0], [0.0], 0
    for name, (volume, mean) in told.items():
        labels, grid = read_mask(folder / f"example_seg_fast/{name}.nii.gz")
        mask = labels > 0
        own = (0.0, 0.0)
        if mask.any():
            found = measure(mask, grid, values=values)
            own = (found.volume or 0.0, (found.intensity or {})["mean"])
            count += 1
        far.append(abs(own[0] - volume) / max(volume, 1.0))
        off.append(abs(round(own[1], 5) - mean))
    return {
        "abdomen.structures": float(len(told)),
        "abdomen.structures_not_empty": float(count),
        "abdomen.volume.max_relative_error": max(far),
        "abdomen.intensity.max_error": max(off),
    }


def _told(file: Path) -> dict[str, tuple[float, float]]:
    try:
        rows = json.loads(file.read_text("utf-8"))
        return {name: (float(row["volume"]), float(row["intensity"])) for name, row in rows.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FormatError(f"{file.name} is not a table of volumes and intensities of organs") from None


def _ball() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    z, y, x = np.ogrid[:200, :200, :200]
    mask = (z - 99.5) ** 2 + (y - 99.5) ** 2 + (x - 99.5) ** 2 <= _RADIUS**2
    grid = Grid(mask.shape, (1.0, 1.0, 1.0), Scale.STATED)
    begin = time.perf_counter()
    found = measure(mask, grid)
    seconds = time.perf_counter() - begin
    ours = {"ball.seconds": seconds} | _errors(found.volume or 0.0, found.surface or 0.0, found.widest.length)
    return ours, _peer(mask)


def _errors(volume: float, surface: float, diameter: float) -> dict[str, float]:
    return {
        "ball.volume.relative_error": abs(volume / (4 / 3 * np.pi * _RADIUS**3) - 1),
        "ball.surface.relative_error": abs(surface / (4 * np.pi * _RADIUS**2) - 1),
        "ball.diameter.relative_error": abs(diameter / (2 * _RADIUS) - 1),
    }


def _peer(mask: Mask) -> dict[str, dict[str, float]]:
    try:
        sitk: Any = import_module("SimpleITK")  # a peer, not needed
    except ImportError:
        return {}
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    found = sitk.LabelShapeStatisticsImageFilter()
    begin = time.perf_counter()
    found.Execute(image)
    seconds = time.perf_counter() - begin
    volume, surface = found.GetPhysicalSize(1), found.GetPerimeter(1)
    # Its Feret diameter compares all pairs of border samples: minutes on this ball. Left out, as it is by default.
    peer = {"ball.seconds": seconds} | _errors(volume, surface, float("nan"))
    return {"SimpleITK": {name: value for name, value in peer.items() if np.isfinite(value)}}
