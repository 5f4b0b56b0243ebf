"""Sources of every kind that results are written for, made on the spot, and the peers that judge what was written."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from suwen import datasets
from suwen.formats.images.nouns import Image
from suwen.formats.images.read import read_study
from suwen.formats.images.writing.nouns import Algorithm, Outline, Term
from suwen.formats.images.writing.outline import outlines
from suwen.subject import Code

pydicom = pytest.importorskip("pydicom")
hd = pytest.importorskip("highdicom")

KINDS = ("ct", "oblique", "mr", "enhanced", "dx", "cr", "us")
LUNG = Term(Code("SCT:39607008", "Lung"), "肺")
HEART = Term(Code("SCT:80891009", "Heart"), "心脏")
NODULE = Term(Code("SCT:27925004", "Nodule"), "结节")
ALGORITHM = Algorithm("suwen-lungs", "3.1")
NOW = 1_764_122_400.0
SECRETS = ("Secret Street 7", "smokes", "Dr^Physician^Performing", "555-0100")
PATIENT = "王^小明=王^小明"


def uids() -> Callable[[], str]:
    """UIDs under 2.25, the same in every run."""
    numbers = itertools.count(10**30)
    return lambda: f"2.25.{next(numbers)}"


@contextmanager
def hushed() -> Iterator[None]:
    """While peers read: pydicom and highdicom warn about the sources, which are their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def case(kind: str, folder: Path) -> Image:
    """One image of a kind, its sources written into a folder and read back as every study is."""
    folder.mkdir(exist_ok=True)
    with hushed():
        {"ct": _ct, "oblique": _oblique, "mr": _mr, "enhanced": _enhanced, "dx": _dx, "cr": _cr, "us": _us}[kind](
            folder
        )
    images = read_study(folder).images
    return images[2] if kind == "us" else images[0]


def patient(dataset: Any) -> None:
    """Names and addresses: the first belong into a result, the secrets do not."""
    dataset.SpecificCharacterSet = "GB18030"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = PATIENT, "P-17", "M"
    dataset.PatientBirthDate, dataset.StudyDate, dataset.StudyTime = "19610203", "20251126", "081500"
    dataset.AccessionNumber, dataset.StudyID, dataset.ReferringPhysicianName = "A-9", "S-4", "Li^Na"
    dataset.PatientAddress, dataset.AdditionalPatientHistory = SECRETS[:2]
    dataset.PerformingPhysicianName, dataset.PatientTelephoneNumbers = SECRETS[2:]
    dataset.PatientWeight = "71.25"


def _packaged(name: str) -> Any:
    found = pydicom.dcmread(pydicom.data.get_testdata_file(name))
    found.remove_private_tags()
    return found


def _save(dataset: Any, path: Path) -> None:
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.save_as(path, enforce_file_format=True)


def _series(folder: Path, orientation: list[float], step: NDArray[np.float64], count: int = 6) -> list[Any]:
    made = []
    for number in range(count):
        one = _packaged("CT_small.dcm")
        patient(one)
        one.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.9.{number + 1}"
        one.InstanceNumber = number + 1
        one.ImageOrientationPatient = orientation
        one.ImagePositionPatient = [round(float(x), 5) for x in np.array([-158.0, -179.0, -75.0]) + number * step]
        one.SliceThickness, one.SpacingBetweenSlices = "2.5", "-5"  # as some scanners write it
        one.Laterality = ""
        _save(one, folder / f"{number}.dcm")
        made.append(one)
    return made


def _ct(folder: Path) -> None:
    _series(folder, [1, 0, 0, 0, 1, 0], np.array([0, 0, -2.5]))  # stored head first


def _oblique(folder: Path) -> None:
    """A tilted gantry: the table moves along the body, the slices lean 15 degrees."""
    cos, sin = round(float(np.cos(np.pi / 12)), 8), round(float(np.sin(np.pi / 12)), 8)
    _series(folder, [1, 0, 0, 0, cos, -sin], np.array([0, 0, 3.0]))


def _mr(folder: Path) -> None:
    one = _packaged("MR_small.dcm")
    patient(one)
    _save(one, folder / "mr.dcm")


def _enhanced(folder: Path) -> None:
    """One object of many frames, those in another order than the slices lie."""
    parts = folder.with_name(folder.name + "-parts")
    parts.mkdir(exist_ok=True)
    frames = _series(parts, [1, 0, 0, 0, 1, 0], np.array([0, 0, 2.5]))
    order = [frames[number] for number in (3, 0, 5, 1, 4, 2)]
    whole = hd.legacy.LegacyConvertedEnhancedCTImage(
        legacy_datasets=order,
        series_instance_uid="1.2.826.0.1.3680043.8.498.8",
        series_number=3,
        sop_instance_uid="1.2.826.0.1.3680043.8.498.8.1",
        instance_number=1,
    )
    whole.save_as(folder / "enhanced.dcm")


def _projection(sop_class: str, modality: str) -> Any:
    one = pydicom.Dataset()
    one.file_meta = pydicom.dataset.FileMetaDataset()
    one.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    patient(one)
    one.SOPClassUID, one.Modality = sop_class, modality
    one.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.7.1"
    one.StudyInstanceUID, one.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.7.2", "1.2.826.0.1.3680043.8.498.7.3"
    one.SeriesNumber, one.InstanceNumber, one.Laterality = 1, 1, ""
    one.BodyPartExamined, one.ViewPosition, one.PatientOrientation = "CHEST", "PA", ["L", "F"]
    one.Manufacturer = "Maker"
    one.ImageType = ["ORIGINAL", "PRIMARY", ""]
    rows, columns = 90, 120
    one.Rows, one.Columns, one.SamplesPerPixel = rows, columns, 1
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
    one.PhotometricInterpretation = "MONOCHROME2"
    ramp = np.add.outer(np.arange(rows) * 20, np.arange(columns) * 15)
    one.PixelData = ramp.astype("<u2").tobytes()
    one.WindowCenter, one.WindowWidth = 1500, 2000
    return one


def _dx(folder: Path) -> None:
    one = _projection("1.2.840.10008.5.1.4.1.1.1.1", "DX")
    one.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.7.4"  # some detectors write one, though nothing lies in it
    one.ImagerPixelSpacing = [0.2, 0.2]
    one.RescaleIntercept, one.RescaleSlope, one.RescaleType = 0, 1, "US"
    _save(one, folder / "dx.dcm")


def _cr(folder: Path) -> None:
    one = _projection("1.2.840.10008.5.1.4.1.1.1", "CR")
    one.PhotometricInterpretation = "MONOCHROME1"
    _save(one, folder / "cr.dcm")


def _us(folder: Path) -> None:
    one = _packaged("examples_ybr_color.dcm")
    patient(one)
    one.Laterality = ""
    _save(one, folder / "us.dcm")


def blob(image: Image, across: float = 0.45, size: float = 0.2) -> NDArray[np.bool_]:
    """An ellipse, lying unlike its mirror images, in the middle slices of an image."""
    mask = np.zeros(image.values.shape, bool)
    rows, columns = image.values.shape[-2:]
    down, over = np.ogrid[:rows, :columns]
    disc = ((down - 0.4 * rows) / (size * rows)) ** 2 + ((over - across * columns) / (1.4 * size * columns)) ** 2 < 1
    if mask.ndim == 2:
        return np.asarray(disc)
    mask[len(mask) // 4 : max(1, 2 * len(mask) // 3)] = disc
    return mask


def middle(image: Image) -> int:
    return len(image.values) // 4 if image.values.ndim == 3 else 0


def outline(image: Image) -> Outline:
    mask = blob(image)
    plane = mask if mask.ndim == 2 else mask[middle(image)]
    return outlines(plane, slice_number=middle(image))[0]


def enclosed(polygon: Any, shape: tuple[int, ...]) -> Any:
    """Pixels whose centres a polygon (column, row; the corner of the first pixel is 0, 0) goes round: even-odd rule."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    inside = np.zeros(shape, bool)
    for (x0, y0), (x1, y1) in itertools.pairwise(polygon):
        if y0 != y1:
            crosses = (rows > min(y0, y1)) & (rows < max(y0, y1))
            inside ^= crosses & (columns < x0 + (rows - y0) / (y1 - y0) * (x1 - x0))
    return inside


def errors_of(path: Path) -> list[str]:
    """What dciodvfy (dicom3tools), a validator by another hand, finds wrong."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    said = subprocess.run(
        ["dciodvfy", "-new", str(path)], capture_output=True, text=True, errors="replace", check=False
    )
    return [line for line in said.stderr.splitlines() if "Error" in line]


def peer(*command: str) -> str:
    """What a program of dcmtk prints; skips where it is absent, fails where it does."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} (dcmtk) is not installed")
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8", "replace")


def named_rightly(path: Path) -> Any:
    """Read with pydicom: filed under the patient and study of the source, and nothing else of the patient in it."""
    with hushed():
        found = pydicom.dcmread(path)
    raw = path.read_bytes()
    assert not [secret for secret in (*SECRETS, "71.25") if secret.encode() in raw]
    assert str(found.PatientName) == PATIENT
    assert (found.PatientID, found.PatientSex, found.PatientBirthDate) == ("P-17", "M", "19610203")
    assert (found.StudyDate, found.StudyTime, found.StudyID) == ("20251126", "081500", "S-4")
    assert (found.AccessionNumber, found.SpecificCharacterSet) == ("A-9", "ISO_IR 192")
    assert (found.Manufacturer, found.SOPInstanceUID[:5]) == ("Suwen", "2.25.")
    return found


def abdomen(folder: Path) -> Image:
    """The CT of the reference data, given the UIDs that were taken from it."""
    if not datasets.present("abdomen-ct"):
        pytest.skip("reference data 'abdomen-ct' are not in the data folder (SUWEN_DATA)")
    folder.mkdir(exist_ok=True)
    with hushed():
        for number, path in enumerate(sorted((datasets.path("abdomen-ct") / "example_ct_dicom").iterdir())):
            one = pydicom.dcmread(path)
            patient(one)
            one.SOPClassUID, one.SOPInstanceUID = (
                "1.2.840.10008.5.1.4.1.1.2",
                f"1.2.826.0.1.3680043.8.498.6.{number + 1}",
            )
            one.StudyInstanceUID, one.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.5", "1.2.826.0.1.3680043.8.498.4"
            _save(one, folder / f"{number}.dcm")
    return read_study(folder).images[0]
