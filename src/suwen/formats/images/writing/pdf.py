"""Write a report in PDF as a DICOM object of the study it reports on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.dicom import Clock, MakeUid, building, concept, load, stamp, write_object
from suwen.formats.images.writing.nouns import SUWEN, Language, Software, Term, Written
from suwen.formats.images.writing.source import read_origin
from suwen.subject import Code

__all__ = ["Document", "write_pdf"]

SERIES_NUMBER = 7005
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_REPORT = Term(Code("LN:18748-4", "Diagnostic imaging report"), "影像诊断报告")
_COPIED = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientIdentityRemoved",
    "DeidentificationMethod", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName", "StudyDescription",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """A report: the bytes of its PDF, its title and kind, and whether its pages name the patient."""

    pdf: bytes
    title: str
    names_patient: bool
    kind: Term = _REPORT


def write_pdf(
    path: Path,
    image: Image,
    document: Document,
    *,
    clock: Clock,
    uid: MakeUid,
    lang: Language = "en",
    software: Software = SUWEN,
) -> Written:
    """Write `document` as an Encapsulated PDF (DICOM PS3.3 A.45.1), naming the sources of `image`.

    Raises:
        InputError: the bytes are no PDF, or the image is not from DICOM files.
        DataError: the file cannot be written.

    """
    if not document.pdf.startswith(b"%PDF-"):
        raise InputError(
            "a report to be carried in a study is a PDF, beginning with %PDF-",
            zh="随检查携带的报告须为以 %PDF- 开头的 PDF",
        )
    origin = read_origin(image)
    pydicom = load("pydicom")
    with building("a report"):
        made = _empty(pydicom, uid)
        for keyword in _COPIED:
            if keyword in origin.first:
                made.add(origin.first[keyword])
        made.SeriesInstanceUID, made.SeriesNumber, made.InstanceNumber = uid(), SERIES_NUMBER, 1
        made.SeriesDescription = {"en": "Report", "zh": "报告"}[lang]
        _say_device(made, software)
        _enclose(made, document, lang)
        made.SourceInstanceSequence = [_named(pydicom, header) for header in origin.headers]
        made.ContentDate = made.ContentTime = ""  # set with the other times
        stamp(made, origin.first, clock=clock, uid=uid)
    return write_object(path, made)


def _empty(pydicom: Any, uid: MakeUid) -> Any:
    made = pydicom.Dataset()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = _ENCAPSULATED_PDF, uid()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.SpecificCharacterSet = "ISO_IR 192"
    made.Modality = "DOC"
    made.ConversionType = "WSD"
    return made


def _say_device(made: Any, software: Software) -> None:
    made.Manufacturer, made.ManufacturerModelName = software.manufacturer, software.name
    made.SoftwareVersions, made.DeviceSerialNumber = software.version, software.serial


def _enclose(made: Any, document: Document, lang: Language) -> None:
    padded = document.pdf + b"\0" * (len(document.pdf) % 2)
    made.AcquisitionDateTime = None
    made.BurnedInAnnotation = "YES" if document.names_patient else "NO"
    made.DocumentTitle = document.title[:1024]
    made.ConceptNameCodeSequence = [concept(document.kind, lang)]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = padded
    made.EncapsulatedDocumentLength = len(document.pdf)  # without the byte that makes it even


def _named(pydicom: Any, header: Any) -> Any:
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item
