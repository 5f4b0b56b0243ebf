"""The headers of the objects an image came from: what a result needs to be filed and placed, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.dicom import load, quiet
from suwen.subject import Saying

__all__ = ["Origin", "read_origin"]

# A result says whose it is and to which study it belongs (Patient, General Study: PS3.3 C.7.1.1, C.7.2.1). All else
# that a source knows of a patient (weight, history, addresses, physicians) stays there: a copy is one more leak.
_FILED = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientIdentityRemoved",
    "DeidentificationMethod", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName", "StudyDescription",
)  # fmt: skip
_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
    "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
_PLACED = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "FrameOfReferenceUID",
    "PositionReferenceIndicator", "Laterality", "ImageLaterality", "InstanceNumber", "Rows", "Columns",
    "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing",
    "SliceThickness", "SpacingBetweenSlices", "PatientOrientation", "LossyImageCompression",
    "LossyImageCompressionRatio", "LossyImageCompressionMethod", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "TimezoneOffsetFromUTC", "RescaleIntercept", "RescaleSlope", "RescaleType",
    "ModalityLUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction", "PhotometricInterpretation",
    "SamplesPerPixel", "PixelRepresentation", "BitsStored",
)  # fmt: skip
_FORMS = {
    "PatientBirthDate": r"\d{8}",
    "PatientSex": "[MFO]",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
}
_WIDE = 1 << 16  # a value in a header above this is deferred, never read: pixels, overlays, private data
_INSTEAD = Saying("a NIfTI mask or a PNG picture can be written instead", "可改写为 NIfTI 掩膜或 PNG 图片")


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The source objects of an image: `headers` (pydicom data sets, each object once), `places` one entry a slice.

    A place is the number of its header and the frame, from 1.
    """

    headers: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def first(self) -> Any:
        """The header that says whose study this is."""
        return self.headers[0]

    def header(self, number: int) -> Any:
        """The header of a slice, counted from 0. Raises InputError."""
        return self.headers[self.place(number)[0]]

    def place(self, number: int) -> tuple[int, int]:
        """Header and frame of a slice, counted from 0. Raises InputError."""
        if not 0 <= number < len(self.places):
            raise InputError(
                f"there is no slice {number}: the image has {len(self.places)}, counted from 0",
                zh=f"没有层面 {number}：该图像有 {len(self.places)} 层，从 0 计",
            )
        return self.places[number]

    def frames(self, number: int) -> int | None:
        """The frame of a slice where its object has many, else None."""
        header, frame = self.place(number)
        return frame if int(self.headers[header].get("NumberOfFrames") or 1) > 1 else None


def read_origin(image: Image) -> Origin:
    """Read the headers of an image's sources again, without their pixels.

    Raises:
        InputError: the image does not come from DICOM files, they are gone or changed, or they name no study.

    """
    slices = image.values.shape[0] if image.values.ndim == 3 else 1
    _require_dicom(image)
    if len(image.sources) != slices:
        raise InputError(
            f"{len(image.sources)} sources are named for {slices} slices; name one a slice",
            zh=f"{slices} 个层面列出了 {len(image.sources)} 个来源；每层一个",
        )
    known: dict[Path, int] = {}
    headers: list[Any] = []
    for source in image.sources:
        if source.file is not None and source.file not in known:
            known[source.file] = len(headers)
            headers.append(_read(source.file, source.sop_class, source.sop_instance))
    _require_one_study(headers)
    places = tuple((known[one.file], one.frame) for one in image.sources if one.file is not None)
    return Origin(tuple(headers), places)


def _require_dicom(image: Image) -> None:
    if not image.sources or not any(source.sop_instance or _is_dicom(source.file) for source in image.sources):
        raise InputError(
            f"this image does not come from DICOM files, so no DICOM object can belong to it; {_INSTEAD.en}",
            zh=f"该图像并非来自 DICOM 文件，因此没有 DICOM 对象可归属于它；{_INSTEAD.zh}",
        )
    if any(source.file is None for source in image.sources):
        raise InputError(
            "the sources of this image lie in an archive; unpack it, and read the folder",
            zh="该图像的来源在压缩包中；请解压后读取文件夹",
        )
    if not all(source.sop_instance for source in image.sources):
        raise InputError(
            f"the source has no SOP Instance UID, so nothing can refer to it; {_INSTEAD.en}",
            zh=f"来源没有 SOP Instance UID，无法被引用；{_INSTEAD.zh}",
        )


def _is_dicom(file: Path | None) -> bool:
    if file is None or not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _read(file: Path, sop_class: str, sop_instance: str) -> Any:
    pydicom = load("pydicom")
    with quiet():
        try:
            whole = pydicom.dcmread(file, stop_before_pixels=True, force=True, defer_size=_WIDE)
            header = _kept(pydicom, whole)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, pydicom.errors.InvalidDicomError):
            raise InputError(
                f"the source {file.name} cannot be read again; leave it until all is written",
                zh=f"无法再次读取来源 {file.name}；请保留至全部写完",
            ) from None
    header.SOPClassUID = str(header.get("SOPClassUID") or sop_class)  # of some files only the file header names these
    header.SOPInstanceUID = str(header.get("SOPInstanceUID") or sop_instance)
    if header.SOPInstanceUID != sop_instance:
        raise InputError(
            f"the source {file.name} is not the object that was read; read the study again",
            zh=f"来源 {file.name} 不是先前读取的对象；请重新读取该检查",
        )
    return header


def _kept(pydicom: Any, whole: Any) -> Any:
    header = pydicom.Dataset()
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    for keyword in (*_FILED, *_PLACED):
        element = whole.get_item(keyword) and whole[keyword]
        if element is not None and (element.VR == "SQ" or element.value not in (None, "", [])):
            setattr(header, keyword, str(element.value) if element.VR in ("PN", "LO", "SH") else element.value)
    _mended(header)
    header.SpecificCharacterSet = "ISO_IR 192"  # names were decoded above; in UTF-8 every name and label can be written
    return header


def _mended(header: Any) -> None:
    """What a source left out or wrote against the standard is left empty, never carried on as if it were right."""
    for keyword, form in _FORMS.items():
        if not re.fullmatch(form, str(header.get(keyword, "")).strip()):
            setattr(header, keyword, "")
    if header.get("PatientIdentityRemoved") != "YES" or "DeidentificationMethod" not in header:
        _drop(header, "PatientIdentityRemoved", "DeidentificationMethod")
    for keyword in _EMPTY:
        if keyword not in header:
            setattr(header, keyword, "")
    if "PerFrameFunctionalGroupsSequence" not in header and "ImagePositionPatient" not in header:
        _drop(header, "FrameOfReferenceUID", "PositionReferenceIndicator")  # of a radiograph nothing lies in it


def _drop(header: Any, *keywords: str) -> None:
    for keyword in keywords:
        if keyword in header:
            delattr(header, keyword)


def _require_one_study(headers: list[Any]) -> None:
    for keyword, name in (("StudyInstanceUID", "study"), ("SeriesInstanceUID", "series")):
        named = {str(header.get(keyword) or "") for header in headers}
        if "" in named:
            raise InputError(
                f"the source names no {name} ({keyword} is empty), so no result can join it; {_INSTEAD.en}",
                zh=f"来源缺少 {keyword}，结果无法归入；{_INSTEAD.zh}",
            )
        if len(named) > 1:
            raise InputError(
                f"the sources of this image are of {len(named)} {name} UIDs; a result belongs to one",
                zh=f"该图像的来源有 {len(named)} 个不同的 {keyword}；结果只能属于一个",
            )
    if len({str(header.PatientID) for header in headers}) > 1:
        raise InputError(
            "the sources of this image name more than one patient; a result belongs to one",
            zh="该图像的来源涉及一名以上患者；结果只能属于一名患者",
        )
