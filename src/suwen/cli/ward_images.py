"""Images of nobody, painted by formulas: a chest radiograph with one shadow, a CT with one nodule, an MR crop.

For the demonstration ward and for tests. Nothing in them was ever part of a patient.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["NODULE_MM", "Painted", "painted_ct", "painted_mr", "painted_outline", "painted_radiograph"]

NODULE_MM = 24.0  # diameter of the shadow and of the nodule
_CR, _CT, _MR = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
_MR_SHAPE = (36, 52, 36)  # slices to the head, rows to the back, columns to the left; 1 mm
_EXPLICIT = "1.2.840.10008.1.2.1"
_SIDE = 1024  # pixels of the radiograph, 360 mm
_MM = 360.0 / _SIDE
_STEP, _FINEST = 4.0, 0.6  # mm: a piece of a vessel, and its least half width
_ACROSS, _SLICES, _CT_MM, _CT_STEP = 160, 48, 2.25, 6.0

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Painted:
    """Whom the images are filed with, and what makes them different from others: `uid` gives a new UID at each call.

    `nodule`: diameter (mm) of the nodule in a CT.
    """

    number: str
    name: str
    born: str  # YYYYMMDD
    sex: str  # M or F
    taken: datetime
    uid: Callable[[], str]
    seed: int = 0
    nodule: float = NODULE_MM


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
        values = np.clip(_slice(number, rng, whose.nodule), -1024, 3071).astype("<i2") + np.int16(1024)
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


def painted_mr(whose: Painted) -> tuple[bytes, ...]:
    """A crop around a hippocampus in T1-weighted MR (36 slices of 52 × 36 at 1 mm). Raises MissingExtraError."""
    study, series, frame = whose.uid(), whose.uid(), whose.uid()
    volume = np.clip(_temporal_lobe(np.random.default_rng(whose.seed)), 0, 4095).astype("<u2")
    found = []
    for number, values in enumerate(volume):
        made = _described(whose, _MR, values, "MR", "T1 crop, left hippocampus")
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, frame
        made.InstanceNumber, made.BodyPartExamined = number + 1, "BRAIN"
        made.ImageType, made.PositionReferenceIndicator = ["DERIVED", "PRIMARY", "OTHER"], ""
        made.ScanningSequence, made.SequenceVariant, made.ScanOptions = "GR", "SP", ""
        made.MRAcquisitionType, made.EchoTime, made.RepetitionTime, made.EchoTrainLength = "3D", 3.0, 2300, 1
        made.PixelSpacing, made.SliceThickness, made.PatientPosition = [1, 1], 1, "HFS"
        made.ImagePositionPatient = [12, -36, number - 28]
        made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        made.BitsStored, made.HighBit, made.PixelRepresentation = 12, 11, 0
        made.WindowCenter, made.WindowWidth = 420, 800
        made.AcquisitionNumber = 1
        found.append(_encoded(made))
    return tuple(found)


def painted_outline(objects: Sequence[bytes], whose: Painted) -> bytes:
    """The nodule and the two lungs of a painted CT as a DICOM segmentation. Raises MissingExtraError."""
    import tempfile  # noqa: PLC0415
    import time  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from suwen.formats.images import read_study  # noqa: PLC0415
    from suwen.formats.images.writing.nouns import MORPHOLOGY, Algorithm, Segment, Term  # noqa: PLC0415
    from suwen.formats.images.writing.seg import write_seg  # noqa: PLC0415
    from suwen.subject import Code  # noqa: PLC0415

    by = Algorithm("painted by formulas", "1")
    right, left = Term(Code("SCT:3341006", "Right lung"), "右肺"), Term(Code("SCT:44029006", "Left lung"), "左肺")
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(objects):
            Path(folder, f"{number}.dcm").write_bytes(one)
        image = read_study(folder).images[0]
        nodule = _ball(image, whose.nodule) > 0
        lungs = [_lungs(image.values, nodule, right=side) for side in (True, False)]
        whole = [
            Segment(nodule, Term(Code("SCT:27925004", "Nodule"), "结节"), by, MORPHOLOGY, "nodule"),
            Segment(lungs[0], right, by, label="right lung"),
            Segment(lungs[1], left, by, label="left lung"),
        ]
        file = Path(folder, "outline.dcm")
        write_seg(file, image, whole, clock=time.time, uid=whose.uid)
        return file.read_bytes()


def _ball(image: Image, across_mm: float) -> Values:
    """Depth (mm) of each sample in the nodule, negative outside; the image may be a part of the CT."""
    slices, rows, across = np.indices(image.values.shape)
    high = slices * _CT_STEP + image.grid.point((0, 0, 0))[2] - 150
    places = (high, (rows - _ACROSS / 2) * _CT_MM + 10, (across - _ACROSS / 2) * _CT_MM + 80)
    found: Values = across_mm / 2 - np.sqrt(sum(one**2 for one in places))
    return found


def _lungs(values: NDArray[Any], nodule: NDArray[np.bool_], *, right: bool) -> NDArray[np.bool_]:
    """A lung with what lies in it; the patient's right is at the left."""
    rows, across = ((one - _ACROSS / 2) * _CT_MM for one in np.indices(values.shape[1:]))
    body = np.hypot(rows / 103, across / 153) < 1
    side = across < 0 if right else across > 0
    air = (values < -500) & body & side
    found: NDArray[np.bool_] = air | (nodule & right)
    return found


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
    """Grey values of 0..4095, bright where little passes: body, lungs, domes, vessels, heart, ribs, a shadow."""
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
    # Below the domes lie liver, spleen and bowel: thicker and denser than the wall of the chest.
    belly = _inside(rows - 262 - 0.004 * (across - 180) ** 2, 9.0) * (1 - lungs) * (1 - middle)
    values += 600 * belly * body + 230 * _vessels(rows, across, rng) * air
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


def _vessels(rows: Values, across: Values, rng: np.random.Generator) -> Values:
    """Vessels of the lungs, from each hilum outwards: a stem winds a little, thins out and now and then branches."""
    found = np.zeros_like(rows)
    for start, side in (((165.0, 146.0), -1.0), ((158.0, 220.0), 1.0)):
        stems = [(start, np.deg2rad(turn), 5.0) for turn in (-75, -45, -15, 15, 40, 65, 82)]
        while stems:
            at, turn, half = stems.pop()
            while half > _FINEST:
                end = (at[0] + _STEP * np.sin(turn), at[1] + side * _STEP * np.cos(turn))
                _tube(found, rows, across, (at, end), half)
                at, half, turn = end, half * 0.94, turn + rng.normal(0, 0.09)
                if half > 1 and rng.random() < 0.2:  # finer ones are not seen to branch
                    stems.append((at, turn + rng.choice((-1, 1)) * rng.uniform(0.4, 0.8), half * 0.75))
    return found


def _tube(
    found: Values, rows: Values, across: Values, line: tuple[tuple[float, float], tuple[float, float]], half: float
) -> None:
    """A piece of a vessel of that half width (mm): what passes through it goes with the chord."""
    (y, x), (down, aside) = line
    top, left = min(y, down) - 2 * half, min(x, aside) - 2 * half
    bottom, right = max(y, down) + 2 * half, max(x, aside) + 2 * half
    box = tuple(
        slice(max(0, int(low / _MM)), max(0, int(high / _MM) + 1)) for low, high in ((top, bottom), (left, right))
    )
    r, c = rows[box], across[box]
    share = np.clip(((r - y) * (down - y) + (c - x) * (aside - x)) / _STEP**2, 0, 1)
    far = np.hypot(r - y - share * (down - y), c - x - share * (aside - x))
    chord = half / 5 * np.sqrt(np.clip(1 - (far / half) ** 2, 0, 1))
    found[box] = np.maximum(found[box], chord)


def _ribs(rows: Values, across: Values) -> Values:
    """Bands that fall to the side, and the collar bones."""
    off = np.abs(across - 180)
    back = np.clip(np.sin(2 * np.pi * (rows - 0.0022 * off**2 + 0.05 * off) / 23) * 4 - 1.4, 0, 1)
    cage = _inside(158 - off, 4.0) * _inside(off - 20, 4.0) * _inside(rows - 52, 3.0) * _inside(330 - rows, 4.0)
    bones = _inside(5 - np.abs(rows - 74 + 0.16 * (off - 20)), 1.5) * _inside(off - 14, 2.0) * _inside(140 - off, 3.0)
    found: Values = back * cage + 1.4 * bones
    return found


def _slice(number: int, rng: np.random.Generator, nodule: float) -> Values:
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
    values += 840 * _inside(nodule / 2 - away, 0.8) * lungs
    return values + 12 * rng.standard_normal(rows.shape)


def _temporal_lobe(rng: np.random.Generator) -> Values:
    """Grey values of T1: white matter, folds of cortex beneath, amygdala before, and the hippocampus with its horn."""
    from scipy import ndimage  # noqa: PLC0415

    up, back, left = (one - side / 2 for one, side in zip(np.indices(_MR_SHAPE), _MR_SHAPE, strict=True))
    front = -back
    depth, middle, high = _hippocampus(up, front, left)
    values = np.full(_MR_SHAPE, 650.0) - 60 * _inside(-left - 8, 2.0)
    under = high - up - 1.6 * np.sin(left / 3.2) - np.sin(back / 5) - 5.5
    values -= 250 * _inside(1.6 - np.abs(under - 2), 0.5)
    values = _over(values, 360 + 160 * np.sin(left / 2.1 + back / 9), _inside(under - 5.5, 0.6))
    along = _inside(front + 18, 1.0) * _inside(16 - front, 1.0)
    values -= 230 * _inside(2.0 - np.hypot(left - middle[0], 0.8 * (up - high + 1.5)), 0.5) * along
    away = np.sqrt(((left - 1) / 1.1) ** 2 + (front - 19) ** 2 + ((up + 1) / 1.1) ** 2)
    values = _over(values, 430.0, _inside(6 - away, 0.5))
    horn = _inside(1.1 - np.abs(depth + 1.3), 0.3) * _inside((left - middle[1]) / 2 + up - middle[2], 1.2) * along
    values = _over(values, 170.0, horn)
    values = _over(values, 90.0, 0.9 * _inside(-(left + 13) - 0.12 * up, 0.8) * _inside(6 - np.abs(up + 1), 1.5))
    values = _over(values, 385.0, _inside(depth, 0.35))
    noise = 18 * rng.standard_normal(_MR_SHAPE) + 40 * ndimage.gaussian_filter(rng.standard_normal(_MR_SHAPE), 1.0)
    found: Values = ndimage.gaussian_filter(values, 0.45) + noise
    return found


def _over(values: Values, grey: Values | float, share: Values) -> Values:
    found: Values = values * (1 - share) + grey * share
    return found


def _hippocampus(up: Values, front: Values, left: Values) -> tuple[Values, tuple[Values, Values, Values], Values]:
    """Depth (mm) in a rod that falls and widens to the front; its inner edge, middle (left, up), and lower edge."""
    share = np.clip((front + 20) / 38, 0, 1)
    middle_up = 6.5 - 13 * share + 1.5 * np.sin(np.pi * share)
    middle_left = -3.5 + 5 * share**0.8
    head = np.where(front > 10, 1 - np.clip((front - 10) / 9, 0, 1) ** 2, 1.0)
    tail = np.where(front < -14, 1 - np.clip((-14 - front) / 7, 0, 1) ** 2, 1.0)
    round_ = np.maximum(np.sqrt(np.clip(head * tail, 0, 1)), 0.02)
    wide, tall = (3.2 + 4.2 * share) * round_, (2.6 + 2.0 * share) * round_
    far = np.hypot((left - middle_left) / wide, (up - middle_up) / tall)
    depth: Values = (1 - far) * np.minimum(wide, tall)
    return depth, (middle_left - 0.9 * wide, middle_left, middle_up), middle_up - tall
