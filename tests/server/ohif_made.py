"""What OHIF 3.13 is shown in the tests: a painted CT, a painted radiograph, coloured frames, and a document."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pydicom

from suwen.cli.ward_images import Painted, painted_ct, painted_radiograph
from suwen.server.settings import SmartClient

__all__ = ["COLOURS", "DOCUMENT", "RLE", "SCOPE", "Shown", "ohif_app", "read", "shown"]

RLE = "1.2.840.10008.1.2.5"
SCOPE = "user/ImagingStudy.crs"
DOCUMENT = b"%PDF-1.4\n%" + b"." * 9000 + b"\n%%EOF\n"
COLOURS = np.stack([np.full((24, 40, 3), (200 - 40 * number, 30, 50 * number), np.uint8) for number in range(3)])
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Shown:
    """DICOM objects of patient 1 of a ward: slices of a CT, one radiograph, coloured frames (RLE), a PDF."""

    ct: tuple[bytes, ...]
    radiograph: bytes
    colours: bytes
    document: bytes

    @property
    def all(self) -> list[bytes]:
        return [*self.ct, self.radiograph, self.colours, self.document]


def ohif_app(site: str) -> SmartClient:
    """The viewer at an address, as it is registered: a public app that may search, read and bring images."""
    return SmartClient(id="ohif", name="OHIF", redirects=(f"{site}/callback",), scopes=(SCOPE,))


def read(data: bytes) -> Any:
    return pydicom.dcmread(io.BytesIO(data))


def shown(*, slices: int = 48) -> Shown:
    radiograph = painted_radiograph(_whose())
    return Shown(painted_ct(_whose())[:slices], radiograph, _colours(radiograph), _document(radiograph))


def _whose() -> Painted:
    taken = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - DICOM tells the time of the house
    return Painted("MRN-1", "Testpatient^Ward", "19110304", "F", taken, _uid)


def _uid() -> str:
    return f"1.2.826.0.1.3680043.10.9.{next(_NUMBERS)}"


def _like(base: bytes, sop_class: str, modality: str, said: str) -> Any:
    """Another object of the same patient, of a class of its own, without samples."""
    one = read(base)
    for element in list(one):
        if element.tag.group in {0x0028, 0x7FE0}:
            del one[element.tag]
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = sop_class
    one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = _uid()
    one.StudyInstanceUID, one.SeriesInstanceUID, one.Modality = _uid(), _uid(), modality
    one.StudyDescription = one.SeriesDescription = said
    return one


def _colours(base: bytes) -> bytes:
    one = _like(base, "1.2.840.10008.5.1.4.1.1.3.1", "US", "Coloured frames")
    one.NumberOfFrames, one.Rows, one.Columns, one.SamplesPerPixel = COLOURS.shape
    one.PlanarConfiguration, one.PhotometricInterpretation = 0, "RGB"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 8, 8, 7, 0
    one.FrameTime, one.FrameIncrementPointer = 100, 0x00181063
    one.PixelData = COLOURS.tobytes()
    one["PixelData"].VR = "OB"
    one.compress(RLE, generate_instance_uid=False)
    return _written(one)


def _document(base: bytes) -> bytes:
    one = _like(base, "1.2.840.10008.5.1.4.1.1.104.1", "DOC", "A letter")
    one.MIMETypeOfEncapsulatedDocument, one.DocumentTitle, one.BurnedInAnnotation = "application/pdf", "Letter", "YES"
    one.EncapsulatedDocument = DOCUMENT + b"\0" * (len(DOCUMENT) % 2)
    return _written(one)


def _written(one: Any) -> bytes:
    out = io.BytesIO()
    one.save_as(out, enforce_file_format=True)
    return out.getvalue()
