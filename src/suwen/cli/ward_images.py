"""Images of nobody, painted by formulas: a chest radiograph with one round shadow and a small CT with one nodule.

For the demonstration ward and for tests. Nothing in them was ever part of a patient.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError

__all__ = ["NODULE_MM", "Painted", "painted_ct", "painted_radiograph"]

NODULE_MM = 24.0  # diameter of the shadow and of the nodule
_CR, _CT = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2"
_EXPLICIT = "1.2.840.10008.1.2.1"
_SIDE = 1024  # pixels of the radiograph, 360 mm
_MM = 360.0 / _SIDE
_ACROSS, _SLICES, _CT_MM, _CT_STEP = 160, 48, 2.25, 6.0

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Painted:
    """Whom the images are filed with, and what makes them different from others: `uid` gives a new UID at each call."""

    number: str
    name: str
    born: str  # YYYYMMDD
    sex: str  # M or F
    taken: datetime
    uid: Callable[[], str]
    seed: int = 0


def painted_radiograph(whose: Painted) -> bytes:
    """A frontal chest radiograph (computed radiography, 12 bits) as a DICOM file. Raises MissingExtraError."""
    values = np.clip(_radiograph(np.random.default_rng(whose.seed)), 0, 4095).astype("<u2")
    made = _described(whose, _CR, values, "CR", "Chest PA")
    made.ViewPosition, made.PatientOrientation = "PA", ["L", "F"]
    made.ImagerPixelSpacing = [_MM, _MM]
    made.BodyPartExamined, made.ImageType = "CHEST", ["ORIGINAL", "PRIMARY"]
    made.BitsStored, made.HighBit, made.PixelRepresentation = 12, 11, 0
    made.WindowCenter, made.WindowWidth = 2048, 4096
    made.PlateType, made.CassetteOrientation = "", ""
    made.StudyInstanceUID, made.SeriesInstanceUID = whose.uid(), whose.uid()
    return _encoded(made)


def painted_ct(whose: Painted) -> tuple[bytes, ...]:
    """A CT of the chest (48 slices of 160 × 160, 6 mm apart) as DICOM files. Raises MissingExtraError."""
    study, series, frame = whose.uid(), whose.uid(), whose.uid()
    rng = np.random.default_rng(whose.seed)
    found = []
    for number in range(_SLICES):
        values = np.clip(_slice(number, rng), -1024, 3071).astype("<i2") + np.int16(1024)
        made = _described(whose, _CT, values.astype("<u2"), "CT", "Chest 6 mm")
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, frame
        made.InstanceNumber, made.BodyPartExamined = number + 1, "CHEST"
        made.ImageType, made.PositionReferenceIndicator = ["ORIGINAL", "PRIMARY", "AXIAL"], ""
        made.PixelSpacing, made.SliceThickness, made.KVP = [_CT_MM, _CT_MM], _CT_STEP, 120
        half = _ACROSS * _CT_MM / 2
        made.ImagePositionPatient = [-half, -half, number * _CT_STEP]
        made.ImageOrientationPatient, made.PatientPosition = [1, 0, 0, 0, 1, 0], "HFS"
        made.BitsStored, made.HighBit, made.PixelRepresentation = 12, 11, 0
        made.RescaleIntercept, made.RescaleSlope, made.RescaleType = -1024, 1, "HU"
        made.WindowCenter, made.WindowWidth = [-600, 40], [1500, 400]
        made.WindowCenterWidthExplanation = ["LUNG", "MEDIASTINUM"]
        made.AcquisitionNumber = 1
        found.append(_encoded(made))
    return tuple(found)


def _described(whose: Painted, sop_class: str, values: NDArray[Any], modality: str, said: str) -> Any:
    """A data set with samples of 16 bits; whose it is, and when it was made."""
    try:
        import pydicom  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pydicom", "imaging") from None
    made = pydicom.Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = sop_class, whose.uid()
    made.PatientID, made.PatientName = whose.number, whose.name
    made.PatientBirthDate, made.PatientSex = whose.born, whose.sex
    day, hour = f"{whose.taken:%Y%m%d}", f"{whose.taken:%H%M%S}"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = day
    made.StudyTime = made.SeriesTime = made.AcquisitionTime = made.ContentTime = hour
    made.AccessionNumber = made.ReferringPhysicianName = ""
    made.StudyID, made.SeriesNumber, made.InstanceNumber, made.Modality = "1", 1, 1, modality
    made.StudyDescription, made.SeriesDescription = f"Painted {said}", said
    made.Manufacturer = "Suwen, painted by formulas"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = values.shape
    made.BitsAllocated, made.PixelData = 16, values.tobytes()
    return made


def _encoded(made: Any) -> bytes:
    from pydicom.dataset import FileMetaDataset  # noqa: PLC0415

    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = _EXPLICIT
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


# Painting: soft edges by a logistic of the distance (mm) to a border, positive inside


def _inside(depth: Values, soft: float) -> Values:
    found: Values = 1.0 / (1.0 + np.exp(-np.clip(depth / soft, -30, 30)))
    return found


def _disc(rows: Values, across: Values, at: tuple[float, float], half: tuple[float, float], soft: float) -> Values:
    """An ellipse about `at` (mm) with half axes (mm)."""
    far = np.hypot((rows - at[0]) / half[0], (across - at[1]) / half[1])
    return _inside((1 - far) * min(half), soft)


def _radiograph(rng: np.random.Generator) -> Values:
    """Grey values of 0..4095, bright where little passes: body, lungs on their domes, heart, spine, ribs, a shadow."""
    rows, across = (one * _MM for one in np.indices((_SIDE, _SIDE)))
    shoulders = _inside(rows - 18 - 0.0035 * (across - 180) ** 2, 4.0)
    body = np.maximum(_inside(172 - np.abs(across - 180), 5.0) * shoulders, _inside(36 - np.abs(across - 180), 4.0))
    lungs = np.maximum(_lung(rows, across, right=True), _lung(rows, across, right=False))
    heart = np.maximum(
        _disc(rows, across, (238, 203), (52, 60), 2.0), _disc(rows, across, (238, 172), (42, 36), 2.0)
    ) * _inside(292 - rows, 2.0)
    vessels = _inside(27 - np.abs(across - 182), 2.5) * _inside(rows - 60, 5.0)
    knob = _disc(rows, across, (122, 206), (20, 17), 1.8)
    middle = np.maximum(np.maximum(heart, vessels), knob)
    spine = _inside(15 - np.abs(across - 180), 2.5)
    hila = 0.5 * (_disc(rows, across, (168, 138), (26, 15), 6.0) + _disc(rows, across, (160, 226), (24, 14), 6.0))
    air = lungs * (1 - middle)
    values = 250 + body * (2350 - 1500 * air * (1 - 0.35 * hila)) + 520 * middle * body + 260 * spine * body
    values += air * 200 * np.clip((rows - 170) / 110, 0, 1) + _ribs(rows, across) * 170 * body
    windpipe = _inside(8 - np.abs(across - 180), 1.5) * _inside(148 - rows, 4.0) * _inside(rows - 20, 4.0)
    values -= 480 * windpipe * body
    values += 620 * _disc(rows, across, (150, 92), (NODULE_MM / 2, NODULE_MM / 2), 0.8) * air
    noise = rng.standard_normal((_SIDE, _SIDE))
    noise = noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))
    found: Values = values + 12 * noise
    return found


def _lung(rows: Values, across: Values, *, right: bool) -> Values:
    """A lung from its apex to its dome; the patient's right is at the left."""
    centre, dome = (112.0, 268.0) if right else (250.0, 276.0)
    outward = (centre - across) if right else (across - centre)
    width = 62 * np.sqrt(np.clip(1 - np.clip((172 - rows) / 122, 0, 1) ** 2, 0.0, 1)) + 3
    side = width - np.abs(across - centre + (-1 if right else 1) * 6 * np.clip((rows - 172) / 100, 0, 1))
    floor = dome + 0.009 * np.clip(outward + 12, 0, None) ** 2 - rows
    return _inside(np.minimum(np.minimum(side, rows - 50), floor), 1.6)


def _ribs(rows: Values, across: Values) -> Values:
    """Bands that fall to the side, and the collar bones."""
    off = np.abs(across - 180)
    back = np.clip(np.sin(2 * np.pi * (rows - 0.0022 * off**2 + 0.05 * off) / 23) * 4 - 1.4, 0, 1)
    cage = _inside(158 - off, 4.0) * _inside(off - 20, 4.0) * _inside(rows - 52, 3.0) * _inside(330 - rows, 4.0)
    bones = _inside(5 - np.abs(rows - 74 + 0.16 * (off - 20)), 1.5) * _inside(off - 14, 2.0) * _inside(140 - off, 3.0)
    found: Values = back * cage + 1.4 * bones
    return found


def _slice(number: int, rng: np.random.Generator) -> Values:
    """One slice of the chest in HU, from the feet up: body, lungs that narrow to the head, heart, spine, a nodule."""
    rows, across = ((one - _ACROSS / 2) * _CT_MM for one in np.indices((_ACROSS, _ACROSS)))
    high = number * _CT_STEP  # mm above the lowest slice
    values = np.full(rows.shape, -1000.0)
    body = _disc(rows, across, (0, 0), (115, 165), 1.0)
    values += body * 1040
    fat = body * (1 - _disc(rows, across, (0, 0), (103, 153), 1.0))
    values -= 140 * fat
    share = np.sqrt(max(0.0, 1 - ((high - 110) / 175) ** 2))
    lungs = np.maximum(
        _disc(rows, across, (0, -72), (82 * share, 54 * share), 1.0),
        _disc(rows, across, (0, 76), (80 * share, 50 * share), 1.0),
    )
    heart = _disc(rows, across, (-22, 18), (48, 58), 1.0) * float(_inside(np.array(120 - high), 8.0))
    lungs = lungs * (1 - heart)
    values -= 880 * lungs
    spine = _disc(rows, across, (72, 0), (20, 22), 1.0)
    values += 460 * spine
    ring = np.abs(np.hypot(rows / 109, across / 159) - 0.93) < 0.035
    angle = np.arctan2(rows, across)
    values += 520 * (ring & (np.sin(9 * angle + high / 9) > 0.25))
    away = np.sqrt((rows + 10) ** 2 + (across + 80) ** 2 + (high - 150) ** 2)
    values += 840 * _inside(NODULE_MM / 2 - away, 0.8) * lungs
    return values + 12 * rng.standard_normal(rows.shape)
