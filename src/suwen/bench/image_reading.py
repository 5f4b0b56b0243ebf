"""Benchmark image-reading: how fast studies come in and a chest radiograph is read, on one core, beside a peer.

A series of 300 slices of 512 x 512 (or as many as the limit says), made of one slice of the CT of imaging/abdomen_ct
by adding the number of the slice, is read here and by SimpleITK's ImageSeriesReader in the same run, in turn; both
must give the same samples. Chest radiographs of imaging/chest, enlarged to the size they were taken at, are read from
the file to the findings and the page. Medians of five rounds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError, MissingExtraError
from suwen.formats.images import read_study
from suwen.imaging.reading import read_images
from suwen.report.image_page import image_html

__all__ = ["run"]

_ROUNDS = 5
_SLICES = 300
_SIDE = 2048  # pixels: about what digital radiography delivers


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Time both. Raises DataError where the images are not there."""
    del notify  # seconds, not minutes
    began = time.perf_counter()
    pictures = sorted((options.data / "imaging/chest/images").glob("*.jpg"))[:_ROUNDS]
    slices = sorted((options.data / "imaging/abdomen_ct/example_ct_dicom").iterdir()) if _there(options) else []
    if not pictures or not slices:
        raise DataError(f"no images in {options.data}: imaging/chest and imaging/abdomen_ct are needed")
    count = min(options.limit or _SLICES, _SLICES)
    with tempfile.TemporaryDirectory() as folder:
        _series(slices[0], Path(folder), count)
        metrics, peers = _compared(Path(folder), count)
    with tempfile.TemporaryDirectory() as folder:
        metrics |= _chest([_enlarged(one, Path(folder)) for one in pictures])
    return Result(
        "image-reading",
        digest(slices[0], *pictures),
        count,
        metrics,
        peers,
        seconds=time.perf_counter() - began,
    )


def _there(options: Options) -> bool:
    return (options.data / "imaging/abdomen_ct/example_ct_dicom").is_dir()


def _series(source: Path, folder: Path, count: int) -> None:
    """`count` slices 1 mm apart, uncompressed, each with its number added to every sample."""
    pydicom = import_module("pydicom")
    one = pydicom.dcmread(source)
    plane = one.pixel_array
    one.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    one.StudyInstanceUID, one.SeriesInstanceUID = "2.25.1", "2.25.2"
    one.SliceThickness = 1.0
    for at in range(count):
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"2.25.3{at:04d}"
        one.ImagePositionPatient = [*one.ImagePositionPatient[:2], float(at)]
        one.InstanceNumber = at + 1
        one.PixelData = (plane + at).astype(plane.dtype).tobytes()
        one.save_as(folder / f"{at:04d}.dcm")


def _compared(folder: Path, count: int) -> tuple[dict[str, float], dict[str, Mapping[str, float]]]:
    read: dict[str, Callable[[], Any]] = {"suwen": lambda: read_study(folder).images[0].values}
    try:
        itk = import_module("SimpleITK")
        read["SimpleITK"] = lambda: _itk(itk, folder)
    except ImportError:
        pass
    found = {name: one() for name, one in read.items()}
    times: dict[str, list[float]] = {name: [] for name in read}
    for _ in range(_ROUNDS):
        for name, one in read.items():
            times[name].append(_seconds(one))
    metrics = {"series.slices": float(count), "series.seconds": median(times["suwen"])}
    if "SimpleITK" not in read:
        return metrics, {}
    if not np.array_equal(np.asarray(found["suwen"]), found["SimpleITK"]):
        raise DataError("the series reads differently here and in SimpleITK; no times are given")
    peer = median(times["SimpleITK"])
    return metrics | {"series.times_as_fast": peer / metrics["series.seconds"]}, {"SimpleITK": {"series.seconds": peer}}


def _itk(itk: Any, folder: Path) -> Any:
    reader = itk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return itk.GetArrayFromImage(reader.Execute())


def _enlarged(source: Path, folder: Path) -> Path:
    pillow = import_module("PIL.Image")
    file = folder / f"{source.stem}.png"
    with pillow.open(source) as one:
        one.convert("L").resize((_SIDE, _SIDE), pillow.Resampling.BICUBIC).save(file, compress_level=1)
    return file


def _chest(files: list[Path]) -> dict[str, float]:
    """Seconds from the file to findings, and to the page, on one core, after a first one to warm up."""
    try:
        torch = import_module("torch")
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        read_images(read_study(files[0]))
        found = [_timed(one) for one in files]
    finally:
        torch.set_num_threads(before)
    reading, whole = zip(*found, strict=True)
    return {"chest.seconds": median(reading), "chest.with_page_seconds": median(whole), "chest.slowest": max(reading)}


def _timed(file: Path) -> tuple[float, float]:
    began = time.perf_counter()
    read = read_images(read_study(file))
    read.images[0].findings("en")
    middle = time.perf_counter()
    image_html(read, created=datetime(2026, 1, 1, tzinfo=UTC))
    return middle - began, time.perf_counter() - began


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
