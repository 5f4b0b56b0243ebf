"""DICOM series made up for tests: slices and multi-frame objects with the geometry and coding asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian

CT, MR, DX = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "4", "1.1.1"))
_ROOT = "1.2.826.0.1.3680043.10.9999"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def uid(*parts: object) -> str:
    """A UID that is the same for the same parts."""
    digits = abs(int.from_bytes(repr(parts).encode(), "big")) % 10**24
    return f"{_ROOT}.{digits}"


def described(values: NDArray[np.generic], sop_class: str, instance: str) -> FileDataset:
    """A data set with samples of 16 bits, and no place yet."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, instance
    made.PatientName, made.PatientID = "Doe^Jane", "SECRET-7"
    made.StudyInstanceUID = uid("study")
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = values.shape[-2:]
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.PixelRepresentation = int(values.dtype.kind == "i")
    made.PixelData = values.astype("<i2" if values.dtype.kind == "i" else "<u2").tobytes()
    return made


def slice_of(
    values: NDArray[np.generic],
    number: int,
    *,
    position: Sequence[float] = (0.0, 0.0, 0.0),
    orientation: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (0.7, 0.9),
    series: str = "series",
    **more: object,
) -> FileDataset:
    """One CT slice of a series; `more` are attributes by keyword, None to leave one out."""
    made = described(values, CT, uid(series, number))
    made.Modality, made.SeriesInstanceUID, made.InstanceNumber = "CT", uid(series), number
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.PixelSpacing, made.SliceThickness = list(spacing), 2.0
    made.ImagePositionPatient, made.ImageOrientationPatient = list(position), list(orientation)
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, -1024, "HU"
    made.FrameOfReferenceUID = uid("frame")
    for keyword, value in more.items():
        if value is None:
            del made[keyword]
        else:
            setattr(made, keyword, value)
    return made


def series_of(
    volume: NDArray[np.generic],
    *,
    origin: Sequence[float] = (-10.0, -20.0, 30.0),
    step: Sequence[float] = (0.0, 0.0, 2.0),
    orientation: Sequence[float] = AXIAL,
    **more: object,
) -> list[FileDataset]:
    """One slice after another of a volume (slices, rows, columns), each `step` (mm) on from the last."""
    return [
        slice_of(
            values,
            at + 1,
            position=[round(a + at * b, 6) for a, b in zip(origin, step, strict=True)],
            orientation=orientation,
            **more,
        )
        for at, values in enumerate(volume)
    ]


def saved(datasets: Sequence[Dataset], folder: Path, names: Sequence[str] = ()) -> Path:
    """Write objects into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for at, dataset in enumerate(datasets):
        dataset.save_as(folder / (names[at] if names else f"{at:04d}.dcm"), enforce_file_format=True)
    return folder


def _item(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def enhanced(
    volume: NDArray[np.generic],
    *,
    origin: Sequence[float] = (-10.0, -20.0, 30.0),
    step: Sequence[float] = (0.0, 0.0, 2.0),
    stacks: Sequence[str] = (),
    order: Sequence[int] = (),
    intercepts: Sequence[float] = (),
) -> FileDataset:
    """An enhanced CT of all slices in one object, with shared and per-frame functional groups."""
    made = described(volume, "1.2.840.10008.5.1.4.1.1.2.1", uid("enhanced"))
    made.Modality, made.SeriesInstanceUID, made.NumberOfFrames = "CT", uid("enhanced series"), len(volume)
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    measures = _item(PixelSpacing=[0.7, 0.9], SliceThickness=2.0)
    plane = _item(ImageOrientationPatient=list(AXIAL))
    made.SharedFunctionalGroupsSequence = Items(
        [_item(PixelMeasuresSequence=Items([measures]), PlaneOrientationSequence=Items([plane]))]
    )
    groups = []
    for at in range(len(volume)):
        place = order[at] if order else at
        position = [a + place * b for a, b in zip(origin, step, strict=True)]
        values = _item(RescaleSlope=1, RescaleIntercept=intercepts[at] if intercepts else -1024, RescaleType="HU")
        content = _item(StackID=stacks[at] if stacks else "1", InStackPositionNumber=place + 1)
        groups.append(
            _item(
                PlanePositionSequence=Items([_item(ImagePositionPatient=position)]),
                PixelValueTransformationSequence=Items([values]),
                FrameContentSequence=Items([content]),
            )
        )
    made.PerFrameFunctionalGroupsSequence = Items(groups)
    return made
